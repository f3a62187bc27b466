/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy -> Rules. Models pkg/k8s/apis/cilium.io/v2/cnp_types.go Parse and
 * utils/utils.go ParseToCiliumRule.
 */

import type { Origin, Rule, RuleEntry } from "../rule.ts"
import { CILIUM_RULE } from "./cilium-shape.ts"
import type { CiliumRuleSpec, DirectionSpec } from "./cilium-spec.ts"
import { Decoder } from "./decode.ts"
import { directionEntries } from "./entries.ts"
import { firstError } from "./first-error.ts"
import { icmpTypeError } from "./icmp-type.ts"
import type { ParseOptions } from "./options.ts"
import { sanitizeError } from "./sanitize.ts"
import { type Scope, subjectSelector } from "./scope.ts"

/** The object as the API server has it. */
export interface PolicyObject {
  readonly kind: string
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly uid?: string }
  readonly spec?: unknown
  readonly specs?: unknown
}

/** Either rules, or why the agent ignores the whole object: the message of its Valid condition. */
export interface ParsedPolicy {
  readonly rules: readonly Rule[]
  readonly error?: string
  /** Parts that have no effect, by their path and why: unknown or unsupported fields, services that do not exist. */
  readonly warnings: readonly string[]
}

export const POLICY_VALID = "Policy validation succeeded"

export function parseCiliumPolicy(object: PolicyObject, options: ParseOptions = {}): ParsedPolicy {
  const fail = (error: string): ParsedPolicy => ({ rules: [], error, warnings })
  const warnings: string[] = []
  const decoder = new Decoder()
  decoder.check(CILIUM_RULE, object.spec, object.kind, "spec", "spec")
  const specs = Array.isArray(object.specs) ? object.specs : []
  for (const [index, spec] of specs.entries()) decoder.check(CILIUM_RULE, spec, object.kind, "specs", `specs[${index}]`)
  warnings.push(...decoder.unknown.map((path) => `unknown field ${JSON.stringify(path)}: ignored`))
  const rules: [string, CiliumRuleSpec][] = [
    ...(object.spec == null ? [] : [["spec", object.spec] as [string, CiliumRuleSpec]]),
    ...specs.map((spec, index): [string, CiliumRuleSpec] => [`specs[${index}]`, spec as CiliumRuleSpec]),
  ]
  const decodeError = decoder.error ?? firstError(rules, ([, spec]) => icmpNamesError(spec))
  if (decodeError !== undefined) return fail(`decode: ${decodeError}`)
  if ((object.metadata.name ?? "") === "") return fail(`${object.kind} must have name`)
  if (rules.length === 0) return fail(`Invalid ${object.kind} spec(s): empty policy`)
  const namespaced = object.kind === "CiliumNetworkPolicy"
  for (const [path, spec] of rules) {
    const error =
      sanitizeError(spec, options) ??
      (namespaced && spec.nodeSelector != null ? "rule cannot have NodeSelector" : undefined)
    if (error !== undefined) return fail(`Invalid ${object.kind} ${path.replace(/\[.*/, "")}: ${error}`)
  }
  const scope = scopeOf(object, namespaced)
  return { rules: rules.map(([path, spec]) => toRule(path, spec, scope, options, warnings)), warnings }
}

function scopeOf({ kind, metadata }: PolicyObject, namespaced: boolean): Scope {
  const namespace = namespaced ? (metadata.namespace ?? "default") : undefined
  const origin: Origin = {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
  }
  return { origin, namespace }
}

const LISTS = [
  ["ingress", "ingress", false],
  ["ingressDeny", "ingress", true],
  ["egress", "egress", false],
  ["egressDeny", "egress", true],
] as const

function toRule(path: string, spec: CiliumRuleSpec, scope: Scope, options: ParseOptions, warnings: string[]): Rule {
  const { endpointSelector, nodeSelector, enableDefaultDeny } = spec
  const node = nodeSelector != null
  const subject = endpointSelector ?? nodeSelector ?? {}
  const entries: RuleEntry[] = LISTS.flatMap(([list, direction, deny]) =>
    (spec[list] ?? []).map((entry: DirectionSpec, index) =>
      directionEntries({
        entry,
        path: `${path}.${list}[${index}]`,
        direction,
        deny,
        subject,
        scope,
        options,
        warnings,
      }),
    ),
  )
  const has = (direction: string): boolean => entries.some((entry) => entry.direction === direction)
  return {
    ref: { origin: scope.origin, path },
    subject: subjectSelector(subject, node ? undefined : scope.namespace),
    node,
    entries,
    enableDefaultDeny: {
      ingress: enableDefaultDeny?.ingress ?? has("ingress"),
      egress: enableDefaultDeny?.egress ?? has("egress"),
    },
    labels: [...policyLabels(scope.origin), ...userLabels(spec)].sort(),
  }
}

/** Models utils.go GetPolicyLabels. */
export function policyLabels({ kind, namespace, name, uid }: Origin): string[] {
  return [
    `k8s:io.cilium.k8s.policy.derived-from=${kind}`,
    `k8s:io.cilium.k8s.policy.name=${name}`,
    ...(namespace === undefined ? [] : [`k8s:io.cilium.k8s.policy.namespace=${namespace}`]),
    `k8s:io.cilium.k8s.policy.uid=${uid}`,
  ]
}

function userLabels(spec: CiliumRuleSpec): string[] {
  return (spec.labels ?? []).map(
    ({ source = "unspec", key, value = "" }) => `${source}:${key}${value === "" ? "" : `=${value}`}`,
  )
}

/** A type's name is looked up while the JSON is read. */
function icmpNamesError(spec: CiliumRuleSpec): string | undefined {
  return firstError(LISTS, ([list]) =>
    firstError(spec[list] ?? [], (entry) =>
      firstError(entry.icmps ?? [], ({ fields = [] }) =>
        firstError(fields, ({ family = "", type }) => icmpTypeError(family, type)),
      ),
    ),
  )
}
