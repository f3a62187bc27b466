/** Reads test/corpus (a copy of the conformance corpus; its README has the sources and licences) and builds a case's cluster. */
import { readFileSync } from "node:fs"
import type { NamedPorts } from "../../src/policy/api.ts"
import { LabelSet } from "../../src/policy/labels.ts"
import { ADMIN_KINDS, parseAdminPolicy } from "../../src/policy/parse/admin-policy.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import type { ParseOptions } from "../../src/policy/parse/options.ts"
import { externalPeer, type Peer, podPeer, type ReservedPeer, reservedPeer } from "../../src/policy/peer.ts"
import { IPPROTO, type Rule } from "../../src/policy/rule.ts"
import type { TierPolicy } from "../../src/policy/tiers.ts"

export const REACHABILITY_SUITES = [
  "k8s-e2e",
  "cyclonus",
  "network-policy-api",
  "recipes",
  "np-guard",
  "cilium-knp",
  "cilium-connectivity",
  "cilium-examples",
  "cilium-unit",
  "cilium-semantics",
] as const

type Labels = Record<string, string>

export interface CorpusPod {
  namespace: string
  name: string
  labels: Labels
  node?: string
  ips: string[]
  hostNetwork?: boolean
  serviceAccount?: string
  cluster?: string
  containers?: { ports: { name?: string; containerPort: number; protocol: "TCP" | "UDP" | "SCTP" }[] }[]
}

export interface CorpusExternal {
  name: string
  ips?: string[]
  dns?: string[]
  entity?: ReservedPeer
}

export type CorpusObject = PolicyObject & {
  apiVersion: string
  metadata: { name: string; namespace?: string; labels?: Labels }
  stringData?: Labels
}

export type CorpusAction =
  | { op: "create" | "update"; object: CorpusObject }
  | { op: "delete"; kind: string; namespace?: string; name: string }
  | { op: "deleteAllPolicies" }
  | { op: "setLabels"; target: { kind: string; namespace?: string; name: string }; labels: Labels }
  | { op: "createNamespace"; namespace: { name: string; labels: Labels } }
  | { op: "createPod"; pod: CorpusPod }

export interface CorpusRequest {
  request: { method: string; path: string; host?: string; headers?: Labels }
  verdict: "allow" | "deny"
  status?: number
  upstreamHeaders?: Labels
}

export interface CorpusTable {
  protocol: "TCP" | "UDP" | "SCTP" | "ICMP"
  port: number
  direction?: "ingress" | "egress"
  basis: string
  rows: string[]
  from?: string[]
  to?: string[]
  rowsByEngine?: { cilium?: string[] }
}

export interface CorpusFlow {
  from: string
  to: string
  protocol: CorpusTable["protocol"]
  port: number
  verdict: "allow" | "deny"
  drop?: { direction: "ingress" | "egress"; reason: "default-deny" | "policy-deny" | "auth-required" }
  http?: CorpusRequest[]
  tls?: { serverName: string; verdict: "allow" | "deny" }[]
}

export interface CorpusL7Side {
  parser: string
  wildcard: boolean
  http?: Record<string, unknown>[]
  dns?: Record<string, unknown>[]
  serverNames?: string[]
}

export interface CorpusL7 {
  pairs: [string, string][]
  protocol: CorpusTable["protocol"]
  port: number
  ingress?: CorpusL7Side
  egress?: CorpusL7Side
  requests?: CorpusRequest[]
}

export interface CorpusCase {
  id: string
  suite: string
  profile: "kubernetes" | "cilium" | "network-policy-api"
  config: { policyEnforcement?: "default" | "always" | "never" }
  cluster: {
    nodes?: { name: string; ips: string[]; labels?: Labels }[]
    namespaces: { name: string; labels: Labels }[]
    pods: CorpusPod[]
    services?: { namespace: string; name: string; labels?: Labels; selector?: Labels }[]
    externals?: CorpusExternal[]
  }
  steps: {
    name: string
    actions: CorpusAction[]
    expect: { from?: string[]; to?: string[]; tables?: CorpusTable[]; flows?: CorpusFlow[]; l7?: CorpusL7[] }
  }[]
}

export function corpusLines<T>(path: string): T[] {
  const text = readFileSync(new URL(`../corpus/${path}`, import.meta.url), "utf8")
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T)
}

export function corpusCases(suite: string): CorpusCase[] {
  return corpusLines<CorpusCase>(`${suite}/cases.jsonl`)
}

export const PROTOCOL = { ...IPPROTO, ICMP: IPPROTO.ICMP } as const

/** A case's cluster as its actions change it. */
export class CorpusWorld {
  readonly namespaces = new Map<string, Labels>()
  readonly pods = new Map<string, CorpusPod>()
  readonly objects = new Map<string, CorpusObject>()
  readonly #case: CorpusCase
  readonly #externals = new Map<string, Peer>()
  #podPeers = new Map<string, Peer>()

  constructor(test: CorpusCase) {
    this.#case = test
    for (const { name, labels } of test.cluster.namespaces) this.namespaces.set(name, labels)
    for (const pod of test.cluster.pods) this.pods.set(`${pod.namespace}/${pod.name}`, pod)
    for (const external of test.cluster.externals ?? [])
      this.#externals.set(`ext:${external.name}`, externalOf(external))
  }

  apply(action: CorpusAction): void {
    this.#podPeers = new Map()
    switch (action.op) {
      case "create":
      case "update":
        this.objects.set(objectKey(action.object.kind, action.object.metadata), action.object)
        break
      case "delete":
        if (action.kind === "Pod") this.pods.delete(`${action.namespace}/${action.name}`)
        else if (action.kind === "Namespace") this.namespaces.delete(action.name)
        else this.objects.delete(objectKey(action.kind, action))
        break
      case "deleteAllPolicies":
        for (const [key, { kind }] of this.objects) if (kind.endsWith("NetworkPolicy")) this.objects.delete(key)
        break
      case "setLabels":
        this.#setLabels(action.target, action.labels)
        break
      case "createNamespace":
        this.namespaces.set(action.namespace.name, action.namespace.labels)
        break
      case "createPod":
        this.pods.set(`${action.pod.namespace}/${action.pod.name}`, action.pod)
        break
      default:
        throw new Error(`corpus action ${JSON.stringify(action)}`)
    }
  }

  #setLabels({ kind, namespace, name }: { kind: string; namespace?: string; name: string }, labels: Labels): void {
    if (kind === "Namespace") this.namespaces.set(name, labels)
    else {
      const key = `${namespace}/${name}`
      const pod = this.pods.get(key)
      if (pod === undefined) throw new Error(`no pod ${key}`)
      this.pods.set(key, { ...pod, labels })
    }
  }

  peer(reference: string): Peer {
    const known = this.#externals.get(reference) ?? this.#podPeers.get(reference)
    if (known !== undefined) return known
    const pod = this.pods.get(reference)
    if (pod === undefined) throw new Error(`no peer ${reference} in ${this.#case.id}`)
    const peer = this.#podPeer(pod)
    this.#podPeers.set(reference, peer)
    return peer
  }

  #podPeer(pod: CorpusPod): Peer {
    if (pod.hostNetwork === true) {
      const labels = this.#case.cluster.nodes?.find(({ name }) => name === pod.node)?.labels ?? {}
      const nodeLabels = new LabelSet(Object.entries(labels).map(([key, value]) => `node:${key}=${value}`))
      return { ...reservedPeer(`${pod.namespace}/${pod.name}`, "remote-node", pod.ips, pod.node), nodeLabels }
    }
    return podPeer({
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      namespaceLabels: this.namespaces.get(pod.namespace) ?? {},
      ...(pod.serviceAccount === undefined ? {} : { serviceAccount: pod.serviceAccount }),
      clusterName: pod.cluster ?? "default",
      addresses: pod.ips,
      namedPorts: namedPorts(pod),
      ...(pod.node === undefined ? {} : { node: pod.node }),
    })
  }

  /** What the agent knows beside the policies. */
  get parseOptions(): ParseOptions {
    const groups = [...this.objects.values()].filter(({ kind }) => kind === "CiliumCIDRGroup")
    return {
      nodeSelectorLabels: true,
      cidrGroups: groups.map(({ metadata, spec }) => ({
        name: metadata.name,
        labels: metadata.labels ?? {},
        externalCIDRs: (spec as { externalCIDRs: string[] }).externalCIDRs,
      })),
      services: (this.#case.cluster.services ?? []).map(({ namespace, name, labels = {}, selector }) => ({
        namespace,
        name,
        labels,
        ...(selector === undefined ? {} : { selector }),
        backends: [],
      })),
    }
  }

  /** Rules of every NetworkPolicy and Cilium policy. An object the agent refuses fails the case. */
  rules(): Rule[] {
    return [...this.objects.values()].flatMap((object) => {
      if (object.kind === "NetworkPolicy") return [parseNetworkPolicy(object)]
      if (object.kind !== "CiliumNetworkPolicy" && object.kind !== "CiliumClusterwideNetworkPolicy") return []
      const { rules, error } = parseCiliumPolicy(object, this.parseOptions)
      if (error !== undefined) throw new Error(`${this.#case.id}: ${error}`)
      return rules
    })
  }

  tiers(): TierPolicy[] {
    const kinds: readonly string[] = ADMIN_KINDS
    return [...this.objects.values()].filter(({ kind }) => kinds.includes(kind)).map(parseAdminPolicy)
  }

  secret({ namespace = "", name }: { namespace?: string; name: string }): string | undefined {
    return this.objects.get(objectKey("Secret", { namespace, name }))?.stringData?.["value"]
  }
}

function objectKey(kind: string, { namespace = "", name }: { namespace?: string; name: string }): string {
  return `${kind}/${namespace}/${name}`
}

function externalOf({ name, ips = [], dns = [], entity }: CorpusExternal): Peer {
  return entity === undefined ? externalPeer(`ext:${name}`, ips, dns) : reservedPeer(`ext:${name}`, entity, ips)
}

function namedPorts(pod: CorpusPod): NamedPorts {
  const ports = new Map<string, number[]>()
  for (const { name, containerPort, protocol } of (pod.containers ?? []).flatMap((container) => container.ports)) {
    if (name === undefined) continue
    const key = `${name}/${IPPROTO[protocol]}`
    ports.set(key, [...(ports.get(key) ?? []), containerPort])
  }
  return ports
}
