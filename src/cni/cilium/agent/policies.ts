/** Policies from the API into the repository, and from there to the endpoints they are about. Models pkg/policy/k8s and pkg/policy. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { Resource } from "../../../kube/api/resource.ts"
import type { WatchType } from "../../../kube/api/store.ts"
import type { ApiObject, Service } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import type { LabelSet } from "../../../policy/labels.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../../policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../../policy/parse/network-policy.ts"
import type { ParseOptions, ServiceBackends } from "../../../policy/parse/options.ts"
import type { PolicyRepository } from "../../../policy/repository.ts"
import type { Rule } from "../../../policy/rule.ts"
import type { Log } from "./log.ts"
import type { AgentOptions } from "./options.ts"
import { unsupportedIn } from "./unsupported.ts"

const MODULE = "agent.controlplane.policy-k8s-watcher"
const CILIUM = "cilium.io/v2"

export interface PolicyHost {
  readonly registry: Registry
  readonly options: AgentOptions
  readonly log: Log
  readonly repository: PolicyRepository
  /** Rules about these endpoints have changed, or the prefixes they mention. */
  rulesChanged(affects: (labels: LabelSet) => boolean): void
}

export interface Refusal {
  readonly error: string
  /** The real agent would have taken it. */
  readonly unsupported: boolean
}

export class PolicyWatcher {
  readonly #host: PolicyHost
  readonly #informers: Informer[] = []
  /** Cilium's policies as they came: some depend on other objects. */
  readonly #objects = new Map<string, PolicyObject>()
  /** Rules by object, as they are in the repository. */
  readonly #rules = new Map<string, readonly Rule[]>()
  /** Policies that are not in force, and why. */
  readonly refused: Map<string, Refusal> = new Map()

  constructor(host: PolicyHost) {
    this.#host = host
  }

  start(): void {
    const { registry, options } = this.#host
    if (options.k8sNetworkPolicy) this.#watch(registry.resource("networkpolicies"), this.#networkPolicy)
    for (const kind of ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"])
      this.#watch(registry.resourceByKind(CILIUM, kind), this.#ciliumPolicy)
    this.#watch(
      registry.resourceByKind(CILIUM, "CiliumCIDRGroup") ??
        registry.resourceByKind("cilium.io/v2alpha1", "CiliumCIDRGroup"),
      () => this.#again("cidrGroup"),
    )
    this.#watch(registry.resource("endpointslices"), () => this.#again("toServices"))
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop()
  }

  get pending(): number {
    return this.#informers.reduce((sum, informer) => sum + informer.pending, 0)
  }

  #watch(resource: Resource | undefined, handler: (type: WatchType, object: ApiObject) => void): void {
    // Who applies a policy and then tries it has spent longer on typing than agents need.
    if (resource !== undefined) this.#informers.push(new Informer(this.#host.registry, resource, {}, handler, 0))
  }

  readonly #networkPolicy = (type: WatchType, object: ApiObject): void => {
    const { name, namespace = "" } = object.metadata
    const key = `NetworkPolicy/${namespace}/${name}`
    const fields = { k8sNetworkPolicyName: name, k8sApiVersion: "" }
    if (type === "DELETED") {
      this.#host.log("info", "NetworkPolicy successfully removed", MODULE, fields)
      this.#remove(key)
      return
    }
    this.#host.log("info", "NetworkPolicy successfully added", MODULE, fields)
    this.#put(key, [parseNetworkPolicy(object as PolicyObject)])
  }

  readonly #ciliumPolicy = (type: WatchType, object: ApiObject): void => {
    const { kind, metadata } = object
    const key = `${kind}/${metadata.namespace ?? ""}/${metadata.name}`
    if (type === "DELETED") {
      this.refused.delete(key)
      this.#objects.delete(key)
      this.#remove(key)
      return
    }
    const known = this.#objects.get(key)
    // Only its status was written.
    if (known !== undefined && sameSpec(known, object as PolicyObject)) return
    this.#objects.set(key, object as PolicyObject)
    this.#parse(key, object as PolicyObject)
  }

  #parse(key: string, object: PolicyObject): void {
    const { rules, error: unsound, warnings } = parseCiliumPolicy(object, this.#parseOptions())
    const unsupported = unsound === undefined ? unsupportedIn(object, rules) : undefined
    const error = unsound ?? unsupported
    if (error === undefined) this.refused.delete(key)
    else this.refused.set(key, { error, unsupported: unsupported !== undefined })
    const fields = {
      k8sNamespace: object.metadata.namespace ?? "",
      ciliumNetworkPolicyName: object.metadata.name ?? "",
    }
    if (error !== undefined) {
      this.#host.log("warn", `Unable to add ${object.kind}`, MODULE, { ...fields, error })
      // Refused as a whole: what an earlier version of it allowed goes on.
      return
    }
    for (const warning of warnings) this.#host.log("warn", warning, MODULE, fields)
    this.#put(key, rules)
  }

  /** Policies that refer to other objects are read anew when those change. */
  #again(word: string): void {
    for (const [key, object] of this.#objects)
      if (JSON.stringify([object.spec, object.specs]).includes(word)) this.#parse(key, object)
  }

  #parseOptions(): ParseOptions {
    const { registry, options } = this.#host
    const groups =
      registry.resourceByKind(CILIUM, "CiliumCIDRGroup") ??
      registry.resourceByKind("cilium.io/v2alpha1", "CiliumCIDRGroup")
    return {
      clusterName: options.clusterName,
      l7Proxy: options.l7Proxy,
      nodeSelectorLabels: options.nodeSelectorLabels,
      cidrGroups: groups === undefined ? [] : registry.list(groups).map(cidrGroup),
      services: servicesOf(registry),
    }
  }

  #put(key: string, rules: readonly Rule[]): void {
    const old = this.#rules.get(key) ?? []
    if (JSON.stringify(old) === JSON.stringify(rules)) return
    this.#rules.set(key, rules)
    const { repository } = this.#host
    if (rules.length === 0) repository.delete(key)
    else repository.upsert(rules)
    this.#changed([...old, ...rules])
  }

  #remove(key: string): void {
    const old = this.#rules.get(key)
    if (old === undefined) return
    this.#rules.delete(key)
    this.#host.repository.delete(key)
    this.#changed(old)
  }

  #changed(rules: readonly Rule[]): void {
    this.#host.log("info", "Processing policy updates", "agent.controlplane.policy", { count: 1 })
    this.#host.rulesChanged((labels) => rules.some((rule) => rule.subject.matches(labels)))
  }
}

const sameSpec = (a: PolicyObject, b: PolicyObject): boolean =>
  JSON.stringify([a.spec, a.specs]) === JSON.stringify([b.spec, b.specs])

const cidrGroup = (object: ApiObject): NonNullable<ParseOptions["cidrGroups"]>[number] => ({
  name: object.metadata.name,
  labels: object.metadata.labels ?? {},
  externalCIDRs: ((object["spec"] as { externalCIDRs?: string[] } | undefined)?.externalCIDRs ?? []) as string[],
})

function servicesOf(registry: Registry): ServiceBackends[] {
  const slices = registry.list(registry.resource("endpointslices"))
  return (registry.list(registry.resource("services")) as Service[]).map(({ metadata, spec }) => ({
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    labels: metadata.labels ?? {},
    ...(spec.selector === undefined ? {} : { selector: spec.selector as Record<string, string> }),
    backends: slices
      .filter(
        (slice) =>
          slice.metadata.namespace === metadata.namespace &&
          slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name,
      )
      .flatMap((slice) => (slice["endpoints"] ?? []) as { addresses: string[] }[])
      .flatMap(({ addresses }) => addresses),
  }))
}
