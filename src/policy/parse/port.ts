/** Ports and protocols as the agent reads them. Models pkg/iana IsSvcName, strconv.ParseUint, pkg/policy/api ParseL4Proto. */
import { IPPROTO } from "../rule.ts"

/** An IANA service name: at most 15 letters, digits and single hyphens, with a letter. */
export function isPortName(text: string): boolean {
  if (text.length > 15 || !/[a-zA-Z]/.test(text)) return false
  return /^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/.test(text)
}

/** strconv.ParseUint(text, 0, 16): a leading 0 is octal. Or Go's error text. */
export function parseUint16(text: string): number | string {
  const fail = (why: string): string => `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`
  const octal = /^0[0-7]+$/.test(text)
  if (!octal && !/^(0|[1-9][0-9]*)$/.test(text)) return fail("invalid syntax")
  const value = octal ? Number.parseInt(text, 8) : Number(text)
  return value > 0xffff ? fail("value out of range") : value
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map<string, number>([
  ["", IPPROTO.ANY],
  ["ANY", IPPROTO.ANY],
  ["TCP", IPPROTO.TCP],
  ["UDP", IPPROTO.UDP],
  ["SCTP", IPPROTO.SCTP],
  ["VRRP", IPPROTO.VRRP],
  ["IGMP", IPPROTO.IGMP],
  ["GRE", IPPROTO.GRE],
  ["IPIP", IPPROTO.IPIP],
  ["IPV6", IPPROTO.IPV6],
  ["ESP", IPPROTO.ESP],
  ["AH", IPPROTO.AH],
])

/** The IP protocol number, 0 for ANY; any case is taken. */
export function parseL4Protocol(text: string): number | undefined {
  return PROTOCOLS.get(text.toUpperCase())
}
