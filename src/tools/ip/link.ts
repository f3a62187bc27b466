/** ip link. Models iproute2 ip/iplink.c. */
import { Bridge, type BridgeOptions } from "../../linux/link/bridge.ts"
import type { VxlanOptions } from "../../linux/link/vxlan.ts"
import { IFF, type NetDevice } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import {
  type LinkSpec,
  linkAdd,
  linkDel,
  linkDown,
  linkSetAddress,
  linkSetMaster,
  linkSetMtu,
  linkSetName,
  linkSetNamespace,
  linkUp,
  type VethPeer,
} from "../../linux/rtnetlink/link.ts"
import { formatMac, parseIpv4 } from "../../wire/address.ts"
import {
  check,
  deviceOrFail,
  fail,
  type IpOptions,
  invalid,
  type Json,
  macOrFail,
  pick,
  renderJson,
  Words,
} from "../iproute.ts"
import { KIND_USAGE } from "./kind-usage.ts"
import { briefStart, flagNames, linkJson, linkText } from "./link-view.ts"
import { readGroup, select } from "./select.ts"

type Handler = (words: Words, options: IpOptions) => string

const COMMANDS: readonly (readonly [string, Handler])[] = [
  ["add", add],
  ["set", set],
  ["change", set],
  ["delete", remove],
  ["show", show],
  ["list", show],
  ["lst", show],
  ...["xstats", "afstats", "property"].map((name): [string, Handler] => [
    name,
    () => fail(`ip: podwire does not support 'link ${name}'`, 255),
  ]),
]

export function ipLink(args: readonly string[], options: IpOptions): string {
  const words = new Words(args)
  const command = words.take() ?? "show"
  const handler = pick(command, COMMANDS)
  return handler === undefined
    ? fail(`Command "${command}" is unknown, try "ip link help".`, 255)
    : handler(words, options)
}

function show(words: Words, options: IpOptions): string {
  const { devices } = select(words, options)
  if (options.json)
    return renderJson(
      devices.map((dev) => (options.brief ? briefJson(dev) : linkJson(dev, options, true))) as Json,
      options.pretty,
    )
  if (options.brief)
    return devices.map((dev) => `${briefStart(dev)}${formatMac(dev.address)} <${flagNames(dev).join(",")}> \n`).join("")
  return devices.map((dev) => linkText(dev, options, true)).join("")
}

const briefJson = (dev: NetDevice): Json => ({
  ifname: dev.name,
  operstate: dev.operstate,
  address: formatMac(dev.address),
  flags: flagNames(dev),
})

const integer = (word: string, name: string): number =>
  /^(0x[0-9a-fA-F]+|\d+)$/.test(word) ? Number(word) : invalid(word, `Invalid "${name}" value\n`)

/** Models check_ifname: how long a name may be is the kernel's to say. */
const checkName = (name: string, what: string): string =>
  name === "" || /[/\s]/.test(name) ? invalid(name, `"${what}" not a valid ifname`) : name

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

function add(words: Words, options: IpOptions): string {
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

const BRIDGE_REFUSED: ReadonlySet<string> = new Set(
  KIND_USAGE.bridge.match(/(?<=\[ )[a-z_]+/g)?.filter((word) => word !== "ageing_time"),
)

/** The bridge's own options: how long it remembers. Hundredths of a second, as the kernel's user interface has it. */
function readBridge(words: Words): BridgeOptions {
  const bridge: BridgeOptions = {}
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "ageing_time") bridge.ageingTime = readCentiseconds(words.next(), "ageing_time") / 100
    else if (BRIDGE_REFUSED.has(word)) fail(`ip: podwire does not support bridge '${word}'`, 255)
    else fail(`bridge: unknown command "${word}"?\n${KIND_USAGE.bridge.trimEnd()}`, 1)
  }
  return bridge
}

const readCentiseconds = (word: string, name: string): number =>
  /^\d+$/.test(word) ? Number(word) : invalid(word, `invalid ${name}`)

const VXLAN_REFUSED: ReadonlySet<string> = new Set(
  "group srcport proxy noproxy rsc norsc l2miss nol2miss l3miss nol3miss gbp gpe external noexternal flowlabel df maxaddress udp6zerocsumtx noudp6zerocsumtx udp6zerocsumrx noudp6zerocsumrx remcsumtx noremcsumtx remcsumrx noremcsumrx vnifilter novnifilter".split(
    " ",
  ),
)

function readVxlan(words: Words, options: IpOptions, link: NetDevice | undefined): VxlanOptions {
  const vxlan: VxlanOptions = { vni: -1, local: 0, lower: link }
  const address = (word: string): number =>
    parseIpv4(word) ?? fail(`Error: any valid address is expected rather than "${word}".`, 1)
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "id" || word === "vni") {
      const id = words.next()
      vxlan.vni = /^\d+$/.test(id) && Number(id) < 1 << 24 ? Number(id) : invalid(id, "invalid id")
    } else if (word === "local") vxlan.local = address(words.next())
    else if (word === "remote") vxlan.remote = address(words.next())
    else if (word === "dev") vxlan.lower = deviceOrFail(options.net, words.next(), 255)
    else if (word === "dstport") vxlan.port = readPort(words.next())
    else if (word === "ttl" || word === "hoplimit") vxlan.ttl = readTtl(words.next())
    else if (word === "tos" || word === "dsfield") vxlan.tos = integer(words.next(), "TOS")
    else if (word === "ageing") vxlan.ageing = integer(words.next(), "ageing timer")
    else if (word === "learning") vxlan.learning = true
    else if (word === "nolearning") vxlan.learning = false
    else if (word === "udpcsum") vxlan.udpChecksum = true
    else if (word === "noudpcsum") vxlan.udpChecksum = false
    else if (VXLAN_REFUSED.has(word)) fail(`ip: podwire does not support vxlan '${word}'`, 255)
    else fail(`vxlan: unknown command "${word}"?\n${KIND_USAGE.vxlan.trimEnd()}`, 1)
  }
  if (vxlan.vni < 0) fail("Error: Required attributes not provided to perform the operation.", 2)
  return vxlan
}

const readPort = (word: string): number =>
  /^\d+$/.test(word) && Number(word) < 65536 ? Number(word) : invalid(word, "dst port")

const readTtl = (word: string): number =>
  word === "auto" || word === "inherit"
    ? 0
    : /^\d+$/.test(word) && Number(word) < 256
      ? Number(word)
      : invalid(word, "TTL must be <= 255")

function remove(words: Words, options: IpOptions): string {
  let name: string | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    // The kind is of no interest to the kernel: any will do.
    if (word === "type") words.next()
    else if (word === "group") fail("ip: podwire does not support 'link delete group'", 255)
    else if (name === undefined) name = word === "dev" ? words.next() : word
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (name === undefined) return fail('Not enough information: "dev" argument is required.', 255)
  check(linkDel(deviceOrFail(options.net, name)))
  return ""
}

function namespaceOf(name: string, options: IpOptions): IpOptions["net"] {
  const net = options.net.kernel.namespaces.find((other) => other.name === name && name !== "")
  return net ?? invalid(name, 'Invalid "netns" value\n')
}

const onOff = (words: Words, name: string): boolean => {
  const word = words.next()
  if (word !== "on" && word !== "off") fail(`Error: argument of "${name}" must be "on" or "off", not "${word}"`, 1)
  return word === "on"
}

/** Sets or clears a flag; what counts users of it is told of a change. */
function setFlag(dev: NetDevice, bit: number, on: boolean, changed?: (by: 1 | -1) => void): void {
  if (((dev.flags & bit) !== 0) === on) return
  dev.flags ^= bit
  changed?.(on ? 1 : -1)
  dev.net.kernel.notify(dev.net, "link")
}

/** The changes of `ip link set`, in the order they were given. */
const SETTERS: Readonly<Record<string, (dev: NetDevice, words: Words, options: IpOptions) => void>> = {
  up: (dev) => check(linkUp(dev)),
  down: (dev) => check(linkDown(dev)),
  mtu: (dev, words) => check(linkSetMtu(dev, integer(words.next(), "mtu"))),
  address: (dev, words) => check(linkSetAddress(dev, macOrFail(words.next()))),
  name: (dev, words) => {
    const name = checkName(words.next(), "name")
    if (name.length > 15) invalid(name, '"name" not a valid ifname')
    check(linkSetName(dev, name))
  },
  master: (dev, words, options) => {
    const name = words.next()
    check(linkSetMaster(dev, options.net.device(name) ?? invalid(name, "Device does not exist\n")))
  },
  nomaster: (dev) => check(linkSetMaster(dev, undefined)),
  netns: (dev, words, options) => check(linkSetNamespace(dev, namespaceOf(words.next(), options))),
  txqueuelen: (dev, words) => {
    dev.txQueueLength = integer(words.next(), "txqueuelen")
  },
  alias: (dev, words) => {
    dev.alias = words.next()
  },
  group: (dev, words) => {
    dev.group = readGroup(words.next())
  },
  promisc: (dev, words) => setFlag(dev, IFF.PROMISC, onOff(words, "promisc"), (by) => (dev.promiscuity += by)),
  allmulticast: (dev, words) => setFlag(dev, IFF.ALLMULTI, onOff(words, "allmulticast"), (by) => (dev.allmulti += by)),
  multicast: (dev, words) => setFlag(dev, IFF.MULTICAST, onOff(words, "multicast")),
  arp: (dev, words) => setFlag(dev, IFF.NOARP, !onOff(words, "arp")),
  type: (dev, words) => {
    const kind = words.next()
    if (kind !== "bridge" || !(dev.priv instanceof Bridge))
      return fail(`ip: podwire does not support 'link set type ${kind}'`, 255)
    const { ageingTime } = readBridge(words)
    if (ageingTime !== undefined) dev.priv.ageingTime = ageingTime * 1e9
  },
}
const SET_SYNONYMS: Readonly<Record<string, string>> = { qlen: "txqueuelen", txqlen: "txqueuelen" }
const SET_REFUSED: ReadonlySet<string> = new Set(
  "vf link-netns link-netnsid broadcast brd carrier state xdp xdpgeneric xdpdrv xdpoffload vrf trailers dynamic protodown protodown_reason addrgenmode gso_max_size gso_max_segs gro_max_size index".split(
    " ",
  ),
)

function set(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  const changes: (() => void)[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const setter = SETTERS[SET_SYNONYMS[word] ?? word]
    if (word === "dev") dev = deviceOrFail(options.net, words.next())
    else if (setter !== undefined && dev !== undefined) setter(dev, words, options)
    else if (setter !== undefined) changes.push(() => setter(dev as NetDevice, words, options))
    else if (SET_REFUSED.has(word)) fail(`ip: podwire does not support 'link set ${word}'`, 255)
    else if (dev === undefined) dev = deviceOrFail(options.net, word)
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (dev === undefined) fail('Not enough information: "dev" argument is required.', 255)
  for (const apply of changes) apply()
  return ""
}
