/** How a selector is bound to a namespace. Models pkg/k8s/apis/cilium.io/utils/utils.go getEndpointSelector. */
import type { Origin } from "../rule.ts"
import {
  equality,
  labelSelector,
  NAMESPACE_KEY,
  type Requirement,
  type Selector,
  type SelectorOperator,
  selectorKey,
} from "../selector.ts"
import type { LabelSelectorSpec } from "./cilium-spec.ts"

export interface Scope {
  readonly origin: Origin
  /** The policy's namespace; undefined for a cluster-wide policy. */
  readonly namespace: string | undefined
}

export const NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."

/** A selector's two lists, with every key's source named. */
interface Parts {
  equalities: Requirement[]
  expressions: Requirement[]
}

function parts(selector: LabelSelectorSpec, source?: string): Parts {
  const key = (name: string): string => (source === undefined ? name : `${source}:${name}`)
  return {
    equalities: Object.entries(selector.matchLabels ?? {}).map(([name, value]) => equality(key(name), value)),
    expressions: (selector.matchExpressions ?? []).map(({ key: name, operator, values = [] }) => ({
      ...selectorKey(key(name)),
      operator: operator as SelectorOperator,
      values,
    })),
  }
}

/** The subject of a namespaced policy is always in its namespace, whatever the selector says. */
export function subjectSelector(selector: LabelSelectorSpec, namespace: string | undefined): Selector {
  const { equalities, expressions } = parts(selector)
  if (namespace === undefined) return labelSelector(equalities, expressions)
  const others = equalities.filter(({ source, key }) => source !== "k8s" || key !== NAMESPACE_KEY)
  return labelSelector([...others, equality(`k8s:${NAMESPACE_KEY}`, namespace)], expressions)
}

/** A peer is in the policy's namespace unless the selector says something of namespaces; cluster-wide policies take any pod's. */
export function peerSelector(
  selector: LabelSelectorSpec,
  subject: LabelSelectorSpec,
  scope: Scope,
  reserved = true,
): Selector {
  const { equalities, expressions } = parts(selector)
  const keys = [...equalities, ...expressions]
  const hasSource = (wanted: string): boolean => keys.some(({ source }) => source === wanted)
  const podSource = keys.filter(({ source }) => source === "k8s" || source === "any")
  if ((reserved && hasSource("reserved")) || podSource.some(({ key }) => key === NAMESPACE_KEY))
    return labelSelector(equalities, expressions)
  if (scope.namespace === undefined) {
    if (!selectsInit(subject)) expressions.push({ source: "k8s", key: NAMESPACE_KEY, operator: "Exists", values: [] })
  } else if (!podSource.some(({ key }) => key.startsWith(NAMESPACE_LABELS.slice(0, -1))))
    equalities.push(equality(`k8s:${NAMESPACE_KEY}`, scope.namespace))
  return labelSelector(equalities, expressions)
}

/** Pods that are still initialising have no labels, so no namespace either. */
function selectsInit(subject: LabelSelectorSpec): boolean {
  const names = [...Object.keys(subject.matchLabels ?? {}), ...(subject.matchExpressions ?? []).map(({ key }) => key)]
  return names.includes("reserved:init")
}

/** fromNodes, toNodes and cidrGroupSelector: labels as written. */
export function plainSelector(selector: LabelSelectorSpec): Selector {
  const { equalities, expressions } = parts(selector)
  return labelSelector(equalities, expressions)
}

/** NetworkPolicy: pod labels are of source k8s; a namespaceSelector asks for the labels copied onto every identity. */
export function podSelector(
  pods: LabelSelectorSpec | undefined,
  namespaces: LabelSelectorSpec | undefined,
  namespace: string,
): Selector {
  const { equalities, expressions } = parts(pods ?? {}, "k8s")
  if (namespaces === undefined)
    return labelSelector([...equalities, equality(`k8s:${NAMESPACE_KEY}`, namespace)], expressions)
  const of = parts(namespaces)
  const prefixed = (requirement: Requirement): Requirement => ({
    ...requirement,
    source: "k8s",
    key: `${NAMESPACE_LABELS}${requirement.key}`,
  })
  if (of.equalities.length + of.expressions.length === 0)
    expressions.push({ source: "k8s", key: NAMESPACE_KEY, operator: "Exists", values: [] })
  return labelSelector(
    [...equalities, ...of.equalities.map(prefixed)],
    [...expressions, ...of.expressions.map(prefixed)],
  )
}
