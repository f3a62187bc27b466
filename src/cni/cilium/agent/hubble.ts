/** What the node's Hubble asks of its agent. Models pkg/hubble/cell and pkg/hubble/parser/getters. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import { timestamp } from "../../../kube/api/time.ts"
import type { Pod } from "../../../kube/api/types.ts"
import type { Kernel } from "../../../linux/kernel.ts"
import type { PolicyEntry } from "../../../policy/api.ts"
import type { FlowEndpoint, FlowService, PolicyName } from "../hubble/flow.ts"
import { NodeObserver } from "../hubble/observer.ts"
import type { HubbleMetadata } from "../hubble/parser.ts"
import type { Agent } from "./agent.ts"

class AgentMetadata implements HubbleMetadata {
  readonly #agent: Agent
  readonly #prng: ReturnType<Agent["prng"]["fork"]>

  constructor(agent: Agent) {
    this.#agent = agent
    this.#prng = agent.prng.fork("hubble/uuid")
  }

  get nodeName(): string {
    return `${this.#agent.clusterName}/${this.#agent.nodeName}`
  }

  get nodeLabels(): readonly string[] {
    return this.#agent.hostLabels.labels
      .filter((label) => label.startsWith("k8s:"))
      .map((label) => label.slice("k8s:".length))
  }

  peer(address: number, identity: number): FlowEndpoint {
    const agent = this.#agent
    const endpoint = agent.endpoints.byAddress(address)
    const known = endpoint?.identity ?? agent.datapath.ipcache.lookup(address)?.identity ?? 0
    const id = identity === 0 ? known : identity
    const pod = endpoint?.pod ?? agent.podOf(address)
    const labels = agent.labelsOf(id)?.labels
    return {
      ...(endpoint === undefined ? {} : { ID: endpoint.id }),
      identity: id,
      ...(pod === undefined ? {} : { cluster_name: agent.clusterName, namespace: pod.namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(pod === undefined ? {} : { pod_name: pod.name, ...this.#workloads(pod) }),
    }
  }

  #workloads({ namespace, name }: { namespace: string; name: string }): Pick<FlowEndpoint, "workloads"> {
    const { registry } = this.#agent
    const found = registry.get(registry.resource("pods"), namespace, name)
    const owner = isStatus(found) ? undefined : (found as Pod).metadata.ownerReferences?.[0]
    if (owner === undefined) return {}
    // A replica set stands for its deployment: the hash at its end is taken off.
    const hash = (found as Pod).metadata.labels?.["pod-template-hash"]
    return owner.kind === "ReplicaSet" && hash !== undefined
      ? { workloads: [{ name: owner.name.replace(new RegExp(`-${hash}$`), ""), kind: "Deployment" }] }
      : { workloads: [{ name: owner.name, kind: owner.kind }] }
  }

  endpointId(address: number): number {
    return this.#agent.endpoints.byAddress(address)?.id ?? 0
  }

  service(address: number, port: number): FlowService | undefined {
    return this.#agent.services.name(address, port)
  }

  names(endpoint: number, address: number): readonly string[] {
    return this.#agent.dnsNames(endpoint, address)
  }

  policies(entry: unknown): readonly PolicyName[] {
    const rules = (entry as PolicyEntry | undefined)?.rules ?? []
    const found = new Map<string, PolicyName>()
    for (const { origin } of rules) {
      const { kind, namespace, name } = origin
      const labels = [
        `k8s:io.cilium.k8s.policy.derived-from=${kind}`,
        `k8s:io.cilium.k8s.policy.name=${name}`,
        ...(namespace === undefined ? [] : [`k8s:io.cilium.k8s.policy.namespace=${namespace}`]),
        `k8s:io.cilium.k8s.policy.uid=${origin.uid}`,
      ]
      found.set(`${kind}/${namespace}/${name}`, {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        labels,
        revision: String(this.#agent.repository.revision),
        kind,
      })
    }
    return [...found.values()]
  }

  interfaceName(ifindex: number): string | undefined {
    return this.#agent.kernel.initNet.devices.find((dev) => dev.ifindex === ifindex)?.name
  }

  timestamp(time: number): string {
    const clock = this.#agent.kernel.sim
    const nanos = String(Math.floor(time) % 1e9).padStart(9, "0")
    return `${timestamp(clock, time).slice(0, -1)}.${nanos}Z`
  }

  uuid(): string {
    const hex = this.#prng.hex(32)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

const observers = new WeakMap<Kernel, NodeObserver>()
/** Of a cluster: what a relay's peers are. */
const peers = new WeakMap<Registry, Map<Kernel, NodeObserver>>()

/** Hubble begins to see what this node's programs say. */
export function startHubble(agent: Agent): void {
  const { kernel, registry } = agent
  const observer = new NodeObserver(agent.datapath.events, new AgentMetadata(agent), kernel.sim.now)
  observers.set(kernel, observer)
  const known = peers.get(registry) ?? new Map<Kernel, NodeObserver>()
  peers.set(registry, known.set(kernel, observer))
}

/** Those of all nodes whose agent runs. */
export const peersOf = (registry: Registry): readonly NodeObserver[] =>
  [...(peers.get(registry)?.entries() ?? [])].flatMap(([kernel, observer]) =>
    observers.get(kernel) === observer ? [observer] : [],
  )

/** Who answers on a machine's /var/run/cilium/hubble.sock. */
export const observerOf = (kernel: Kernel): NodeObserver | undefined => observers.get(kernel)

export function stopHubble(kernel: Kernel): void {
  observers.delete(kernel)
}
