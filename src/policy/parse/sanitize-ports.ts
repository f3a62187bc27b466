/** Models pkg/policy/api/rule_validation.go PortRule, PortProtocol, L7Rules, ICMPRule; http.go, dns.go, icmp.go. */
import { regexError } from "../l7/regex.ts"
import type { DirectionSpec, HttpRuleSpec, L7RulesSpec, PortRuleSpec } from "./cilium-spec.ts"
import { firstError } from "./first-error.ts"
import { dnsRuleError } from "./fqdn.ts"
import type { ParseOptions } from "./options.ts"
import { isPortName, parseL4Protocol, parseUint16 } from "./port.ts"

const MAX_PORTS = 40

/** Neither list is there: an empty list is not nothing to the agent's checks, and restricts nothing. */
export function isL7Empty(rules: L7RulesSpec | undefined): boolean {
  return rules?.http == null && rules?.dns == null
}

export function portRuleError(
  rule: PortRuleSpec,
  ingress: boolean,
  deny: boolean,
  options: ParseOptions,
): string | undefined {
  const ports = rule.ports ?? []
  if (deny) return countError(ports.length) ?? firstError(ports, (port) => portError(port, false, options))
  const empty = isL7Empty(rule.rules)
  const names = rule.serverNames ?? []
  if (names.length > 0 && !empty && rule.terminatingTLS == null)
    return "ServerNames are not allowed with L7 rules without TLS termination"
  if (names.includes("")) return "empty server name is not allowed"
  const dns = (rule.rules?.dns ?? []).length > 0
  return (
    countError(ports.length) ??
    firstError(ports, (port) => portError(port, dns, options) ?? protocolForL7Error(port.protocol, empty || dns)) ??
    listenerError(rule, ingress, empty) ??
    (empty ? undefined : l7RulesError(rule))
  )
}

function countError(ports: number): string | undefined {
  return ports > MAX_PORTS ? `too many ports, the max is ${MAX_PORTS}` : undefined
}

type PortFields = NonNullable<PortRuleSpec["ports"]>[number]

const EXTENDED = ["VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH"]

function portError(
  { port = "", endPort = 0, protocol = "" }: PortFields,
  dns: boolean,
  options: ParseOptions,
): string | undefined {
  if (port === "" && options.extendedIpProtocols !== true) return "port must be specified"
  if (port !== "" && !isPortName(port)) {
    if (port !== "0" && EXTENDED.includes(protocol.toUpperCase())) return "port must be empty or 0"
    const number = parseUint16(port)
    if (typeof number === "string") return `unable to parse port: ${number}`
    if (dns && endPort > number) return "DNS rules do not support port ranges"
  }
  return parseL4Protocol(protocol) === undefined
    ? `invalid protocol ${JSON.stringify(protocol)}, must be { tcp | udp | sctp | vrrp | igmp | gre | ipip | ipv6 | esp | ah | any }`
    : undefined
}

/** An omitted protocol is ANY, which is not TCP. */
function protocolForL7Error(protocol: string | undefined, any: boolean): string | undefined {
  const name = (protocol ?? "") === "" ? "ANY" : (protocol ?? "").toUpperCase()
  if (any || name === "TCP") return undefined
  return `L7 rules can only apply to TCP (not ${name}) except for DNS rules`
}

function listenerError(rule: PortRuleSpec, ingress: boolean, empty: boolean): string | undefined {
  if (rule.listener == null) return undefined
  const name = rule.listener.name ?? ""
  if (ingress) return `Listener is not allowed on ingress (${name})`
  return empty ? undefined : `Listener is not allowed with L7 rules (${name})`
}

function l7RulesError(rule: PortRuleSpec): string | undefined {
  const ports = rule.ports ?? []
  if (ports.some(({ port = "" }) => !isPortName(port) && parseUint16(port) === 0))
    return "L7 rules can not be used when a port is 0"
  const { http, dns } = rule.rules ?? {}
  return (
    firstError(http ?? [], httpError) ??
    (dns != null && ports.length === 0 ? "port 53 must be specified for DNS rules" : undefined) ??
    firstError(dns ?? [], dnsRuleError) ??
    (http != null && dns != null ? "multiple L7 protocol rule types specified in single rule" : undefined)
  )
}

function httpError({ path = "", method = "", headerMatches = [] }: HttpRuleSpec): string | undefined {
  return (
    regexError(path) ??
    regexError(method) ??
    firstError(headerMatches, ({ name = "", mismatch = "", secret }) => {
      if (name === "") return "Header name missing"
      if (!["", "LOG", "ADD", "DELETE", "REPLACE"].includes(mismatch)) return `Invalid header action: ${mismatch}`
      return secret != null && (secret.name ?? "") === "" ? "Secret name missing" : undefined
    })
  )
}

export function icmpsError(entry: DirectionSpec): string | undefined {
  return firstError(entry.icmps ?? [], ({ fields = [] }) => {
    if (fields.length > MAX_PORTS) return `too many types, the max is ${MAX_PORTS}`
    return firstError(fields, ({ family = "" }) =>
      ["", "IPv4", "IPv6"].includes(family) ? undefined : `wrong family: ${family}`,
    )
  })
}
