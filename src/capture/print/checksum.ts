/** Checksums as a capture shows them: right, or what should stand there. */
import { csumFold, csumFold16, csumPartial, pseudoHeaderSum } from "../../wire/checksum.ts"
import type { Dissection } from "./dissection.ts"

/** The sum over a message with its checksum in it, as in_cksum: 0 when it is right. Else what should stand in the field. */
export function shouldBe(d: Dissection, at: number, length: number, field: number, pseudo = 0): number | undefined {
  const sum = csumFold(csumPartial(d.view, at, length, pseudo))
  return sum === 0 ? undefined : csumFold16(field + sum)
}

/** As {@link shouldBe} for TCP and UDP. The last hop of a source route is the destination, as in print-ip.c ip_finddst. */
export function transportChecksum(
  d: Dissection,
  ip: number,
  protocol: number,
  at: number,
  length: number,
  field: number,
): number | undefined {
  const pseudo = pseudoHeaderSum(d.u32(ip + 12), destination(d, ip), protocol, length & 0xffff)
  return shouldBe(d, at, length, field, pseudo)
}

function destination(d: Dissection, ip: number): number {
  const end = ip + (d.u8(ip) & 15) * 4
  for (let at = ip + 20; at < end; ) {
    const kind = d.u8(at)
    if (kind === 0) break
    const length = kind === 1 ? 1 : d.u8(at + 1)
    if (length < 1 || (kind > 1 && length < 2) || at + length > end) break
    if ((kind === 131 || kind === 137) && length >= 7) return d.u32(at + length - 4)
    at += length
  }
  return d.u32(ip + 16)
}
