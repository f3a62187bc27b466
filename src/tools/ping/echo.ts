/** Echo requests. */
import { SECOND, type Simulation } from "../../sim/simulation.ts"
import { IcmpType, LENGTH } from "../../wire/icmp.ts"

/** A request with `size` bytes of zeros; the kernel fills in the checksum. */
export function echoRequest(id: number, sequence: number, size: number): Uint8Array {
  const data = new Uint8Array(LENGTH + size)
  const view = new DataView(data.buffer)
  view.setUint8(0, IcmpType.ECHO)
  view.setUint16(4, id)
  view.setUint16(6, sequence & 0xffff)
  return data
}

/** -s: the time of sending goes in from here on. */
export const TIMED_SIZE = 16

/** The pattern of -p or a counting one, and over its beginning the time of sending, as iputils fills it. */
export function fill(data: Uint8Array, pattern: Uint8Array | undefined, sim: Simulation): void {
  const size = data.length - LENGTH
  for (let i = 0; i < size; i++)
    data[LENGTH + i] = pattern === undefined ? i & 255 : (pattern[i % pattern.length] as number)
  if (size < TIMED_SIZE) return
  const view = new DataView(data.buffer, LENGTH)
  view.setUint32(0, sim.epoch + Math.floor(sim.now / SECOND), true)
  view.setUint32(4, 0)
  view.setUint32(8, Math.floor((sim.now % SECOND) / 1000), true)
  view.setUint32(12, 0)
}
