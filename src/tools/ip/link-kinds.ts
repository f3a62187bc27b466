/** The options of bridges and vxlan devices. Models iproute2 ip/iplink_bridge.c and iplink_vxlan.c. */
import type { BridgeOptions } from "../../linux/link/bridge.ts"
import type { VxlanOptions } from "../../linux/link/vxlan.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { deviceOrFail, fail, type IpOptions, invalid, type Words } from "../iproute.ts"
import { KIND_USAGE } from "./kind-usage.ts"
import { integer } from "./link-words.ts"

const BRIDGE_REFUSED: ReadonlySet<string> = new Set(
  KIND_USAGE.bridge.match(/(?<=\[ )[a-z_]+/g)?.filter((word) => word !== "ageing_time"),
)

/** The bridge's own options: how long it remembers. Hundredths of a second, as the kernel's user interface has it. */
export function readBridge(words: Words): BridgeOptions {
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
  "group srcport proxy noproxy rsc norsc l2miss nol2miss l3miss nol3miss gbp gpe flowlabel df maxaddress udp6zerocsumtx noudp6zerocsumtx udp6zerocsumrx noudp6zerocsumrx remcsumtx noremcsumtx remcsumrx noremcsumrx vnifilter novnifilter".split(
    " ",
  ),
)

const NO_PORT = `vxlan: destination port not specified
Will use Linux kernel default (non-standard value)
Use 'dstport 4789' to get the IANA assigned value
Use 'dstport 0' to get default and quiet this message
`

export function readVxlan(words: Words, options: IpOptions, link: NetDevice | undefined): VxlanOptions {
  // Without a word the kind's own parser is not even asked.
  const silent = words.left === 0
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
    else if (word === "external") vxlan.external = true
    else if (word === "noexternal") vxlan.external = false
    else if (VXLAN_REFUSED.has(word)) fail(`ip: podwire does not support vxlan '${word}'`, 255)
    else fail(`vxlan: unknown command "${word}"?\n${KIND_USAGE.vxlan.trimEnd()}`, 1)
  }
  if (vxlan.external === true) {
    if (vxlan.vni >= 0) fail("vxlan: both 'external' and vni cannot be specified", 1)
    vxlan.vni = 0
    // Who says nothing of learning wants none in this mode.
    vxlan.learning ??= false
  }
  if (vxlan.port === undefined && !silent) options.warn(NO_PORT)
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
