/** -m addrtype: what an address is to this machine. Models net/netfilter/xt_addrtype.c. */
import { isMulticast, LIMITED_BROADCAST } from "../../../../wire/address.ts"
import { RouteType } from "../../../fib/route.ts"
import type { NetDevice } from "../../../netdev.ts"
import type { NetNamespace } from "../../../netns.ts"
import { misuse } from "../error.ts"
import { type Given, type MatchExtension, not } from "../extension.ts"

/** By RTN_*. */
const TYPES = [
  "UNSPEC",
  "UNICAST",
  "LOCAL",
  "BROADCAST",
  "ANYCAST",
  "MULTICAST",
  "BLACKHOLE",
  "UNREACHABLE",
  "PROHIBIT",
  "THROW",
  "NAT",
  "XRESOLVE",
]

function parse(text: string): number {
  let types = 0
  for (const word of text.split(",")) {
    const at = TYPES.indexOf(word.toUpperCase())
    if (at < 0) misuse(`addrtype: bad type "${word}"`)
    types |= 1 << at
  }
  return types
}

const typesText = (types: number): string => TYPES.filter((_, i) => (types & (1 << i)) !== 0).join(",")

/** Models inet_dev_addr_type. */
function addressType(net: NetNamespace, address: number, dev: NetDevice | undefined): number {
  if (address >>> 24 === 0 || address === LIMITED_BROADCAST) return RouteType.BROADCAST
  if (isMulticast(address)) return RouteType.MULTICAST
  const route = net.fib.lookupLocal(address)
  if (route === undefined) return RouteType.UNICAST
  return dev === undefined || route.dev === dev ? route.type : RouteType.UNICAST
}

export const addrtype: MatchExtension = {
  name: "addrtype",
  options: [
    { name: "--src-type", invert: true },
    { name: "--dst-type", invert: true },
    { name: "--limit-iface-in", args: 0 },
    { name: "--limit-iface-out", args: 0 },
  ],
  build(given) {
    if (!given.has("--src-type") && !given.has("--dst-type"))
      misuse("addrtype: you must specify --src-type or --dst-type")
    const limitIn = given.has("--limit-iface-in")
    const limitOut = given.has("--limit-iface-out")
    if (limitIn && limitOut) misuse("addrtype: both incoming and outgoing interface limitation cannot be selected")
    const source = side(given, "--src-type")
    const destination = side(given, "--dst-type")
    const limit = limitIn ? "in" : limitOut ? "out" : ""
    return {
      name: "addrtype",
      save: source.save + destination.save + (limit === "" ? "" : ` --limit-iface-${limit}`),
      list: () => `ADDRTYPE match${source.list}${destination.list}${limit === "" ? "" : ` limit-${limit}`}`,
      matches(packet) {
        const dev = limitIn ? packet.input : limitOut ? packet.output : undefined
        if (source.types !== 0 && source.fits(addressType(packet.net, packet.source, dev)) === source.inverted)
          return false
        if (destination.types === 0) return true
        return destination.fits(addressType(packet.net, packet.destination, dev)) !== destination.inverted
      },
    }
  },
}

interface Side {
  readonly types: number
  readonly inverted: boolean
  readonly save: string
  readonly list: string
  fits(type: number): boolean
}

function side(given: Given, option: "--src-type" | "--dst-type"): Side {
  const inverted = given.inverted(option)
  const types = given.has(option) ? parse(given.value(option) ?? "") : 0
  return {
    types,
    inverted,
    save: types === 0 ? "" : ` ${not(inverted)}${option} ${typesText(types)}`,
    list: types === 0 ? "" : ` ${option.slice(2)} ${inverted ? "!" : ""}${typesText(types)}`,
    fits: (type) => (types & (1 << type)) !== 0,
  }
}
