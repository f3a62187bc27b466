/** A hop: addresses of the link and the TTL. Models bpf/lib/l3.h ipv4_l3. */
import * as ethernetHeader from "../../../../wire/ethernet.ts"
import * as ipv4Header from "../../../../wire/ipv4.ts"
import { Drop } from "../drop.ts"
import type { Packet } from "./packet.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }
const ipv4 = { ...ipv4Header }

/** Lowers the TTL and writes the MAC addresses; 0 leaves one as it is. Returns 0, or TTL_EXCEEDED: nobody is told with ICMP. */
export function ipv4L3(packet: Packet, sourceMac: number, destinationMac: number): number {
  const { skb, l3 } = packet
  const view = skb.view
  if (ipv4.ttl(view, l3) <= 1) return Drop.TTL_EXCEEDED
  ipv4.decreaseTtl(view, l3)
  if (sourceMac !== 0) ethernet.writeMac(view, skb.data + 6, sourceMac)
  if (destinationMac !== 0) ethernet.writeMac(view, skb.data, destinationMac)
  return 0
}
