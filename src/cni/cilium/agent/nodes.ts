/** The other nodes and their pods, as their objects tell: routes and the ipcache. Models pkg/node/manager and pkg/k8s/watchers. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { type Prefix, parseIpv4, parsePrefix } from "../../../wire/address.ts"
import type { CiliumDatapath } from "../datapath/datapath.ts"
import { addressOf, type CiliumNode, ciliumNodes } from "./cilium-node.ts"
import type { Ipcache } from "./ipcache.ts"
import type { NamedPort } from "./named-ports.ts"
import type { NodeIdentities } from "./node-identities.ts"

const HEALTH = 4
const REMOTE_NODE = 6
const KUBE_APISERVER = 7
const WORLD = 2

interface CiliumEndpoint extends ApiObject {
  status?: {
    identity?: { id: number }
    "named-ports"?: readonly NamedPort[]
    networking?: { addressing?: { ipv4?: string }[]; node?: string }
  }
}

export class NodeManager {
  readonly #registry: Registry
  readonly #name: string
  readonly #nodeIp: string
  readonly #datapath: CiliumDatapath
  readonly #ipcache: Ipcache
  readonly #informers: Informer[] = []
  readonly nodes: Map<string, CiliumNode> = new Map()
  /** What each object has put into the ipcache. */
  readonly #entries = new Map<string, string[]>()
  /** Addresses of the API server. */
  #apiServers: string[] = []
  /** An API server runs on this node from now on, or no longer. */
  apiServerMoved: () => void = () => {}

  /** Told what ports a pod calls by name; without an identity it is gone. */
  readonly #namedPorts: (owner: string, identity: number | undefined, ports: readonly NamedPort[]) => void

  /** With nodeSelectorLabels: other nodes are told apart. */
  readonly #identities: NodeIdentities | undefined

  constructor(
    registry: Registry,
    name: string,
    nodeIp: string,
    datapath: CiliumDatapath,
    ipcache: Ipcache,
    namedPorts: (owner: string, identity: number | undefined, ports: readonly NamedPort[]) => void,
    identities: NodeIdentities | undefined,
  ) {
    this.#identities = identities
    this.#namedPorts = namedPorts
    this.#registry = registry
    this.#name = name
    this.#nodeIp = nodeIp
    this.#datapath = datapath
    this.#ipcache = ipcache
  }

  start(): void {
    const registry = this.#registry
    const nodes = ciliumNodes(registry)
    const endpoints = registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")
    if (nodes !== undefined) this.#watch(nodes, (deleted, object) => this.#nodeChanged(deleted, object as CiliumNode))
    if (endpoints !== undefined)
      this.#watch(endpoints, (deleted, object) => this.#endpointChanged(deleted, object as CiliumEndpoint))
    this.#informers.push(
      new Informer(
        registry,
        registry.resource("endpointslices"),
        { namespace: "default", name: "kubernetes" },
        (_type, object) => this.#apiServerChanged(object),
      ),
    )
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop()
  }

  get pending(): number {
    return this.#informers.reduce((sum, informer) => sum + informer.pending, 0)
  }

  /** Whether an API server runs on this node. */
  get isApiServer(): boolean {
    return this.#apiServers.includes(this.#nodeIp)
  }

  #watch(resource: Parameters<Registry["list"]>[0], handler: (deleted: boolean, object: ApiObject) => void): void {
    this.#informers.push(
      new Informer(this.#registry, resource, {}, (type, object) => handler(type === "DELETED", object)),
    )
  }

  #put(
    owner: string,
    entries: readonly (readonly [prefix: string, identity: number, tunnel: number])[],
    origin: unknown,
  ): void {
    const old = this.#entries.get(owner) ?? []
    const now = entries.map(([prefix]) => prefix)
    for (const prefix of old) if (!now.includes(prefix)) this.#ipcache.delete(prefix, "custom-resource")
    for (const [prefix, identity, tunnelEndpoint] of entries)
      this.#ipcache.upsert(prefix, "custom-resource", { identity, tunnelEndpoint, origin })
    if (now.length === 0) this.#entries.delete(owner)
    else this.#entries.set(owner, now)
  }

  #nodeChanged(deleted: boolean, node: CiliumNode): void {
    const { name } = node.metadata
    if (name === this.#name) return
    if (deleted) this.nodes.delete(name)
    else this.nodes.set(name, node)
    const internal = addressOf(node, "InternalIP")
    const tunnel = parseIpv4(internal ?? "") ?? 0
    const router = addressOf(node, "CiliumInternalIP")
    const { health, ipam } = node.spec
    const identity = this.#identityOf(node, deleted)
    this.#put(
      `node/${name}`,
      deleted
        ? []
        : [
            ...(internal === undefined ? [] : [[`${internal}/32`, identity, 0] as const]),
            ...(router === undefined ? [] : [[`${router}/32`, identity, tunnel] as const]),
            ...(health?.ipv4 === undefined ? [] : [[`${health.ipv4}/32`, HEALTH, tunnel] as const]),
            ...(ipam?.podCIDRs ?? []).map((cidr) => [cidr, WORLD, tunnel] as const),
          ],
      `CiliumNode ${name}`,
    )
    this.#route()
  }

  #identityOf(node: CiliumNode, deleted: boolean): number {
    const { name, labels = {} } = node.metadata
    const apiServer = this.#apiServers.includes(addressOf(node, "InternalIP") ?? "")
    if (this.#identities === undefined || deleted) {
      this.#identities?.release(name)
      return apiServer ? KUBE_APISERVER : REMOTE_NODE
    }
    const reserved = apiServer ? ["reserved:remote-node", "reserved:kube-apiserver"] : ["reserved:remote-node"]
    return this.#identities.take(name, reserved, labels)
  }

  #route(): void {
    const prefixes = [...this.nodes.values()].flatMap((node) => node.spec.ipam?.podCIDRs ?? []).map(parsePrefix)
    this.#datapath.setRemoteCidrs(prefixes.filter((prefix): prefix is Prefix => prefix !== undefined))
  }

  #endpointChanged(deleted: boolean, object: CiliumEndpoint): void {
    const { namespace = "", name } = object.metadata
    const { identity, networking } = object.status ?? {}
    const owner = `endpoint/${namespace}/${name}`
    this.#namedPorts(owner, deleted ? undefined : identity?.id, object.status?.["named-ports"] ?? [])
    const node = parseIpv4(networking?.node ?? "") ?? 0
    const tunnel = networking?.node === this.#nodeIp ? 0 : node
    const addresses = deleted || identity === undefined ? [] : (networking?.addressing ?? [])
    const entries = addresses.flatMap(({ ipv4 }) =>
      ipv4 === undefined ? [] : [[`${ipv4}/32`, identity?.id ?? 0, tunnel] as const],
    )
    const old = this.#entries.get(owner) ?? []
    for (const prefix of old)
      if (!entries.some(([now]) => now === prefix)) this.#ipcache.delete(prefix, "custom-resource")
    for (const [prefix, id, tunnelEndpoint] of entries)
      this.#ipcache.upsert(prefix, "custom-resource", {
        identity: id,
        tunnelEndpoint,
        pod: { namespace, name },
        origin: `CiliumEndpoint ${namespace}/${name}`,
      })
    if (entries.length === 0) this.#entries.delete(owner)
    else
      this.#entries.set(
        owner,
        entries.map(([prefix]) => prefix),
      )
  }

  #apiServerChanged(slice: ApiObject): void {
    const endpoints = (slice["endpoints"] ?? []) as { addresses: string[] }[]
    const before = this.isApiServer
    this.#apiServers = endpoints.flatMap(({ addresses }) => addresses)
    if (this.isApiServer !== before) this.apiServerMoved()
    for (const node of this.nodes.values()) this.#nodeChanged(false, node)
  }
}
