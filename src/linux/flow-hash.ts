/** The hash of a frame's flow. Models net/core/flow_dissector.c skb_get_hash: symmetric, keyed per boot, ICMP without its id. */
import * as ethernetHeader from "../wire/ethernet.ts"
import * as ipv4Header from "../wire/ipv4.ts"
import { mix } from "./ip/ident.ts"
import type { Kernel } from "./kernel.ts"
import type { Skb } from "./skb.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }
const ipv4 = { ...ipv4Header }

/** `skb.data` stands at the Ethernet header. A TCP socket's own hash (sk_txhash) wins. */
export function skbFlowHash(kernel: Kernel, skb: Skb): number {
  if (skb.hash !== 0) return skb.hash
  const view = skb.view
  const at = skb.data + ethernet.LENGTH
  let hash = kernel.flowHashKey
  if (ethernet.etherType(view, skb.data) === ethernet.EtherType.IPV4 && skb.length >= ethernet.LENGTH + ipv4.LENGTH)
    hash = hashIpv4(view, at, skb.tail, hash)
  else hash = mix(mix(hash, view.getUint32(skb.data + 2)), view.getUint32(skb.data + 8))
  skb.hash = hash >>> 0 || 1
  return skb.hash
}

function hashIpv4(view: DataView, at: number, end: number, key: number): number {
  const a = ipv4.source(view, at)
  const b = ipv4.destination(view, at)
  const protocol = ipv4.protocol(view, at)
  const ports = at + ipv4.headerLength(view, at)
  let pa = 0
  let pb = 0
  const hasPorts =
    protocol === ipv4.IpProtocol.TCP || protocol === ipv4.IpProtocol.UDP || protocol === ipv4.IpProtocol.SCTP
  if (hasPorts && !ipv4.isFragment(view, at) && ports + 4 <= end) {
    pa = view.getUint16(ports)
    pb = view.getUint16(ports + 2)
  }
  // Both directions hash alike (__flow_hash_consistentify).
  return b < a || (a === b && pb < pa)
    ? mix(mix(mix(mix(key, b), a), (pb << 16) | pa), protocol)
    : mix(mix(mix(mix(key, a), b), (pa << 16) | pb), protocol)
}
