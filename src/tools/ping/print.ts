/** How ping writes times and errors. */
import type { IcmpMessage } from "../../linux/inet/raw.ts"
import { IcmpType, UnreachCode } from "../../wire/icmp.ts"

/** Three decimals below a millisecond… one from ten on: always about three digits. */
export function formatTime(nanoseconds: number): string {
  const micros = Math.floor(nanoseconds / 1000)
  if (micros >= 100_000) return String(Math.floor((micros + 500) / 1000))
  if (micros >= 10_000) return (micros / 1000).toFixed(1)
  if (micros >= 1000) return (micros / 1000).toFixed(2)
  return (micros / 1000).toFixed(3)
}

/** Models iputils ping_common.c pr_icmph. */
export function errorText(error: NonNullable<IcmpMessage["error"]>): string {
  if (error.type === IcmpType.TIME_EXCEEDED)
    return error.code === 0 ? "Time to live exceeded" : "Frag reassembly time exceeded"
  if (error.type !== IcmpType.DEST_UNREACH) return `Bad ICMP type: ${error.type}`
  switch (error.code) {
    case UnreachCode.NET:
      return "Destination Net Unreachable"
    case UnreachCode.HOST:
      return "Destination Host Unreachable"
    case UnreachCode.PROT:
      return "Destination Protocol Unreachable"
    case UnreachCode.PORT:
      return "Destination Port Unreachable"
    case UnreachCode.FRAG_NEEDED:
      return `Frag needed and DF set (mtu = ${error.info})`
    case UnreachCode.NET_ANO:
      return "Destination Net Prohibited"
    case UnreachCode.HOST_ANO:
      return "Destination Host Prohibited"
    case UnreachCode.PKT_FILTERED:
      return "Packet filtered"
    default:
      return `Dest Unreachable, Bad Code: ${error.code}`
  }
}
