/** A node's endpoints: made for the CNI plugin, told to the data path and to the API. Models pkg/endpointmanager and pkg/endpoint. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { ApiObject, Pod } from "../../../kube/api/types.ts"
import type { EndpointPolicy } from "../../../policy/endpoint-policy.ts"
import { PolicyConflict } from "../../../policy/l4-filter.ts"
import type { LabelSet } from "../../../policy/labels.ts"
import type { PolicyRepository } from "../../../policy/repository.ts"
import type { Prng } from "../../../sim/prng.ts"
import { SECOND, type Simulation } from "../../../sim/simulation.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import type { CiliumDatapath } from "../datapath/datapath.ts"
import type { NameManager } from "../fqdn/name-manager.ts"
import type { EndpointRequest, PodRef } from "../plugin/agent-client.ts"
import { deleteCiliumEndpoint, writeCiliumEndpoint } from "./cilium-endpoint.ts"
import { type Endpoint, endpointName } from "./endpoint.ts"
import type { IdentityAllocator } from "./identity.ts"
import type { Ipcache } from "./ipcache.ts"
import type { Log } from "./log.ts"
import { namedPorts, podLabels } from "./pod-labels.ts"
import type { Redirects } from "./redirects.ts"
import type { NodeState } from "./state.ts"

const MODULE = "agent.controlplane.endpoint-manager"
const ID_MAX = 4095
/** From an endpoint's new labels to its new identity: others are to know the number first (identity-change-grace-period). */
const GRACE = 5 * SECOND

export interface EndpointHost {
  readonly sim: Simulation
  readonly registry: Registry
  readonly nodeIp: string
  readonly clusterName: string
  readonly log: Log
  readonly prng: Prng
  readonly datapath: CiliumDatapath
  readonly identities: IdentityAllocator
  readonly ipcache: Ipcache
  readonly repository: PolicyRepository
  readonly redirects: Redirects
  readonly names: NameManager
  readonly state: NodeState
  /** The agent goes on; false once it has ended. */
  readonly alive: boolean
}

export class EndpointManager {
  readonly #host: EndpointHost

  constructor(host: EndpointHost) {
    this.#host = host
  }

  /** By id. */
  get list(): Endpoint[] {
    return [...this.#host.state.endpoints.values()].sort((a, b) => a.id - b.id)
  }

  byId(id: number): Endpoint | undefined {
    return this.#host.state.endpoints.get(id)
  }

  byAddress(address: number): Endpoint | undefined {
    return this.list.find((endpoint) => endpoint.address === address)
  }

  byAttachment(containerId: string, containerInterface: string): Endpoint | undefined {
    return this.list.find(
      (endpoint) => endpoint.containerId === containerId && endpoint.containerInterface === containerInterface,
    )
  }

  byPod({ namespace, name }: { namespace: string; name: string }): Endpoint | undefined {
    return this.list.find(({ pod }) => pod?.namespace === namespace && pod.name === name)
  }

  /** A random id that is free. */
  newId(): number {
    const { prng, state } = this.#host
    let id = 1 + prng.below(ID_MAX)
    while (state.endpoints.has(id)) id = (id % ID_MAX) + 1
    return id
  }

  /** For a pod's new interface; text when it is refused. */
  create(request: EndpointRequest): string | undefined {
    const { log, state } = this.#host
    const labels = this.#labelsOf(request.pod)
    if (typeof labels === "string") return labels
    const identity = this.#host.identities.allocate(labels.set)
    if (typeof identity === "string") return `unable to resolve identity: ${identity}`
    const endpoint: Endpoint = {
      id: this.newId(),
      kind: "pod",
      containerId: request.containerId,
      containerInterface: request.containerInterface,
      pod: request.pod,
      address: request.address,
      hostInterface: request.hostInterface,
      ifindex: request.hostIfindex,
      mac: request.mac,
      hostMac: request.hostMac,
      labels: labels.set,
      identity,
      state: "regenerating",
      namedPorts: namedPorts(labels.pod),
      policy: undefined,
      policyError: undefined,
      regenerated: 0,
    }
    state.endpoints.set(endpoint.id, endpoint)
    log("info", "New endpoint", MODULE, this.#fields(endpoint))
    const refused = this.attach(endpoint)
    if (refused !== undefined) state.endpoints.delete(endpoint.id)
    return refused
  }

  #fields(endpoint: Endpoint): Record<string, string | number> {
    return {
      ciliumEndpointName: endpointName(endpoint),
      endpointID: endpoint.id,
      containerID: endpoint.containerId.slice(0, 10),
      ipv4: formatIpv4(endpoint.address),
    }
  }

  /** Programs, policy, address and object of an endpoint: for a new one, and for those a former agent has left. */
  attach(endpoint: Endpoint): string | undefined {
    const { datapath, log } = this.#host
    const refused = datapath.attach({
      id: endpoint.id,
      identity: endpoint.identity,
      address: endpoint.address,
      mac: endpoint.mac,
      hostInterface: endpoint.hostInterface,
      name: endpointName(endpoint),
    })
    if (refused !== undefined) return refused.message
    this.#publishIdentity(endpoint)
    this.regenerate(endpoint)
    log("info", "Successful endpoint creation", MODULE, this.#fields(endpoint))
    return undefined
  }

  /** The address is known here before the API tells it. */
  #publishIdentity(endpoint: Endpoint): void {
    const { ipcache, repository, registry, nodeIp } = this.#host
    repository.addIdentity(endpoint.identity, endpoint.labels, endpoint.namedPorts)
    ipcache.upsert(`${formatIpv4(endpoint.address)}/32`, "local", {
      identity: endpoint.identity,
      ...(endpoint.pod === undefined ? {} : { pod: endpoint.pod }),
      origin: `endpoint ${endpoint.id} ${endpointName(endpoint)}`,
    })
    writeCiliumEndpoint(registry, { ...endpoint, state: "ready" }, nodeIp)
  }

  /** Resolves the policy anew and hands it to the programs. */
  regenerate(endpoint: Endpoint): void {
    const { repository, redirects, datapath, sim, log } = this.#host
    const old = endpoint.policy as EndpointPolicy | undefined
    try {
      const policy = repository.resolve({
        labels: endpoint.labels,
        namedPorts: endpoint.namedPorts,
        proxyPort: (redirect) => redirects.portOf(redirect),
      })
      endpoint.policy = policy
      endpoint.policyError = undefined
      datapath.setPolicy(endpoint.id, policy)
      redirects.update(endpoint, policy)
      if (old !== undefined) repository.close(old)
    } catch (error) {
      if (!(error instanceof PolicyConflict)) throw error
      // What cannot be merged leaves the endpoint with what it had.
      endpoint.policyError = error.message
      log("warn", "Regeneration of endpoint failed", MODULE, { endpointID: endpoint.id, error: endpoint.policyError })
    }
    endpoint.regenerated = sim.now
    endpoint.state = "ready"
  }

  /** Those whose rules have changed. */
  regenerateWhere(affected: (labels: LabelSet) => boolean): void {
    for (const endpoint of this.list)
      if (endpoint.kind !== "host" && affected(endpoint.labels)) this.regenerate(endpoint)
  }

  delete(endpoint: Endpoint): void {
    const { datapath, ipcache, repository, redirects, registry, state, names, log } = this.#host
    endpoint.state = "disconnecting"
    datapath.detach(endpoint.id)
    ipcache.delete(`${formatIpv4(endpoint.address)}/32`, "local")
    redirects.remove(endpoint)
    if (endpoint.policy !== undefined) repository.close(endpoint.policy as EndpointPolicy)
    names.forget(endpoint.id)
    deleteCiliumEndpoint(registry, endpoint)
    state.endpoints.delete(endpoint.id)
    log("info", "Removed endpoint", MODULE, this.#fields(endpoint))
  }

  // ── labels ──────────────────────────────────────────────────────────────────────────────────

  #labelsOf(ref: PodRef): { set: LabelSet; pod: Pod } | string {
    const { registry, clusterName } = this.#host
    const found = registry.get(registry.resource("pods"), ref.namespace, ref.name)
    if (isStatus(found)) return `unable to fetch pod ${ref.namespace}/${ref.name}: ${found.message}`
    const pod = found as Pod
    return { set: podLabels(pod, this.#namespace(ref.namespace), clusterName), pod }
  }

  #namespace(name: string): ApiObject | undefined {
    const { registry } = this.#host
    const found = registry.get(registry.resource("namespaces"), undefined, name)
    return isStatus(found) ? undefined : found
  }

  /** A pod's labels, or its namespace's, may be others now. */
  labelsChanged(matches: (pod: PodRef) => boolean): void {
    for (const endpoint of this.list) if (endpoint.pod !== undefined && matches(endpoint.pod)) this.#relabel(endpoint)
  }

  #relabel(endpoint: Endpoint): void {
    const labels = this.#labelsOf(endpoint.pod as PodRef)
    if (typeof labels === "string" || labels.set.text === endpoint.labels.text) return
    const { identities, sim, log } = this.#host
    const identity = identities.allocate(labels.set)
    if (typeof identity === "string") return
    log("info", "Identity of endpoint changed", MODULE, {
      ...this.#fields(endpoint),
      oldIdentity: endpoint.identity,
      identity,
      identityLabels: labels.set.labels.join(","),
    })
    endpoint.labels = labels.set
    sim.schedule(GRACE, { fire: () => this.#move(endpoint, labels.set, identity) }, 0)
  }

  #move(endpoint: Endpoint, labels: LabelSet, identity: number): void {
    const { alive, state, datapath } = this.#host
    if (!alive || state.endpoints.get(endpoint.id) !== endpoint || endpoint.labels !== labels) return
    endpoint.identity = identity
    datapath.setIdentity(endpoint.id, identity)
    this.#publishIdentity(endpoint)
    this.regenerate(endpoint)
  }
}
