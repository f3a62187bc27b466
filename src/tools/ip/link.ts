/** ip link. Models iproute2 ip/iplink.c. */
import type { VxlanOptions } from "../../linux/link/vxlan.ts"
import type { NetDevice } from "../../linux/netdev.ts"
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
import { formatMac, parseIpv4, parseMac } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, type Json, pick, renderJson, Words } from "../iproute.ts"
import { briefStart, flagNames, linkJson, linkText } from "./link-view.ts"
import { select } from "./select.ts"

type Handler = (words: Words, options: IpOptions) => string

const COMMANDS: readonly (readonly [string, Handler])[] = [
  ["add", add],
  ["set", set],
  ["change", set],
  ["delete", remove],
  ["show", show],
  ["list", show],
  ["lst", show],
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
  /^(0x[0-9a-fA-F]+|\d+)$/.test(word) ? Number(word) : invalid(word, `Invalid "${name}" value`)

const macOf = (word: string): number => parseMac(word) ?? fail(`"${word}" is invalid lladdr.`, 1)

function add(words: Words, options: IpOptions): string {
  let name: string | undefined
  let kind: string | undefined
  const common: { address?: number; mtu?: number; txQueueLength?: number; origin: string } = { origin: "ip link add" }
  let lower: NetDevice | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "type") {
      kind = words.next()
      break
    }
    if (word === "name") name = words.next()
    else if (word === "dev" && name === undefined) name = words.next()
    else if (word === "link") lower = deviceOrFail(options.net, words.next())
    else if (word === "address") common.address = macOf(words.next())
    else if (word === "mtu") common.mtu = integer(words.next(), "mtu")
    else if (word === "txqueuelen" || word === "qlen") common.txQueueLength = integer(words.next(), "txqueuelen")
    else if (name === undefined) name = word
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (kind === undefined) fail('Not enough information: "type" argument is required', 255)
  if (name === undefined) return fail('Not enough of information: "dev" argument is required.', 255)
  check(linkAdd(options.net, specOf(name, kind as string, common, lower, words, options)))
  return ""
}

function specOf(
  name: string,
  kind: string,
  common: object,
  lower: NetDevice | undefined,
  words: Words,
  options: IpOptions,
): LinkSpec {
  if (kind === "bridge" || kind === "dummy") {
    const extra = words.take()
    if (extra !== undefined) fail(`${kind}: unknown command "${extra}"?`, 255)
    return { ...common, name, kind }
  }
  if (kind === "veth") return { ...common, name, kind, peer: readPeer(words, options) }
  if (kind === "vxlan") return { ...common, name, kind, vxlan: readVxlan(words, options, lower) }
  return fail("Error: Unknown device type.", 2)
}

function readPeer(words: Words, options: IpOptions): VethPeer {
  const peer: VethPeer = { name: "" }
  if (words.peek() === "peer") words.take()
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "name") peer.name = words.next()
    else if (word === "netns") peer.net = namespaceOf(words.next(), options)
    else if (word === "address") peer.address = macOf(words.next())
    else if (word === "mtu") peer.mtu = integer(words.next(), "mtu")
    else if (word === "txqueuelen" || word === "qlen") peer.txQueueLength = integer(words.next(), "txqueuelen")
    else if (peer.name === "") peer.name = word
    else fail(`veth: unknown command "${word}"?`, 255)
  }
  if (peer.name === "") peer.name = freeName(options, "veth")
  return peer
}

function freeName(options: IpOptions, prefix: string): string {
  for (let i = 0; ; i++) if (options.net.device(prefix + i) === undefined) return prefix + i
}

function readVxlan(words: Words, options: IpOptions, link: NetDevice | undefined): VxlanOptions {
  const vxlan: VxlanOptions = { vni: -1, local: 0, lower: link }
  const address = (word: string): number =>
    parseIpv4(word) ?? fail(`Error: inet address is expected rather than "${word}".`, 1)
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "id" || word === "vni") {
      const id = words.next()
      vxlan.vni = /^\d+$/.test(id) && Number(id) < 1 << 24 ? Number(id) : invalid(id, "invalid id")
    } else if (word === "local") vxlan.local = address(words.next())
    else if (word === "remote") vxlan.remote = address(words.next())
    else if (word === "dev") vxlan.lower = deviceOrFail(options.net, words.next())
    else if (word === "dstport") vxlan.port = integer(words.next(), "dst port")
    else if (word === "ttl" || word === "hoplimit") vxlan.ttl = readTtl(words.next())
    else if (word === "tos" || word === "dsfield") vxlan.tos = integer(words.next(), "TOS")
    else if (word === "ageing") vxlan.ageing = integer(words.next(), "ageing timer")
    else if (word === "learning") vxlan.learning = true
    else if (word === "nolearning") vxlan.learning = false
    else if (word === "udpcsum") vxlan.udpChecksum = true
    else if (word === "noudpcsum") vxlan.udpChecksum = false
    else if (
      [
        "group",
        "srcport",
        "proxy",
        "rsc",
        "l2miss",
        "l3miss",
        "gbp",
        "gpe",
        "external",
        "flowlabel",
        "df",
        "maxaddress",
      ].includes(word)
    )
      fail(`ip: podwire does not support vxlan '${word}'`, 255)
    else fail(`vxlan: unknown command "${word}"?`, 255)
  }
  if (vxlan.vni < 0) fail("vxlan: missing virtual network identifier", 255)
  return vxlan
}

const readTtl = (word: string): number =>
  word === "auto" || word === "inherit"
    ? 0
    : /^\d+$/.test(word) && Number(word) < 256
      ? Number(word)
      : invalid(word, "TTL must be <= 255")

function remove(words: Words, options: IpOptions): string {
  let name = words.take()
  if (name === "dev") name = words.next()
  if (name === undefined) return fail('Not enough information: "dev" argument is required.', 255)
  check(linkDel(deviceOrFail(options.net, name)))
  return ""
}

function namespaceOf(name: string, options: IpOptions): IpOptions["net"] {
  const net = options.net.kernel.namespaces.find((other) => other.name === name && name !== "")
  return net ?? fail(`Error: argument "${name}" is wrong: Invalid "netns" value\n`, 255)
}

/** The changes of `ip link set`, in the order they were given. */
const SETTERS: Readonly<Record<string, (dev: NetDevice, words: Words, options: IpOptions) => void>> = {
  up: (dev) => check(linkUp(dev)),
  down: (dev) => check(linkDown(dev)),
  mtu: (dev, words) => check(linkSetMtu(dev, integer(words.next(), "mtu"))),
  address: (dev, words) => check(linkSetAddress(dev, macOf(words.next()))),
  name: (dev, words) => check(linkSetName(dev, words.next())),
  master: (dev, words, options) => {
    const name = words.next()
    check(
      linkSetMaster(
        dev,
        options.net.device(name) ?? fail(`Error: argument "${name}" is wrong: Device does not exist\n`, 255),
      ),
    )
  },
  nomaster: (dev) => check(linkSetMaster(dev, undefined)),
  netns: (dev, words, options) => check(linkSetNamespace(dev, namespaceOf(words.next(), options))),
  txqueuelen: (dev, words) => {
    dev.txQueueLength = integer(words.next(), "txqueuelen")
  },
  alias: (dev, words) => {
    dev.alias = words.next()
  },
  promisc: (dev, words) => {
    const word = words.next()
    if (word !== "on" && word !== "off") fail(`Error: argument of "promisc" must be "on" or "off", not "${word}"`, 1)
    dev.promiscuity += word === "on" ? 1 : -1
  },
}

function set(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  const changes: (() => void)[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const setter = SETTERS[word]
    if (word === "dev") dev = deviceOrFail(options.net, words.next())
    else if (setter !== undefined && dev !== undefined) setter(dev, words, options)
    else if (setter !== undefined) changes.push(() => setter(dev as NetDevice, words, options))
    else if (dev === undefined) dev = deviceOrFail(options.net, word)
    else if (
      [
        "arp",
        "multicast",
        "allmulticast",
        "group",
        "vf",
        "type",
        "link-netnsid",
        "broadcast",
        "brd",
        "carrier",
        "state",
        "xdp",
        "vrf",
        "trailers",
        "protodown",
        "addrgenmode",
      ].includes(word)
    )
      fail(`ip: podwire does not support 'link set ${word}'`, 255)
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (dev === undefined) fail('Not enough information: "dev" argument is required.', 255)
  for (const apply of changes) apply()
  return ""
}
