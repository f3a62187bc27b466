/** The one line of an L7 flow. Models pkg/hubble/parser/seven/http.go and dns.go. */
import { formatIpv4 } from "../../../wire/address.ts"
import type { AccessLog } from "../monitor/event.ts"

export function httpSummary(event: AccessLog): string {
  const { http } = event
  if (http === undefined) return ""
  if (event.type === "request") return `${http.protocol} ${http.method} ${http.url}`
  return `${http.protocol} ${http.code} ${Math.floor(http.latency / 1e6)}ms (${http.method} ${http.url})`
}

const RCODES: Readonly<Record<number, string>> = {
  0: "No Error",
  1: "Format Error",
  2: "Server Failure",
  3: "Non-Existent Domain",
  4: "Not Implemented",
  5: "Query Refused",
}

export function dnsSummary(event: AccessLog): string {
  const { dns } = event
  if (dns === undefined) return ""
  const types = dns.queryTypes.join(",")
  if (event.type === "request") return `DNS Query ${dns.query} ${types}`
  const source = dns.observationSource === "proxy" ? "Proxy" : "Query"
  if (dns.rcode !== 0)
    return `DNS Answer RCode: ${RCODES[dns.rcode] ?? dns.rcode} TTL: ${dns.ttl} (${source} ${dns.query} ${types})`
  const parts: string[] = []
  if (dns.addresses.length > 0) parts.push(JSON.stringify(dns.addresses.map(formatIpv4).join(",")))
  if (dns.names.length > 0) parts.push(`CNAMEs: ${JSON.stringify(dns.names.join(","))}`)
  return `DNS Answer ${parts.join(" ")} TTL: ${dns.ttl} (${source} ${dns.query} ${types})`
}
