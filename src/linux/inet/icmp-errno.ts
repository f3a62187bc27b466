/** What an ICMP error means to a socket. Models net/ipv4/icmp.c icmp_err_convert. */
import { IcmpType } from "../../wire/icmp.ts"
import type { Errno } from "../errno.ts"

const UNREACHABLE: readonly (readonly [Errno, boolean])[] = [
  ["ENETUNREACH", false],
  ["EHOSTUNREACH", false],
  ["ENOPROTOOPT", true],
  ["ECONNREFUSED", true],
  ["EMSGSIZE", false],
  ["EOPNOTSUPP", false],
  ["ENETUNREACH", true],
  ["EHOSTDOWN", true],
  ["ENETUNREACH", true],
  ["ENETUNREACH", true],
  ["EHOSTUNREACH", true],
  ["ENETUNREACH", false],
  ["EHOSTUNREACH", false],
  ["EHOSTUNREACH", true],
  ["EHOSTUNREACH", true],
  ["EHOSTUNREACH", true],
]

/** The errno and whether it ends a connection at once; `undefined` for messages that are no error. */
export function icmpErrno(type: number, code: number): { errno: Errno; fatal: boolean } | undefined {
  if (type === IcmpType.TIME_EXCEEDED) return { errno: "EHOSTUNREACH", fatal: false }
  if (type === IcmpType.PARAMETER_PROBLEM) return { errno: "EIO", fatal: true }
  if (type !== IcmpType.DEST_UNREACH) return undefined
  const row = UNREACHABLE[code]
  return row === undefined ? undefined : { errno: row[0], fatal: row[1] }
}
