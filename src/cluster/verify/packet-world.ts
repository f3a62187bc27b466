/** A case's cluster, running: machines, pods and an outside, on Cilium. Cases with one cluster share it, one after another. */
import { agentOf } from "../../cni/cilium/agent/registry.ts"
import { stateOf } from "../../cni/cilium/agent/state.ts"
import type { ValueTree } from "../../cni/cilium/chart/values.ts"
import { cilium } from "../../cni/cilium/cilium.ts"
import { datapathOf } from "../../cni/cilium/datapath/datapath.ts"
import { proxyMark } from "../../cni/cilium/envoy/upstream.ts"
import type { MonitorEvent } from "../../cni/cilium/monitor/event.ts"
import { isStatus, type Status } from "../../kube/api/status.ts"
import type { ApiObject, Manifest } from "../../kube/api/types.ts"
import type { Kernel } from "../../linux/kernel.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { ipv4 } from "../../wire/address.ts"
import type { Cluster } from "../cluster.ts"
import { createCluster } from "../create-cluster.ts"
import type { NodeHandle } from "../handles.ts"
import type { Case, CaseAction, CaseObject, CasePod } from "./case.ts"
import { EchoServers } from "./http-probe.ts"
import { type Outside, outsideOf } from "./outside.ts"
import type { Probe } from "./probe.ts"
import { CaseError } from "./read.ts"
import { MirrorServers } from "./tls-probe.ts"
import { objectKey } from "./world.ts"

/** Where something is: its namespace on some machine, and its address. */
export interface Place {
  readonly net: NetNamespace
  readonly address: number
}

/** An object that no API server with these definitions takes: the case cannot be had as packets. */
export class Unapplied extends Error {}

/** Longer than any case takes, seconds. */
const NAME_TTL = 86_400

/** In front of a case's own machines: it has the API server, and the first of the pod ranges. */
const CONTROL_PLANE = "verify-control-plane"

/** What of a case makes a cluster of its own. */
export const worldKey = (test: Case): string =>
  JSON.stringify([test.cluster, test.config["policyEnforcement"] ?? "default"])

export class PacketWorld {
  readonly cluster: Cluster
  readonly key: string
  readonly servers: EchoServers = new EchoServers()
  readonly mirrors: MirrorServers = new MirrorServers()
  readonly #case: Case
  readonly #outside: Outside
  readonly #pods = new Map<string, CasePod>()
  /** What the case created, and the labels it changed: undone by {@link reset}. */
  readonly #created = new Map<string, CaseObject>()

  private constructor(test: Case, cluster: Cluster) {
    this.key = worldKey(test)
    this.#case = test
    this.cluster = cluster
    this.#outside = outsideOf(cluster, test.cluster.externals ?? [])
  }

  static async create(test: Case): Promise<PacketWorld> {
    const nodes = test.cluster.nodes ?? [{ name: "worker-1" }]
    const cluster = await createCluster({
      nodes: [...(firstRange(test) ? [] : [CONTROL_PLANE]), ...nodes.map(({ name }) => name)],
      cni: cilium({ values: valuesOf(test) }),
    })
    for (const { kernel } of cluster.nodes) agentOf(kernel)?.repository.followCorpusRelease()
    const world = new PacketWorld(test, cluster)
    await world.#populate()
    return world
  }

  async #populate(): Promise<void> {
    const { namespaces, pods, services = [] } = this.#case.cluster
    for (const { name, labels } of namespaces)
      this.#put({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } })
    await this.cluster.settle()
    for (const pod of pods) this.#createPod(pod)
    for (const { namespace, name, labels = {}, ...spec } of services)
      this.#put({ apiVersion: "v1", kind: "Service", metadata: { namespace, name, labels }, spec })
    await this.#ready()
  }

  #createPod(pod: CasePod): void {
    const { namespace, name, serviceAccount, ips } = pod
    // Pods of other clusters are known by their labels alone.
    if (pod.cluster !== undefined && pod.cluster !== "default") return
    this.#pods.set(`${namespace}/${name}`, pod)
    if (serviceAccount !== undefined)
      this.#put({ apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name: serviceAccount } })
    const address = ips[0]
    if (address !== undefined)
      for (const { kernel } of this.cluster.nodes) stateOf(kernel).wanted.set(`${namespace}/${name}`, ipv4(address))
    this.#put(podManifest(pod))
  }

  /** Creates an object, or gives it these labels and this spec. */
  #put(object: object): void {
    const { registry } = this.cluster.server
    const manifest = JSON.parse(JSON.stringify(object)) as Manifest
    const resource = registry.resourceByKind(manifest.apiVersion, manifest.kind)
    if (resource === undefined)
      throw new Unapplied(`the API server has no kind ${manifest.kind} in ${manifest.apiVersion}`)
    const { namespace, name = "" } = manifest.metadata
    const known = registry.get(resource, namespace, name)
    const done = isStatus(known)
      ? registry.create(resource, manifest)
      : registry.update(resource, {
          ...known,
          ...manifest,
          metadata: { ...known.metadata, ...manifest.metadata },
        } as ApiObject)
    this.#check(done, `${manifest.kind} ${name}`)
  }

  #check(done: ApiObject | Status, what: string): void {
    if (isStatus(done)) throw new Unapplied(`the API server refuses ${what}: ${done.message}`)
  }

  #delete(apiVersion: string, kind: string, namespace: string | undefined, name: string): void {
    const { registry } = this.cluster.server
    const resource = registry.resourceByKind(apiVersion, kind)
    if (resource !== undefined) registry.delete(resource, namespace, name)
  }

  async apply(actions: readonly CaseAction[]): Promise<void> {
    for (const action of actions) {
      this.#apply(action)
      // Its service account comes a moment later, and pods need that.
      if (action.op === "createNamespace") await this.cluster.settle()
    }
    // An identity changes only once its labels have been the same for a while (identity-change-grace-period).
    if (actions.some(({ op }) => op === "setLabels")) await this.cluster.advance("10s")
    await this.#ready()
  }

  #apply(action: CaseAction): void {
    switch (action.op) {
      case "create":
      case "update":
        this.#put(action.object)
        this.#created.set(objectKey(action.object.kind, action.object.metadata), action.object)
        break
      case "delete":
        this.#deleteNamed(action)
        break
      case "deleteAllPolicies":
        this.#deleteCreated()
        break
      case "setLabels":
        this.#setLabels(action)
        break
      case "createNamespace":
        this.#put({ apiVersion: "v1", kind: "Namespace", metadata: { ...action.namespace } })
        break
      case "createPod":
        this.#createPod(action.pod)
        break
    }
  }

  #deleteNamed({ kind, namespace, name }: Extract<CaseAction, { op: "delete" }>): void {
    if (kind === "Pod") this.#pods.delete(`${namespace}/${name}`)
    const created = this.#created.get(objectKey(kind, { name, ...(namespace === undefined ? {} : { namespace }) }))
    this.#delete(created?.apiVersion ?? "v1", kind, namespace, name)
  }

  #setLabels({ target, labels }: Extract<CaseAction, { op: "setLabels" }>): void {
    const { registry } = this.cluster.server
    const resource = registry.resourceByKind("v1", target.kind)
    if (resource === undefined) throw new CaseError(`${this.#case.id}: no kind ${target.kind}`)
    const known = registry.get(resource, target.namespace, target.name)
    if (isStatus(known)) throw new CaseError(`${this.#case.id}: ${known.message}`)
    this.#check(
      registry.update(resource, { ...known, metadata: { ...known.metadata, labels: { ...labels } } } as ApiObject),
      `${target.kind} ${target.name}`,
    )
  }

  #deleteCreated(): void {
    for (const { kind, apiVersion, metadata } of this.#created.values())
      this.#delete(apiVersion, kind, metadata.namespace, metadata.name)
    this.#created.clear()
  }

  /** Everything as it was before the case. False when it changed more than policies: then a new cluster is made. */
  async reset(test: Case): Promise<boolean> {
    const onlyPolicies = test.steps.every(({ actions }) =>
      actions.every(({ op }) => op === "create" || op === "update" || op === "deleteAllPolicies"),
    )
    if (!onlyPolicies) return false
    this.#deleteCreated()
    this.forgetConnections()
    await this.#ready()
    return true
  }

  /** As `cilium-dbg bpf ct flush global` on every node: what comes next is a first packet. */
  forgetConnections(): void {
    for (const { kernel } of this.cluster.nodes) datapathOf(kernel).ct.deleteWhere(() => true)
  }

  /** Lets the agents finish what was begun: pods up, policies in force. */
  async #ready(): Promise<void> {
    await this.cluster.settle()
    for (const name of this.#pods.keys()) await this.cluster.pod(name).ready()
    this.#learnNames()
    for (const { kernel } of this.cluster.nodes)
      for (const { error, unsupported } of agentOf(kernel)?.policies.refused.values() ?? [])
        if (unsupported) throw new Unapplied(error)
    await this.cluster.advance("100ms")
  }

  /** Every pod has resolved the outside names already (corpus README, ambiguity 8). */
  #learnNames(): void {
    for (const { kernel } of this.cluster.nodes)
      for (const { dns = [], ips = [] } of this.#case.cluster.externals ?? [])
        for (const name of dns) agentOf(kernel)?.learn(name, ips.map(ipv4), NAME_TTL)
  }

  // ── places ──────────────────────────────────────────────────────────────────────────────────

  /** Where a reference of the case is, seen by `other`; text when podwire has no such place. */
  place(reference: string, other: string): Place | string {
    const external = this.#case.cluster.externals?.find(({ name }) => `ext:${name}` === reference)
    if (external !== undefined)
      return external.entity === undefined ? this.#outside.place(external) : this.#entity(external.entity, other)
    const pod = this.#pods.get(reference)
    if (pod === undefined) return `${reference} is of another cluster: there is no ClusterMesh`
    if (pod.hostNetwork === true) return this.#host(this.cluster.node(pod.node ?? ""))
    const handle = this.cluster.pod(reference)
    return { net: handle.net, address: ipv4(handle.ip) }
  }

  /** The packet that the proxy of a pod's machine sends on the pod's behalf. Models what cilium-envoy's upstream sockets are given. */
  proxied(reference: string, destination: number): Pick<Probe, "from" | "source" | "mark"> {
    const pod = this.cluster.pod(reference)
    const { kernel } = this.cluster.node(pod.node)
    const { endpoints, ipcache } = datapathOf(kernel)
    const address = ipv4(pod.ip)
    return {
      from: kernel.initNet,
      source: endpoints.lookup(destination) === undefined ? address : (agentOf(kernel)?.routerIp ?? address),
      mark: proxyMark(false, ipcache.lookup(address)?.identity ?? 0),
    }
  }

  #entity(entity: string, other: string): Place | string {
    const own = this.#pods.get(other)?.node ?? this.cluster.nodes.at(-1)?.name ?? ""
    const remote = this.cluster.nodes.find(({ name }, i) => i > 0 && name !== own)
    switch (entity) {
      case "host":
        return this.#host(this.cluster.node(own))
      case "remote-node":
        return remote === undefined ? "there is no other machine" : this.#host(remote)
      case "kube-apiserver":
        if (this.#selectsNodes()) return "the API server's machine has labels that the case does not tell of"
        return this.#host(this.cluster.nodes[0] as NodeHandle)
      case "health":
        return remote === undefined ? "there is no other machine" : healthOf(remote.kernel)
      default:
        return `the entity ${entity} is nothing that runs here`
    }
  }

  /** Whether a policy picks machines by their labels. */
  #selectsNodes(): boolean {
    return [...this.#created.values()].some((object) => /"(from|to)Nodes":/.test(JSON.stringify(object)))
  }

  #host({ kernel, ip }: NodeHandle): Place {
    return { net: kernel.initNet, address: ipv4(ip) }
  }

  /** What the programs of all machines said since the last call. */
  takeEvents(): MonitorEvent[] {
    return this.cluster.nodes.flatMap(({ kernel }) => {
      const { events } = datapathOf(kernel)
      const before = this.#seen.get(kernel) ?? 0
      this.#seen.set(kernel, events.seen)
      return events
        .events()
        .slice(-Math.max(1, events.seen - before))
        .slice(events.seen === before ? 1 : 0)
    })
  }
  readonly #seen = new Map<Kernel, number>()
}

function healthOf(kernel: Kernel): Place | string {
  const net = kernel.initNet.device("lxc_health")?.link?.net
  const address = stateOf(kernel).healthIp
  return net === undefined || address === 0 ? "the health endpoint is not up" : { net, address }
}

/** A case whose pods live in the cluster's first range: its first machine is the control plane, too. */
const firstRange = ({ cluster: { pods } }: Case): boolean =>
  pods.some(({ ips }) => ips[0]?.startsWith("10.244.0.") === true)

function valuesOf({ config }: Case): ValueTree {
  return {
    policyEnforcementMode: String(config["policyEnforcement"] ?? "default"),
    cluster: { name: "default" },
    ipam: { mode: "kubernetes" },
    sctp: { enabled: true },
    nodeSelectorLabels: true,
  }
}

function podManifest({ namespace, name, labels, node, hostNetwork, serviceAccount, containers = [] }: CasePod): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, labels },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
      ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      containers: (containers.length === 0 ? [{ ports: [] }] : containers).map(({ ports }, i) => ({
        name: `c${i}`,
        image: "busybox:1.28",
        command: ["sleep", "1000000"],
        ports: ports.map(({ name: port, containerPort, protocol }) => ({
          containerPort,
          ...(port === undefined ? {} : { name: port }),
          ...(protocol === undefined ? {} : { protocol }),
        })),
      })),
    },
  }
}
