/** Delivered UDP packets a second, pod to pod: bridge, VXLAN, wire and back. */

import { Flood } from "./flood.ts"
import { limitWalk } from "./limit.ts"
import { type Contender, compare, type Result, rate } from "./measure.ts"
import type { KernelPeer } from "./peer/kernel.ts"

const PACKETS = 200_000
const PEER_MILLISECONDS = 400

/** What is measured beside what, for people. */
export const conditions =
  "64 and 1400 bytes of UDP payload; podwire: one sending socket, 48 packets in flight, counted at the receiving socket; kernel: one sending " +
  "thread, counted in recv(), system calls included, no netfilter rules, the wire a veth pair; limit: bench/limit.ts"

export async function run(peer: KernelPeer | undefined): Promise<Result[]> {
  const results: Result[] = []
  for (const payload of [64, 1400]) results.push(...(await walkOf(payload, peer)))
  return results
}

function walkOf(payload: number, peer: KernelPeer | undefined): Promise<Result[]> {
  const flood = new Flood(payload)
  const data = new Uint8Array(payload).fill(0x55)
  const contenders: Contender[] = [
    { name: `vxlan ${payload} B`, measure: () => rate(PACKETS, () => flood.run(PACKETS)) },
    { name: `limit ${payload} B`, measure: () => rate(PACKETS, () => limit(data)) },
  ]
  if (peer !== undefined)
    contenders.push({ name: `kernel ${payload} B`, measure: () => peer.udpFlood(payload, PEER_MILLISECONDS) })
  return compare("walk", "packets/s", contenders)
}

function limit(data: Uint8Array): void {
  for (let i = 0; i < PACKETS; i++) if (limitWalk(data) !== data.length) throw new Error("the limit loop lost a packet")
}
