/** A cluster as policy sees it: pods, machines and addresses as ends of flows, policies as rules, all as the API server has them now. */
import type { ApiServer } from "../../kube/api/server.ts"
import type { ApiObject, Node, Pod } from "../../kube/api/types.ts"
import type { NamedPorts } from "../../policy/api.ts"
import { CiliumEvaluator } from "../../policy/cilium-evaluator.ts"
import { nodeLabels } from "../../policy/identity-labels.ts"
import { KubernetesEvaluator } from "../../policy/kubernetes.ts"
import { LabelSet } from "../../policy/labels.ts"
import { ReachabilityMatrix } from "../../policy/matrix/matrix.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../policy/parse/network-policy.ts"
import type { ParseOptions } from "../../policy/parse/options.ts"
import { externalPeer, type Peer, podPeer, reservedPeer } from "../../policy/peer.ts"
import { IPPROTO, type Rule, type RuleRef } from "../../policy/rule.ts"
import { manifestLine } from "../../policy/source.ts"
import type { FlowPort, Verdict } from "../../policy/verdict.ts"
import { parseIpv4 } from "../../wire/address.ts"

/** Whose reading of the policies: Cilium's, or the Kubernetes API's alone. */
export type PolicyEngine = "cilium" | "kubernetes"

/** A request to be judged. */
export interface HttpQuestion {
  readonly method: string
  readonly path: string
  /** The Host header. */
  readonly host?: string
  /** Other headers, by name. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Evaluator {
  lookup(from: Peer, to: Peer, flow: FlowPort, request?: HttpQuestion): Verdict
  conflict?(peer: Peer): string | undefined
}

/** Who else may be a peer: what rules say of them is compared, too, where policies are found to be redundant. */
const ENTITIES = ["world", "host", "remote-node", "kube-apiserver", "health", "ingress", "init", "unmanaged"] as const

/** What of the cluster's own configuration matters here. */
export interface PolicySettings {
  readonly engine: PolicyEngine
  /** cluster-name of the agents. */
  readonly clusterName: string
  readonly enforcement: "default" | "always" | "never"
  /** Whether agents know nodes by their labels (enable-node-selector-labels). */
  readonly nodeSelectorLabels: boolean
}

export class PolicyView {
  readonly #server: ApiServer
  readonly #settings: PolicySettings
  readonly rules: readonly Rule[]
  readonly #evaluator: Evaluator
  readonly #peers = new Map<string, Peer>()
  #mayConflict: boolean | undefined

  constructor(server: ApiServer, settings: PolicySettings) {
    this.#server = server
    this.#settings = settings
    this.rules = this.#rules()
    this.#evaluator = this.#build()
  }

  lookup(from: string, to: string, flow: FlowPort, request?: HttpQuestion): Verdict {
    const source = this.peer(from, to)
    const destination = this.peer(to, from)
    return this.#evaluator.lookup(source, destination, flow, request)
  }

  /** Why the rules that select a pod cannot be merged. Only what parses a port as HTTP and what parses it as DNS cannot be. */
  conflict(pod: string): string | undefined {
    this.#mayConflict ??= (["http", "dns"] as const).every((kind) =>
      this.rules.some(({ entries }) => entries.some(({ ports }) => ports?.some(({ l7 }) => l7?.[kind] !== undefined))),
    )
    return this.#mayConflict ? this.#evaluator.conflict?.(this.peer(pod, pod)) : undefined
  }

  /** All pairs of these pods at once; the entities that are no pods come after them, as peers. */
  matrix(pods: readonly string[]): ReachabilityMatrix {
    const members = [...pods.map((name) => this.peer(name, name)), ...ENTITIES.map((name) => reservedPeer(name, name))]
    const cilium = this.#settings.engine === "cilium"
    return ReachabilityMatrix.build({
      pods: members.map(({ name, labels, podLabels = labels, addresses, namedPorts }) => ({
        name,
        labels: cilium ? labels : podLabels,
        addresses,
        ...(namedPorts === undefined ? {} : { namedPorts }),
      })),
      rules: this.rules,
      engine: this.#settings.engine,
      enforcement: this.#settings.enforcement,
    })
  }

  /** Every pod with a network of its own, as `namespace/name`. */
  get pods(): string[] {
    return this.#pods()
      .filter(({ spec, status }) => spec.hostNetwork !== true && (status.podIP ?? "") !== "")
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  }

  #list(apiVersion: string, kind: string): ApiObject[] {
    const { registry } = this.#server
    const resource = registry.resourceByKind(apiVersion, kind)
    return resource === undefined ? [] : registry.list(resource)
  }

  #pods(): Pod[] {
    return this.#list("v1", "Pod") as Pod[]
  }

  #nodes(): Node[] {
    return this.#list("v1", "Node") as Node[]
  }

  // ── ends ────────────────────────────────────────────────────────────────────────────────────

  /** A pod, a machine or an address. A machine is the host to its own pods and a remote node to others. Throws with what exists. */
  peer(reference: string, other: string): Peer {
    const name = reference.includes("/") || this.#isNode(reference) ? reference : `default/${reference}`
    const key = this.#isNode(name) ? `${name} seen by ${other}` : name
    let peer = this.#peers.get(key)
    if (peer === undefined) this.#peers.set(key, (peer = this.#make(reference, name, other)))
    return peer
  }

  #isNode(name: string): boolean {
    return this.#nodes().some(({ metadata }) => metadata.name === name)
  }

  #make(reference: string, name: string, other: string): Peer {
    const address = parseIpv4(reference)
    const pod = this.#pods().find((one) =>
      address === undefined
        ? `${one.metadata.namespace}/${one.metadata.name}` === name
        : one.spec.hostNetwork !== true && one.status.podIP === reference,
    )
    if (pod !== undefined)
      return pod.spec.hostNetwork === true ? this.#host(pod.spec.nodeName ?? "", other) : this.#pod(pod)
    const node = this.#nodes().find(
      ({ metadata, status }) =>
        metadata.name === name || (status.addresses ?? []).some((one) => one.address === reference),
    )
    if (node !== undefined) return this.#host(node.metadata.name, other)
    if (address !== undefined) return externalPeer(reference, [reference])
    throw new RangeError(
      `no pod or node "${reference}"; pods: ${this.pods.map((one) => one.replace(/^default\//, "")).join(", ") || "none"}; nodes: ${this.#nodes()
        .map(({ metadata }) => metadata.name)
        .join(", ")}; or an address`,
    )
  }

  #pod(pod: Pod): Peer {
    const { name, namespace = "default", labels = {} } = pod.metadata
    const own = this.#list("v1", "Namespace").find(({ metadata }) => metadata.name === namespace)
    return podPeer({
      namespace,
      name,
      labels,
      namespaceLabels: own?.metadata.labels ?? {},
      ...(pod.spec.serviceAccountName === undefined ? {} : { serviceAccount: pod.spec.serviceAccountName }),
      clusterName: this.#settings.clusterName,
      addresses: pod.status.podIP === undefined ? [] : [pod.status.podIP],
      namedPorts: namedPorts(pod),
      ...(pod.spec.nodeName === undefined ? {} : { node: pod.spec.nodeName }),
    })
  }

  #host(node: string, other: string): Peer {
    const full = other.includes("/") ? other : `default/${other}`
    const beside = this.#pods().find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === full)
    const object = this.#nodes().find(({ metadata }) => metadata.name === node)
    const addresses = (object?.status.addresses ?? []).flatMap((one) =>
      one.type === "InternalIP" ? [one.address] : [],
    )
    const server = object?.metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined
    const kind = beside?.spec.nodeName === node ? "host" : server ? "kube-apiserver" : "remote-node"
    const peer = reservedPeer(node, kind, addresses, node)
    return this.#settings.nodeSelectorLabels
      ? { ...peer, labels: new LabelSet([...peer.labels.labels, ...nodeLabels(object?.metadata.labels ?? {})]) }
      : peer
  }

  // ── rules ───────────────────────────────────────────────────────────────────────────────────

  #build(): Evaluator {
    const { rules } = this
    const { engine, enforcement } = this.#settings
    if (engine === "kubernetes") return new KubernetesEvaluator(rules)
    const cilium = new CiliumEvaluator({ enforcement })
    cilium.repository.upsert(rules)
    return cilium
  }

  #rules(): Rule[] {
    const rules = this.#list("networking.k8s.io/v1", "NetworkPolicy").map((object) =>
      parseNetworkPolicy(object as PolicyObject),
    )
    if (this.#settings.engine === "kubernetes") return rules
    const options = this.#parseOptions()
    for (const kind of ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"])
      for (const object of this.#list("cilium.io/v2", kind))
        rules.push(...parseCiliumPolicy(object as PolicyObject, options).rules)
    return rules
  }

  #parseOptions(): ParseOptions {
    return {
      clusterName: this.#settings.clusterName,
      nodeSelectorLabels: this.#settings.nodeSelectorLabels,
      cidrGroups: this.#list("cilium.io/v2", "CiliumCIDRGroup").map(({ metadata, ...object }) => ({
        name: metadata.name,
        labels: metadata.labels ?? {},
        externalCIDRs: (object["spec"] as { externalCIDRs: string[] }).externalCIDRs,
      })),
      services: this.#list("v1", "Service").map(({ metadata, ...object }) => {
        const { selector } = object["spec"] as { selector?: Record<string, string> }
        const { namespace = "default", name, labels = {} } = metadata
        return { namespace, name, labels, ...(selector === undefined ? {} : { selector }), backends: [] }
      }),
    }
  }

  /** Where the part of a policy stands that decided: `deny.yaml:6`, when its manifest is known. */
  locate = ({ origin, path }: RuleRef): string | undefined => {
    const source = this.#server.sources.get(origin.uid)
    if (source === undefined) return undefined
    const whole = source.path === "" ? path : `${source.path}.${path}`
    const line = manifestLine(source.text, source.document, whole)
    return line === undefined ? source.file : `${source.file}:${line}`
  }
}

function namedPorts(pod: Pod): NamedPorts {
  const ports = new Map<string, number[]>()
  for (const { name, containerPort, protocol = "TCP" } of pod.spec.containers.flatMap(
    (container) => container.ports ?? [],
  )) {
    if (name === undefined) continue
    const key = `${name}/${IPPROTO[protocol as keyof typeof IPPROTO]}`
    ports.set(key, [...(ports.get(key) ?? []), containerPort])
  }
  return ports
}
