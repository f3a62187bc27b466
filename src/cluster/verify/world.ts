/** A case's cluster as data, as its actions change it, with the ends of flows that policy knows. */
import type { NamedPorts } from "../../policy/api.ts"
import { nodeLabels } from "../../policy/identity-labels.ts"
import { LabelSet } from "../../policy/labels.ts"
import { ADMIN_KINDS, parseAdminPolicy } from "../../policy/parse/admin-policy.ts"
import { parseCiliumPolicy } from "../../policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../policy/parse/network-policy.ts"
import type { ParseOptions } from "../../policy/parse/options.ts"
import { externalPeer, type Peer, podPeer, type ReservedPeer, reservedPeer } from "../../policy/peer.ts"
import { IPPROTO, type Rule } from "../../policy/rule.ts"
import type { TierPolicy } from "../../policy/tiers.ts"
import type { Case, CaseAction, CaseExternal, CaseObject, CasePod, ObjectSource } from "./case.ts"
import { CaseError } from "./read.ts"

type Labels = Readonly<Record<string, string>>

export class CaseWorld {
  readonly namespaces: Map<string, Labels> = new Map()
  readonly pods: Map<string, CasePod> = new Map()
  readonly objects: Map<string, CaseObject> = new Map()
  readonly sources: Map<string, ObjectSource> = new Map()
  readonly #case: Case
  readonly #externals = new Map<string, Peer>()
  #podPeers = new Map<string, Peer>()

  constructor(test: Case) {
    this.#case = test
    for (const { name, labels } of test.cluster.namespaces) this.namespaces.set(name, labels)
    for (const pod of test.cluster.pods) this.pods.set(`${pod.namespace}/${pod.name}`, pod)
    for (const external of test.cluster.externals ?? [])
      this.#externals.set(`ext:${external.name}`, externalOf(external))
  }

  apply(action: CaseAction): void {
    this.#podPeers = new Map()
    switch (action.op) {
      case "create":
      case "update": {
        const key = objectKey(action.object.kind, action.object.metadata)
        this.objects.set(key, action.object)
        if (action.source !== undefined) this.sources.set(key, action.source)
        break
      }
      case "delete":
        if (action.kind === "Pod") this.pods.delete(`${action.namespace}/${action.name}`)
        else if (action.kind === "Namespace") this.namespaces.delete(action.name)
        else if (!this.objects.delete(objectKey(action.kind, action)))
          throw new CaseError(`${this.#case.id}: there is no ${action.kind} ${action.name} to delete`)
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
    }
  }

  #setLabels({ kind, namespace, name }: { kind: string; namespace?: string; name: string }, labels: Labels): void {
    if (kind === "Namespace") {
      this.namespaces.set(name, labels)
      return
    }
    const key = `${namespace}/${name}`
    const pod = this.pods.get(key)
    if (pod === undefined)
      throw new CaseError(`${this.#case.id}: no pod ${key}; there are: ${[...this.pods.keys()].join(", ")}`)
    this.pods.set(key, { ...pod, labels })
  }

  /** `namespace/pod` or `ext:name`. Throws with what exists. */
  peer(reference: string): Peer {
    const known = this.#externals.get(reference) ?? this.#podPeers.get(reference)
    if (known !== undefined) return known
    const pod = this.pods.get(reference)
    if (pod === undefined)
      throw new CaseError(
        `${this.#case.id}: no ${reference}; there are: ${[...this.pods.keys(), ...this.#externals.keys()].join(", ")}`,
      )
    const peer = this.#podPeer(pod)
    this.#podPeers.set(reference, peer)
    return peer
  }

  #podPeer(pod: CasePod): Peer {
    // On their node's own network they are that node, to everybody else a remote one.
    if (pod.hostNetwork === true) {
      const labels = this.#case.cluster.nodes?.find(({ name }) => name === pod.node)?.labels ?? {}
      const peer = reservedPeer(`${pod.namespace}/${pod.name}`, "remote-node", pod.ips, pod.node)
      return { ...peer, nodeLabels: new LabelSet(nodeLabels(labels)) }
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
      cidrGroups: groups.map(({ metadata, ...object }) => ({
        name: metadata.name,
        labels: (metadata["labels"] ?? {}) as Labels,
        externalCIDRs: (object["spec"] as { externalCIDRs: string[] }).externalCIDRs,
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

  /** Rules of every NetworkPolicy and Cilium policy; an object the agent refuses has none, and is named in {@link refused}. */
  rules(): Rule[] {
    this.refused = []
    return [...this.objects.values()].flatMap((object) => {
      if (object.kind === "NetworkPolicy") return [parseNetworkPolicy(object)]
      if (object.kind !== "CiliumNetworkPolicy" && object.kind !== "CiliumClusterwideNetworkPolicy") return []
      const { rules, error } = parseCiliumPolicy(object, this.parseOptions)
      if (error !== undefined) this.refused.push(`${object.kind} ${object.metadata.name}: ${error}`)
      return rules
    })
  }

  /** AdminNetworkPolicies and what came of them. */
  tiers(): TierPolicy[] {
    const kinds: readonly string[] = ADMIN_KINDS
    return [...this.objects.values()].filter(({ kind }) => kinds.includes(kind)).map(parseAdminPolicy)
  }

  /** Policies without effect, and why. */
  refused: string[] = []

  secret({ namespace = "", name }: { namespace?: string; name: string }): string | undefined {
    const secret = this.objects.get(objectKey("Secret", { namespace, name }))
    return (secret?.["stringData"] as Labels | undefined)?.["value"]
  }
}

export function objectKey(kind: string, { namespace = "", name }: { namespace?: string; name: string }): string {
  return `${kind}/${namespace}/${name}`
}

const externalOf = ({ name, ips = [], dns = [], entity }: CaseExternal): Peer =>
  entity === undefined
    ? externalPeer(`ext:${name}`, ips, dns)
    : reservedPeer(`ext:${name}`, entity as ReservedPeer, ips)

function namedPorts(pod: CasePod): NamedPorts {
  const ports = new Map<string, number[]>()
  for (const { name, containerPort, protocol = "TCP" } of (pod.containers ?? []).flatMap(
    (container) => container.ports,
  )) {
    if (name === undefined) continue
    const key = `${name}/${IPPROTO[protocol]}`
    ports.set(key, [...(ports.get(key) ?? []), containerPort])
  }
  return ports
}
