/** ip link add. Models iproute2 ip/iplink.c iplink_parse and iplink_modify. */
import type { NetDevice } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { type LinkSpec, linkAdd, type VethPeer } from "../../linux/rtnetlink/link.ts"
import { check, deviceOrFail, fail, type IpOptions, macOrFail, type Words } from "../iproute.ts"
import { KIND_USAGE } from "./kind-usage.ts"
import { readBridge, readVxlan } from "./link-kinds.ts"
import { checkName, integer, namespaceOf } from "./link-words.ts"
import { readGroup } from "./select.ts"

interface Common {
  name: string | undefined
  address?: number
  mtu?: number
  txQueueLength?: number
  group?: number
  lower?: NetDevice
  net?: NetNamespace
}

const ADD_REFUSED: ReadonlySet<string> = new Set(
  "index numtxqueues numrxqueues parentdev broadcast brd alias up down arp multicast allmulticast promisc master link-netns link-netnsid addrgenmode gso_max_size gso_max_segs gro_max_size vf xdp".split(
    " ",
  ),
)

/** What stands before `type`, and in a veth's `peer` part. Stops at a word it does not take. Models iplink_parse. */
function readCommon(words: Words, options: IpOptions, garbage: (word: string) => void): Common {
  const common: Common = { name: undefined }
  for (let word = words.peek(); word !== undefined && word !== "type"; word = words.peek()) {
    words.take()
    if (word === "name") common.name = checkName(words.next(), "name")
    else if (word === "dev" && common.name === undefined) common.name = checkName(words.next(), "dev")
    else if (word === "link") common.lower = deviceOrFail(options.net, words.next())
    else if (word === "address") common.address = macOrFail(words.next())
    else if (word === "mtu") common.mtu = integer(words.next(), "mtu")
    else if (word === "txqueuelen" || word === "qlen" || word === "txqlen")
      common.txQueueLength = integer(words.next(), "txqueuelen")
    else if (word === "group") common.group = readGroup(words.next())
    else if (word === "netns") common.net = namespaceOf(words.next(), options)
    else if (ADD_REFUSED.has(word)) fail(`ip: podwire does not support 'link add … ${word}'`, 255)
    else if (common.name === undefined) common.name = checkName(word, "dev")
    else garbage(word)
  }
  return common
}

export function linkAddCommand(words: Words, options: IpOptions): string {
  const common = readCommon(words, options, (word) =>
    fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255),
  )
  if (words.peek() === undefined) fail('Not enough information: "type" argument is required', 1)
  words.take()
  const kind = words.next()
  const { name, lower, net = options.net, group, ...rest } = common
  // A veth's peer is made first and takes the first free name.
  const peer = kind === "veth" ? readPeer(words, options, name) : undefined
  const origin = "ip link add"
  const spec = specOf(name ?? freeName(net, kind, peer?.name), kind, { ...rest, origin }, lower, peer, words, options)
  const made = linkAdd(net, spec)
  check(made)
  if (group !== undefined && !("errno" in made)) made.group = group
  return ""
}

/** Kinds the tool and some kernels know. */
const OTHER_KINDS: ReadonlySet<string> = new Set(
  "amt bareudp bond bond_slave bridge_slave dsa erspan geneve gre gretap gtp ifb ip6erspan ip6gre ip6gretap ip6tnl ipip ipoib ipvlan ipvtap macsec macvlan macvtap netdevsim nlmon rmnet sit team team_slave tun tap vcan vlan vrf vti vxcan wireguard wwan xfrm virt_wifi".split(
    " ",
  ),
)

function specOf(
  name: string,
  kind: string,
  common: object,
  lower: NetDevice | undefined,
  peer: VethPeer | undefined,
  words: Words,
  options: IpOptions,
): LinkSpec {
  if (peer !== undefined) return { ...common, name, kind: "veth", peer }
  if (kind === "bridge") return { ...common, name, kind, bridge: readBridge(words) }
  if (kind === "vxlan") return { ...common, name, kind, vxlan: readVxlan(words, options, lower) }
  if (OTHER_KINDS.has(kind)) return fail(`ip: podwire does not support link type '${kind}'`, 255)
  if (kind !== "dummy") return fail("Error: Unknown device type.", 2)
  const extra = words.take()
  if (extra !== undefined) fail(`dummy: unknown command "${extra}"?`, 255)
  return { ...common, name, kind }
}

function readPeer(words: Words, options: IpOptions, end: string | undefined): VethPeer {
  const usage = (): never => fail(KIND_USAGE.veth.trimEnd(), 1)
  const first = words.take()
  if (first !== undefined && first !== "peer") usage()
  const { name, net, lower: _lower, group: _group, ...rest } = readCommon(words, options, usage)
  return {
    ...rest,
    name: name ?? freeName(net ?? options.net, "veth", end),
    ...(net === undefined ? {} : { net }),
  }
}

/** Models dev_alloc_name: `veth0`, `bridge0`, the first number that is free. */
function freeName(net: NetNamespace, prefix: string, taken: string | undefined): string {
  for (let i = 0; ; i++) if (net.device(prefix + i) === undefined && prefix + i !== taken) return prefix + i
}
