/** What Cilium would do and podwire cannot: such a policy is refused as a whole, by the agents and in its Valid condition. */
import type { PolicyObject } from "../../../policy/parse/cilium-policy.ts"
import type { Rule } from "../../../policy/rule.ts"

/** Which field of a policy that is sound asks for it, and where; undefined: nothing does. */
export function unsupportedIn(object: PolicyObject, rules: readonly Rule[]): string | undefined {
  const port = rules
    .flatMap(({ entries }) => entries)
    .flatMap(({ ports = [] }) => ports)
    .find(({ tls }) => tls === true)
  if (port === undefined) return undefined
  const text = JSON.stringify([object.spec, object.specs])
  const fields = ["terminatingTLS", "originatingTLS"].filter((name) => text.includes(`"${name}"`))
  return `podwire does not support ${fields.join(" and ")} (${port.path}): its proxy cannot open TLS`
}
