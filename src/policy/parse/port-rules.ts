/** toPorts and icmps -> PortRules. Models pkg/policy/api/l4.go. */
import type { HeaderMatch, HttpRule, L7Rules, MismatchAction } from "../l7/rules.ts"
import { IPPROTO, type PortRule, type PortSpec } from "../rule.ts"
import type { DirectionSpec, HttpRuleSpec, L7RulesSpec, PortRuleSpec } from "./cilium-spec.ts"
import { icmpType } from "./icmp-type.ts"
import { isPortName, parseL4Protocol, parseUint16 } from "./port.ts"

/** Priority of a listener without one of its own. */
const CRD_PRIORITY = 126

export function portRules(rules: readonly PortRuleSpec[], path: string, warnings: string[]): PortRule[] {
  return rules.map((rule, index) => {
    const at = `${path}.toPorts[${index}]`
    const l7 = l7Rules(rule.rules)
    for (const side of ["terminatingTLS", "originatingTLS"] as const)
      if (rule[side] != null) warnings.push(`${at}.${side}: TLS is not interrupted, the bytes pass as they are`)
    return {
      path: at,
      ports: (rule.ports ?? []).flatMap(portSpecs),
      ...(l7 === undefined ? {} : { l7 }),
      ...((rule.serverNames ?? []).length === 0 ? {} : { serverNames: rule.serverNames ?? [] }),
      ...(rule.listener == null ? {} : { listener: listenerOf(rule.listener) }),
      ...(rule.terminatingTLS == null && rule.originatingTLS == null ? {} : { tls: true }),
    }
  })
}

function listenerOf({ name = "", priority = 0 }: { name?: string; priority?: number }): {
  name: string
  priority: number
} {
  return { name, priority: priority === 0 ? CRD_PRIORITY : priority }
}

/** ANY is TCP, UDP and SCTP; ICMP never. */
function portSpecs({
  port = "0",
  endPort = 0,
  protocol = "",
}: {
  port?: string
  endPort?: number
  protocol?: string
}): PortSpec[] {
  const number = parseL4Protocol(protocol) ?? IPPROTO.ANY
  const protocols = number === IPPROTO.ANY ? [IPPROTO.TCP, IPPROTO.UDP, IPPROTO.SCTP] : [number]
  const named = isPortName(port)
  const first = named || port === "" ? 0 : (parseUint16(port) as number)
  return protocols.map((of) => ({
    protocol: of,
    port: first,
    endPort: Math.max(first, first === 0 ? 0 : endPort),
    ...(named ? { name: port.toLowerCase() } : {}),
  }))
}

export function icmpRules(icmps: NonNullable<DirectionSpec["icmps"]>, path: string): PortRule[] {
  return icmps.map(({ fields = [] }, index) => ({
    path: `${path}.icmps[${index}]`,
    ports: fields.map(({ family = "IPv4", type }) => {
      const port = icmpType(family, type) ?? 0
      return { protocol: family === "IPv6" ? IPPROTO.ICMPV6 : IPPROTO.ICMP, port, endPort: port }
    }),
  }))
}

/** Empty lists restrict nothing, as no block at all. */
function l7Rules(rules: L7RulesSpec | undefined): L7Rules | undefined {
  if ((rules?.http ?? []).length > 0) return { http: (rules?.http ?? []).map(httpRule) }
  return (rules?.dns ?? []).length > 0 ? { dns: rules?.dns ?? [] } : undefined
}

function httpRule({ path, method, host, headers, headerMatches }: HttpRuleSpec): HttpRule {
  return {
    ...(path ? { path } : {}),
    ...(method ? { method } : {}),
    ...(host ? { host } : {}),
    ...(headers == null ? {} : { headers }),
    ...(headerMatches == null ? {} : { headerMatches: headerMatches.map(headerMatch) }),
  }
}

function headerMatch({
  name = "",
  value,
  mismatch,
  secret,
}: NonNullable<HttpRuleSpec["headerMatches"]>[number]): HeaderMatch {
  return {
    name,
    ...(value === undefined || value === "" ? {} : { value }),
    ...(mismatch === undefined || mismatch === "" ? {} : { mismatch: mismatch as MismatchAction }),
    ...(secret == null
      ? {}
      : { secret: { name: secret.name ?? "", ...(secret.namespace ? { namespace: secret.namespace } : {}) } }),
  }
}
