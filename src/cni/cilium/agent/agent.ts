/** The agent of one node: what its parts share, and what its API answers. Models daemon/cmd/daemon.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { Node, Pod } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import type { Kernel } from "../../../linux/kernel.ts"
import { nodeLabels } from "../../../policy/identity-labels.ts"
import { LabelSet } from "../../../policy/labels.ts"
import { PolicyRepository } from "../../../policy/repository.ts"
import type { Prng } from "../../../sim/prng.ts"
import type { Simulation } from "../../../sim/simulation.ts"
import { formatIpv4, type Prefix } from "../../../wire/address.ts"
import { type CiliumDatapath, datapathOf } from "../datapath/datapath.ts"
import { CtDirection } from "../datapath/maps/ct-map.ts"
import { xdsOf } from "../envoy/xds.ts"
import { NameManager } from "../fqdn/name-manager.ts"
import type { AgentClient, AgentConfig, EndpointRequest, PodRef } from "../plugin/agent-client.ts"
import { drainDeletions } from "../plugin/delete-queue.ts"
import type { CniConf } from "./cni-conf.ts"
import { type EndpointHost, EndpointManager } from "./endpoint-manager.ts"
import { IdentityAllocator, labelsOfIdentity, RESERVED_IDENTITIES } from "./identity.ts"
import type { Ipam } from "./ipam.ts"
import { Ipcache } from "./ipcache.ts"
import { LocalIdentities } from "./local-identities.ts"
import type { Log } from "./log.ts"
import { IdentityPorts } from "./named-ports.ts"
import { NodeIdentities } from "./node-identities.ts"
import { NodeManager } from "./nodes.ts"
import type { AgentOptions } from "./options.ts"
import { PolicyWatcher } from "./policies.ts"
import { type HttpJudge, Redirects } from "./redirects.ts"
import { ServiceReflector } from "./services.ts"
import { type NodeState, stateOf } from "./state.ts"

export interface AgentParts {
  readonly kernel: Kernel
  readonly registry: Registry
  readonly node: Node
  readonly nodeIp: string
  readonly options: AgentOptions
  readonly log: Log
  readonly ipam: Ipam
  readonly routerIp: number
  readonly podCidr: Prefix
  readonly judge: HttpJudge
}

/** From the answer of the plugin's question to the pod's route (tunnel overhead). */
const OVERHEAD = 50
const HOST = 1

export class Agent implements AgentClient, EndpointHost {
  readonly kernel: Kernel
  readonly registry: Registry
  readonly nodeName: string
  readonly nodeIp: string
  readonly clusterName: string
  readonly options: AgentOptions
  readonly log: Log
  readonly prng: Prng
  readonly datapath: CiliumDatapath
  readonly ipam: Ipam
  readonly routerIp: number
  readonly podCidr: Prefix
  readonly state: NodeState
  readonly repository: PolicyRepository
  readonly identities: IdentityAllocator
  readonly ipcache: Ipcache
  readonly localIdentities: LocalIdentities
  /** Of other nodes, with nodeSelectorLabels. */
  readonly nodeIdentities: NodeIdentities | undefined
  readonly redirects: Redirects
  readonly endpoints: EndpointManager
  readonly nodes: NodeManager
  readonly policies: PolicyWatcher
  readonly services: ServiceReflector
  /** Labels of the cluster's identities, as their objects say. */
  readonly clusterIdentities: Map<number, LabelSet> = new Map()
  readonly startTime: number
  cniConf: CniConf | undefined = undefined
  /** What endpoints have resolved. */
  readonly names: NameManager
  alive = true
  readonly #ports = new IdentityPorts()
  readonly #node: Node
  readonly #informers: Informer[] = []

  constructor(parts: AgentParts) {
    const { kernel, registry, node, options } = parts
    this.kernel = kernel
    this.registry = registry
    this.#node = node
    this.nodeName = node.metadata.name
    this.nodeIp = parts.nodeIp
    this.clusterName = options.clusterName
    this.options = options
    this.log = parts.log
    this.ipam = parts.ipam
    this.routerIp = parts.routerIp
    this.podCidr = parts.podCidr
    this.startTime = kernel.sim.now
    this.prng = kernel.prng.fork(`cilium/agent/${kernel.sim.now}`)
    this.datapath = datapathOf(kernel)
    this.state = stateOf(kernel)
    this.repository = new PolicyRepository({ enforcement: options.enforcement })
    for (const [id, labels] of RESERVED_IDENTITIES) this.repository.addIdentity(id, labels)
    this.identities = new IdentityAllocator(registry, kernel.prng.fork("cilium/identities"))
    this.ipcache = new Ipcache(this.datapath.ipcache)
    this.localIdentities = new LocalIdentities(this.repository, this.ipcache)
    this.redirects = new Redirects(kernel, this.datapath, parts.judge)
    this.names = new NameManager({
      sim: kernel.sim,
      histories: this.state.histories,
      selectors: () => this.repository.fqdnSelectors,
      label: (owner, prefix, labels) => {
        if (labels.length === 0) this.localIdentities.delete(owner, prefix)
        else this.localIdentities.set(owner, prefix, labels)
      },
      connected: (endpoint, address) => this.#connected(endpoint, address),
      minTtl: Number(options.all.get("tofqdns-min-ttl") ?? 0),
    })
    this.endpoints = new EndpointManager(this)
    this.nodeIdentities = options.nodeSelectorLabels ? new NodeIdentities(this.repository) : undefined
    this.nodes = new NodeManager(
      registry,
      this.nodeName,
      this.nodeIp,
      this.datapath,
      this.ipcache,
      (owner, id, ports) => {
        for (const identity of this.#ports.set(owner, id, ports)) this.#tellIdentity(identity)
      },
      this.nodeIdentities,
    )
    this.nodes.apiServerMoved = () => this.repository.addIdentity(HOST, this.labelsOf(HOST) as LabelSet)
    this.policies = new PolicyWatcher(this.#policyHost())
    this.services = new ServiceReflector(registry, this.datapath.lb, this.nodeName)
  }

  get sim(): Simulation {
    return this.kernel.sim
  }

  #policyHost(): ConstructorParameters<typeof PolicyWatcher>[0] {
    const { registry, options, log, repository } = this
    return {
      registry,
      options,
      log,
      repository,
      rulesChanged: (affects) => {
        this.localIdentities.setPolicyPrefixes(repository.prefixes)
        this.names.selectorsChanged()
        this.endpoints.regenerateWhere(affects)
      },
    }
  }

  /** Follows the API and takes over what a former agent has left. */
  start(): void {
    this.ipcache.upsert("0.0.0.0/0", "fallback", { identity: 2, origin: "the world" })
    xdsOf(this.kernel).maps = {
      endpoint: (address) => this.#proxyEndpoint(address),
      identity: (address) => this.datapath.ipcache.lookup(address)?.identity ?? 2,
      routerAddress: this.routerIp,
      events: this.datapath.events,
    }
    this.#followIdentities()
    this.repository.addIdentity(HOST, this.labelsOf(HOST) as LabelSet)
    this.nodes.start()
    this.policies.start()
    this.#followLabels()
    this.names.start()
    this.#takeOver()
  }

  /** Endpoints of a former agent go on, those apart whose sandboxes went while there was none. */
  #takeOver(): void {
    const gone = drainDeletions(this.kernel)
    for (const endpoint of this.endpoints.list)
      if (endpoint.kind === "pod" && gone.includes(endpoint.containerId)) {
        this.endpoints.delete(endpoint)
        this.ipam.release(endpoint.address)
      } else if (endpoint.kind !== "host") {
        endpoint.policy = undefined
        this.endpoints.attach(endpoint)
      }
  }

  stop(): void {
    this.alive = false
    for (const part of [this.nodes, this.policies, this.services, this.names, this.cniConf]) part?.stop()
    for (const informer of this.#informers) informer.stop()
  }

  #proxyEndpoint(address: number): { id: number; identity: number } | undefined {
    const info = this.datapath.endpoints.lookup(address)
    return info === undefined || info.host ? undefined : { id: info.id, identity: info.identity }
  }

  #followIdentities(): void {
    const resource = this.registry.resourceByKind("cilium.io/v2", "CiliumIdentity")
    if (resource === undefined) return
    this.#informers.push(
      new Informer(this.registry, resource, {}, (type, object) => {
        const id = Number(object.metadata.name)
        if (type === "DELETED") {
          this.clusterIdentities.delete(id)
          this.repository.removeIdentity(id)
          return
        }
        if (this.clusterIdentities.has(id)) return
        const labels = labelsOfIdentity(object)
        this.clusterIdentities.set(id, labels)
        this.#tellIdentity(id)
      }),
    )
  }

  /** The policies learn who an identity is, and what its pods call their ports. */
  #tellIdentity(id: number): void {
    const labels = this.clusterIdentities.get(id)
    if (labels !== undefined) this.repository.addIdentity(id, labels, this.#ports.of(id))
  }

  /** A pod's or a namespace's new labels make another identity. */
  #followLabels(): void {
    const { registry } = this
    const own = [{ field: "spec.nodeName", equals: true, value: this.nodeName }]
    this.#informers.push(
      new Informer(registry, registry.resource("pods"), { fields: own }, (type, object) => {
        const { namespace, name } = (object as Pod).metadata
        if (type === "MODIFIED") this.endpoints.labelsChanged((pod) => pod.namespace === namespace && pod.name === name)
      }),
      new Informer(registry, registry.resource("namespaces"), {}, (type, object) => {
        if (type === "MODIFIED") this.endpoints.labelsChanged((pod) => pod.namespace === object.metadata.name)
      }),
    )
  }

  /** Changes it has seen and not yet acted on. */
  get pending(): number {
    const own = this.#informers.reduce((sum, informer) => sum + informer.pending, 0)
    return own + this.nodes.pending + this.policies.pending + this.services.pending
  }

  /** The labels of an identity, wherever its number comes from. */
  labelsOf(identity: number): LabelSet | undefined {
    if (identity === HOST)
      return new LabelSet([
        "reserved:host",
        ...(this.nodes.isApiServer ? ["reserved:kube-apiserver"] : []),
        ...(this.nodeIdentities === undefined ? [] : nodeLabels(this.#node.metadata.labels ?? {})),
      ])
    return (
      RESERVED_IDENTITIES.get(identity) ??
      this.clusterIdentities.get(identity) ??
      this.localIdentities.labels(identity) ??
      this.nodeIdentities?.labels(identity) ??
      this.endpoints.list.find((endpoint) => endpoint.identity === identity)?.labels
    )
  }

  /** Labels of the host's own endpoint. */
  get hostLabels(): LabelSet {
    const { labels = {} } = this.#node.metadata
    return new LabelSet([
      "reserved:host",
      ...Object.entries(labels).map(([key, value]) => (value === "" ? `k8s:${key}` : `k8s:${key}=${value}`)),
    ])
  }

  // ── what the CNI plugin asks ────────────────────────────────────────────────────────────────

  config(): AgentConfig {
    const { deviceMtu } = this.datapath.config
    return { deviceMtu, routeMtu: deviceMtu - OVERHEAD, datapathMode: "veth", routerIp: this.routerIp }
  }

  ipamAllocate(owner: string): number | string {
    const wanted = this.state.wanted.get(owner)
    const refused = wanted === undefined ? undefined : this.ipam.take(wanted, owner)
    const address = refused ?? wanted ?? this.ipam.allocate(owner)
    return typeof address === "string" ? `[POST /ipam][502] postIpamFailure  "${address}"` : address
  }

  ipamRelease(address: number): void {
    this.ipam.release(address)
  }

  async createEndpoint(request: EndpointRequest): Promise<string | undefined> {
    return this.endpoints.create(request)
  }

  async deleteEndpoint(containerId: string, containerInterface: string): Promise<string | undefined> {
    const endpoint = this.endpoints.byAttachment(containerId, containerInterface)
    if (endpoint === undefined) return `endpoint ${containerId}:${containerInterface} not found`
    this.endpoints.delete(endpoint)
    this.ipam.release(endpoint.address)
    return undefined
  }

  hasEndpoint(containerId: string, containerInterface: string): boolean {
    return this.endpoints.byAttachment(containerId, containerInterface) !== undefined
  }

  /** Names that an endpoint of this node has resolved to an address: what the DNS proxy has seen. */
  dnsNames(endpoint: number, address: number): readonly string[] {
    return this.names.names(endpoint, address)
  }

  /** As if every pod of this node had resolved the name just now. `ttl` in seconds. */
  learn(name: string, addresses: readonly number[], ttl: number): void {
    for (const { id, kind } of this.endpoints.list) if (kind === "pod") this.names.learn(id, name, addresses, ttl)
  }

  #connected(id: number, destination: number): boolean {
    const source = this.endpoints.byId(id)?.address
    for (const entry of this.datapath.ct.entries(this.sim.now))
      if (entry.source === source && entry.destination === destination && entry.direction === CtDirection.OUT)
        return true
    return false
  }

  /** `default/web-1` of an address, if it is a pod's. */
  podOf(address: number): Pick<PodRef, "namespace" | "name"> | undefined {
    return this.ipcache.host(address)?.pod
  }

  toString(): string {
    return `cilium-agent on ${this.nodeName} (${formatIpv4(this.routerIp)})`
  }
}
