/** What Go's net/netip says of a text that is no address or prefix: the agent passes it on word for word. */
import { parsePrefix } from "../cidr.ts"

/** Error of netip.ParseAddr, or undefined. */
export function addrError(text: string): string | undefined {
  const problem = addrProblem(text)
  if (problem === undefined) return undefined
  const at = problem.at === undefined ? "" : ` (at ${JSON.stringify(problem.at)})`
  return `ParseAddr(${JSON.stringify(text)}): ${problem.message}${at}`
}

/** Error of netip.ParsePrefix, or undefined. */
export function prefixError(text: string): string | undefined {
  const fail = (message: string): string => `netip.ParsePrefix(${JSON.stringify(text)}): ${message}`
  const slash = text.lastIndexOf("/")
  if (slash < 0) return fail("no '/'")
  const address = addrError(text.slice(0, slash))
  if (address !== undefined) return fail(address)
  const bits = text.slice(slash + 1)
  if (!/^[0-9]+$/.test(bits) || (bits.length > 1 && bits.startsWith("0")))
    return fail(`bad bits after slash: ${JSON.stringify(bits)}`)
  return parsePrefix(text) === undefined ? fail("prefix length out of range") : undefined
}

interface Problem {
  readonly message: string
  readonly at?: string
}

function addrProblem(text: string): Problem | undefined {
  for (const character of text) {
    if (character === ".") return ipv4Problem(text)
    if (character === ":") return ipv6Problem(text)
    if (character === "%") return { message: "missing IPv6 address" }
  }
  return { message: "unable to parse IP" }
}

function ipv4Problem(text: string): Problem | undefined {
  let value = 0
  let digits = 0
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (/[0-9]/.test(character)) {
      if (digits === 1 && value === 0) return { message: "IPv4 field has octet with leading zero" }
      value = value * 10 + Number(character)
      digits++
      if (value > 255) return { message: "IPv4 field has value >255" }
    } else if (character !== ".") return { message: "unexpected character", at: text.slice(at) }
    else if (digits === 0 || at === text.length - 1)
      return { message: "IPv4 field must have at least one digit", at: text.slice(at) }
    else if (dots === 3) return { message: "IPv4 address too long" }
    else {
      dots++
      value = 0
      digits = 0
    }
  }
  return dots < 3 ? { message: "IPv4 address too short" } : undefined
}

/** The common mistakes of an IPv6 address; the rest is "unable to parse IP". */
function ipv6Problem(text: string): Problem | undefined {
  if (parsePrefix(text) !== undefined && !text.includes("/")) return undefined
  const bad = text.search(/[^0-9a-fA-F:.%]/)
  if (bad >= 0) return { message: "unexpected character, want colon", at: text.slice(bad) }
  if (text.split(":").some((group) => group.length > 4 && !group.includes(".")))
    return { message: "IPv6 field has value >=2^16", at: text.slice(text.search(/[0-9a-fA-F]{5}/)) }
  return { message: text.split(":").length < 8 ? "address string too short" : "trailing garbage after address" }
}
