/** A control plane: the API server, its controllers and the scheduler, with what kubeadm leaves in a new cluster. */
import { SECOND, type Simulation } from "../sim/simulation.ts"
import { formatIpv4, type Prefix, parsePrefix } from "../wire/address.ts"
import { installAdmission } from "./api/admission.ts"
import { ApiServer } from "./api/server.ts"
import { microTimestamp } from "./api/time.ts"
import type { ApiObject, Manifest } from "./api/types.ts"
import { DaemonSetController } from "./controllers/daemon-set.ts"
import { DeploymentController } from "./controllers/deployment.ts"
import { EndpointSliceMirroring } from "./controllers/endpoint-mirror.ts"
import { EndpointsController } from "./controllers/endpoints.ts"
import { GarbageCollector } from "./controllers/garbage.ts"
import { NamespaceController } from "./controllers/namespaces.ts"
import { NodeLifecycle } from "./controllers/node-lifecycle.ts"
import { NodeIpam } from "./controllers/nodes.ts"
import { ReplicaSetController } from "./controllers/replica-set.ts"
import { TaintEviction } from "./controllers/taint-eviction.ts"
import { Kubelet, type KubeletOptions } from "./kubelet/kubelet.ts"
import { Scheduler } from "./scheduler/scheduler.ts"

export interface ControlPlaneOptions {
  /** --pod-network-cidr ("10.244.0.0/16"). */
  podCIDR?: string
  /** --service-cidr ("10.96.0.0/12"). */
  serviceCIDR?: string
  /** Where the API server listens, for default/kubernetes ("192.168.80.101"). */
  apiServerAddress?: string
}

const LEADER_RETRY = 2 * SECOND
const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"]

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new TypeError(`not a network: ${JSON.stringify(text)}`)
  return parsed
}

/** What the API server itself makes sure of. Models pkg/registry/scheduling/rest. */
function priorityClasses(): Manifest[] {
  const make = (name: string, value: number, more: string): Manifest => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    description: `Used for system critical pods that must ${more}`,
  })
  return [
    make("system-cluster-critical", 2000000000, "run in the cluster, but can be moved to another node if necessary."),
    make("system-node-critical", 2000001000, "not be moved from their current node."),
  ]
}

/** A leader renews every two seconds (retryPeriod). */
function leaderLease(sim: Simulation, lease: ApiObject): ApiObject {
  const renewTime = microTimestamp(sim, Math.floor(sim.now / LEADER_RETRY) * LEADER_RETRY)
  return { ...lease, spec: { ...(lease["spec"] as object), renewTime } }
}

export class ControlPlane {
  readonly sim: Simulation
  readonly api: ApiServer
  readonly scheduler: Scheduler
  readonly kubelets: Map<string, Kubelet> = new Map()
  /** The address of the DNS Service. */
  readonly clusterDns: string
  readonly #lifecycle: NodeLifecycle
  readonly #quiet: (() => boolean)[]

  constructor(sim: Simulation, options: ControlPlaneOptions = {}) {
    this.sim = sim
    this.api = new ApiServer(sim)
    const { registry } = this.api
    const services = prefix(options.serviceCIDR ?? "10.96.0.0/12")
    this.clusterDns = formatIpv4((services.address + 10) >>> 0)
    for (const name of NAMESPACES)
      registry.create(registry.resource("namespaces"), { apiVersion: "v1", kind: "Namespace", metadata: { name } })
    for (const manifest of priorityClasses()) this.#create(manifest)
    installAdmission(registry, services)
    const namespaces = new NamespaceController(registry)
    const ipam = new NodeIpam(registry, prefix(options.podCIDR ?? "10.244.0.0/16"))
    const lifecycle = new NodeLifecycle(registry, (node) => this.kubelets.get(node)?.heartbeat.lastRenewal)
    this.#lifecycle = lifecycle
    const evictions = new TaintEviction(registry)
    const informers = [ipam.informer, ...lifecycle.informers, ...evictions.informers]
    const workloads = [
      new ReplicaSetController(registry),
      new DeploymentController(registry),
      new DaemonSetController(registry),
      new EndpointsController(registry),
      new EndpointSliceMirroring(registry),
    ]
    const garbage = new GarbageCollector(registry)
    this.scheduler = new Scheduler(this.api)
    this.scheduler.start()
    this.#quiet = [
      () => namespaces.quiet,
      () => informers.every((informer) => informer.pending === 0),
      () => garbage.informers.every((informer) => informer.pending === 0),
      () =>
        workloads.every(
          ({ queue, informers }) => queue.size === 0 && informers.every((informer) => informer.pending === 0),
        ),
      () => this.scheduler.quiet,
      () => [...this.kubelets.values()].every((kubelet) => kubelet.quiet),
      () => [...this.api.followers].every((follower) => follower.quiet),
    ]
    this.#showHeartbeats()
    this.#publishApi(formatIpv4((services.address + 1) >>> 0), options.apiServerAddress ?? "192.168.80.101")
  }

  /** Leases and nodes as they are when somebody reads them. */
  #showHeartbeats(): void {
    const { views } = this.api
    views.set("nodes", (node) => this.kubelets.get(node.metadata.name)?.heartbeat.node(node) ?? node)
    views.set("leases", (lease) => {
      const { namespace, name } = lease.metadata
      if (namespace === "kube-node-lease") return this.kubelets.get(name)?.heartbeat.lease(lease) ?? lease
      return namespace === "kube-system" ? leaderLease(this.sim, lease) : lease
    })
  }

  /** The Service by which pods reach the API, and its endpoint. */
  #publishApi(clusterIP: string, address: string): void {
    const port = { name: "https", port: 6443, protocol: "TCP" }
    const labels = { component: "apiserver", provider: "kubernetes" }
    this.#create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kubernetes", namespace: "default", labels },
      spec: { clusterIP, ports: [{ ...port, port: 443, targetPort: 6443 }] },
    })
    this.#create({
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
      },
      subsets: [{ addresses: [{ ip: address }], ports: [port] }],
    })
    this.#create({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
      addressType: "IPv4",
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [port],
    })
  }

  #create(manifest: Manifest): void {
    const { registry } = this.api
    const resource = registry.resourceByKind(manifest.apiVersion, manifest.kind)
    if (resource !== undefined) registry.create(resource, manifest)
  }

  /** Starts a kubelet: the node registers and takes pods. */
  addNode(options: Omit<KubeletOptions, "registry">): Kubelet {
    const kubelet = new Kubelet({ clusterDns: this.clusterDns, ...options, registry: this.api.registry })
    kubelet.stopped.add(() => this.#lifecycle.expectSilence(options.name))
    this.kubelets.set(options.name, kubelet)
    this.api.agents.set(options.name, kubelet)
    kubelet.start()
    return kubelet
  }

  /** Nothing is under way: every change has been seen and acted on, every pod runs, has ended, waits or backs off. */
  get quiet(): boolean {
    return this.#quiet.every((part) => part())
  }
}
