/** The node's agent: registers the node, runs the pods that are bound to it. Models pkg/kubelet/kubelet.go. */
import type { NodeCondition } from "kubernetes-types/core/v1.js"
import type { Kernel } from "../../linux/kernel.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { type Task, WaitQueue } from "../../sim/task.ts"
import type { Registry } from "../api/registry.ts"
import type { ExecOptions, ExecSession, LogOptions, NodeAgent, PodNetwork } from "../api/request.ts"
import { badRequest, internalError, isStatus, notFound, type Status } from "../api/status.ts"
import type { ApiStream } from "../api/stream.ts"
import { microTimestamp, timestamp } from "../api/time.ts"
import type { Manifest, Node, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { CNI_CONF_DIR, loadNetwork } from "../cri/cni.ts"
import type { Container } from "../cri/container.ts"
import type { ImageStore } from "../cri/image.ts"
import { NOT_INITIALIZED } from "../cri/sandbox.ts"
import type { ContainerRunner } from "./container-runner.ts"
import { syncFirewall } from "./firewall.ts"
import { Heartbeat, KUBELET_CONDITIONS } from "./heartbeat.ts"
import { ImagePuller } from "./image-puller.ts"
import { kubeletConditions, type NodeOptions, nodeManifest } from "./node-status.ts"
import { type PodHost, PodWorker } from "./pod-worker.ts"
import { installServices } from "./services.ts"
import { StaticPods } from "./static-pods.ts"

export interface KubeletOptions extends NodeOptions {
  kernel: Kernel
  registry: Registry
  images: ImageStore
  /** The cluster's DNS Service (10.96.0.10). */
  clusterDns?: string
  /** Adds what a container's root needs beyond its image: /proc, /sys. */
  prepareRoot?: (pod: Pod, container: Container) => void
  /** The pods of /etc/kubernetes/manifests. */
  staticPods?: readonly Manifest[]
  /** Images that are on the node before anything runs. */
  preloadedImages?: readonly string[]
}

/** From a change of the network configuration to the node status that tells it. */
const STATUS_DELAY = 500 * MILLISECOND
/** Machines that joined later than the control plane are ready later than it. */
const JOINED_LATER = 100 * MILLISECOND

export class Kubelet implements PodHost, NodeAgent {
  readonly registry: Registry
  readonly kernel: Kernel
  readonly puller: ImagePuller
  readonly node: { readonly name: string; readonly ip: string }
  readonly clusterDns: string
  readonly networkChanged: WaitQueue = new WaitQueue()
  readonly #started: WaitQueue = new WaitQueue()
  readonly heartbeat: Heartbeat
  /** Told when somebody stops this kubelet. */
  readonly stopped: Set<() => void> = new Set()
  readonly networkCreated: Set<(pod: Pod, net: NetNamespace) => void> = new Set()
  /** Pods of this node by uid. */
  readonly workers: Map<string, PodWorker> = new Map()
  readonly #options: KubeletOptions
  readonly #recorder: EventRecorder
  readonly #static: StaticPods
  #informer: Informer | undefined
  #boot = true

  constructor(options: KubeletOptions) {
    this.#options = options
    this.registry = options.registry
    this.heartbeat = new Heartbeat(options.kernel.sim)
    this.kernel = options.kernel
    this.node = { name: options.name, ip: options.ip }
    this.clusterDns = options.clusterDns ?? "10.96.0.10"
    this.puller = new ImagePuller(options.kernel.sim, options.images)
    this.#recorder = new EventRecorder(options.registry, "kubelet", options.name)
    this.#static = new StaticPods(options.registry, options.name, options.kernel.prng.fork("kubelet/static"))
    for (const image of options.preloadedImages ?? []) this.puller.preload(image)
  }

  /** A CNI configuration is there. */
  get networkReady(): boolean {
    return loadNetwork(this.kernel.root) !== undefined
  }

  get #problem(): string | undefined {
    return this.networkReady
      ? undefined
      : `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${NOT_INITIALIZED}`
  }

  /** Changes it has seen and not yet acted on. */
  get pending(): number {
    return this.#informer?.pending ?? 0
  }

  /** Registers the node and takes up its pods. */
  start(): void {
    const { sim, root } = this.kernel
    if (this.#boot) {
      this.#boot = false
      root.mkdir(CNI_CONF_DIR, { recursive: true })
      root.watch(CNI_CONF_DIR, () => this.#networkConfigured())
      syncFirewall(this.kernel.initNet)
      installServices(this)
    }
    this.heartbeat.start()
    this.#register()
    for (const manifest of this.#options.staticPods ?? []) this.#static.add(manifest)
    const pods = this.registry.resource("pods")
    const mine = { fields: [{ field: "spec.nodeName", equals: true, value: this.node.name }] }
    // What went away while nobody looked.
    const there = new Set(this.registry.list(pods, mine).map(({ metadata }) => metadata.uid))
    for (const [uid, worker] of this.workers) if (!there.has(uid)) worker.terminate()
    this.#informer = new Informer(this.registry, pods, mine, (type, object) =>
      this.#podChanged(type === "DELETED", object as Pod),
    )
    this.#started.wake()
    for (const worker of this.workers.values()) worker.report()
    sim.schedule(this.#statusDelay, { fire: () => this.#updateReady() }, 0)
  }

  /** `systemctl stop kubelet`: containers live on, nobody looks after them, and the node falls silent. */
  stop(): void {
    this.#informer?.stop()
    this.heartbeat.stop()
    // The last sign of life: from here on somebody else counts the seconds.
    this.#writeLease()
    for (const listener of this.stopped) listener()
  }

  /** It runs, and may write. */
  get active(): boolean {
    return this.heartbeat.beating
  }

  async untilActive(task: Task): Promise<void> {
    while (!this.active) await task.wait(this.#started)
  }

  get #statusDelay(): number {
    return STATUS_DELAY + (this.#options.controlPlane === true ? 0 : JOINED_LATER)
  }

  #register(): void {
    const nodes = this.registry.resource("nodes")
    const now = timestamp(this.kernel.sim)
    const known = this.registry.get(nodes, undefined, this.node.name)
    const manifest = nodeManifest(this.#options, this.kernel.prng.fork("kubelet/node"), now, this.#problem)
    if (isStatus(known)) this.registry.create(nodes, manifest)
    this.#say("Starting", "Starting kubelet.")
    this.#say("NodeHasSufficientMemory", `Node ${this.node.name} status is now: NodeHasSufficientMemory`)
    this.#say("NodeHasNoDiskPressure", `Node ${this.node.name} status is now: NodeHasNoDiskPressure`)
    this.#say("NodeHasSufficientPID", `Node ${this.node.name} status is now: NodeHasSufficientPID`)
    this.#say("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
    this.#writeLease()
  }

  #writeLease(): void {
    const leases = this.registry.resource("leases")
    const node = this.registry.get(this.registry.resource("nodes"), undefined, this.node.name)
    if (isStatus(node)) return
    const { name, uid } = node.metadata
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: microTimestamp(this.kernel.sim, this.heartbeat.lastRenewal),
    }
    const metadata = {
      name,
      namespace: "kube-node-lease",
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
    }
    if (isStatus(this.registry.get(leases, "kube-node-lease", name)))
      this.registry.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec })
    else
      this.registry.modify(leases, "kube-node-lease", name, (object) => {
        object["spec"] = spec
      })
  }

  #say(reason: string, message: string): void {
    const node = this.registry.get(this.registry.resource("nodes"), undefined, this.node.name)
    if (!isStatus(node)) this.#recorder.event(node, "Normal", reason, message)
  }

  #networkConfigured(): void {
    this.networkChanged.wake()
    this.kernel.sim.schedule(this.#statusDelay, { fire: () => this.#updateReady() }, 0)
  }

  /** Tells the API whether the node is ready. */
  #updateReady(): void {
    const nodes = this.registry.resource("nodes")
    const node = this.registry.get(nodes, undefined, this.node.name) as Node | Status
    if (isStatus(node) || !this.active) return
    const old = node.status.conditions ?? []
    const conditions = kubeletConditions(timestamp(this.kernel.sim), this.#problem)
    const same = (a: NodeCondition, b: NodeCondition): boolean => a.status === b.status && a.message === b.message
    if (conditions.every((now) => old.some((before) => before.type === now.type && same(before, now)))) return
    this.registry.modify(
      nodes,
      undefined,
      this.node.name,
      (object) => {
        const status = object["status"] as Node["status"]
        const others = (status.conditions ?? []).filter(({ type }) => !KUBELET_CONDITIONS.includes(type))
        const mine = conditions.map((now) => {
          const before = old.find(({ type }) => type === now.type)
          return before !== undefined && same(before, now) ? before : now
        })
        object["status"] = { ...status, conditions: [...others, ...mine] }
      },
      "status",
    )
    this.#sayReady(old)
  }

  #sayReady(old: readonly NodeCondition[]): void {
    const status = this.#problem === undefined ? "True" : "False"
    if (old.find(({ type }) => type === "Ready")?.status === status) return
    const reason = status === "True" ? "NodeReady" : "NodeNotReady"
    this.#say(reason, `Node ${this.node.name} status is now: ${reason}`)
  }

  // ── pods ────────────────────────────────────────────────────────────────────────────────────

  #podChanged(deleted: boolean, pod: Pod): void {
    if (deleted) this.#static.restore(pod.metadata.name)
    const worker = this.workers.get(pod.metadata.uid)
    if (worker !== undefined) {
      if (deleted) worker.terminate()
      else worker.update(pod)
      return
    }
    if (deleted || pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return
    const refusal = this.#refuse(pod)
    if (refusal !== undefined) this.#reject(pod, refusal)
    else this.#adopt(pod)
  }

  #adopt(pod: Pod): void {
    const worker = new PodWorker(this, pod)
    this.workers.set(pod.metadata.uid, worker)
    worker.start()
    if (pod.metadata.deletionTimestamp !== undefined) worker.terminate()
  }

  /** A pod that was put here by name and does not fit. Models pkg/kubelet/lifecycle/predicate.go. */
  #refuse(pod: Pod): { reason: string; message: string } | undefined {
    const node = this.registry.get(this.registry.resource("nodes"), undefined, this.node.name) as Node | Status
    if (isStatus(node)) return undefined
    const wanted = Object.entries(pod.spec.nodeSelector ?? {})
    if (wanted.every(([key, value]) => node.metadata.labels?.[key] === value)) return undefined
    return {
      reason: "NodeAffinity",
      message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    }
  }

  #reject(pod: Pod, { reason, message }: { reason: string; message: string }): void {
    this.say(pod, "Warning", reason, message.replace("Pod was rejected: ", ""))
    this.registry.modify(
      this.registry.resource("pods"),
      pod.metadata.namespace,
      pod.metadata.name,
      (object) => {
        object["status"] = {
          ...(object["status"] as object),
          phase: "Failed",
          reason,
          message,
          startTime: timestamp(this.kernel.sim),
        }
      },
      "status",
    )
  }

  say(pod: Pod, type: "Normal" | "Warning", reason: string, message: string, fieldPath?: string): void {
    if (this.active) this.#recorder.event(pod, type, reason, message, fieldPath)
  }

  prepareRoot(pod: Pod, container: Container): void {
    this.#options.prepareRoot?.(pod, container)
  }

  finished(worker: PodWorker): void {
    this.workers.delete(worker.pod.metadata.uid)
  }

  /** The worker of a pod, by name. */
  worker(namespace: string, name: string): PodWorker | undefined {
    for (const worker of this.workers.values())
      if (worker.pod.metadata.namespace === namespace && worker.pod.metadata.name === name) return worker
    return undefined
  }

  #runner(namespace: string, pod: string, container: string): ContainerRunner | Status {
    const worker = this.worker(namespace, pod)
    const runner = [...(worker?.containers ?? []), ...(worker?.inits ?? [])].find(
      (candidate) => candidate.name === container,
    )
    return runner ?? notFound({ group: "", name: "pods" }, pod)
  }

  // ── what the API server asks for ────────────────────────────────────────────────────────────

  logs(namespace: string, pod: string, options: LogOptions): { text: string } | { stream: ApiStream<string> } | Status {
    const runner = this.#runner(namespace, pod, options.container)
    if (isStatus(runner)) return runner
    const run = runner.runs[runner.runs.length - (options.previous ? 2 : 1)]
    if (run === undefined) {
      if (options.previous)
        return badRequest(
          `previous terminated container ${JSON.stringify(options.container)} in pod ${JSON.stringify(pod)} not found`,
        )
      const reason = runner.status.state.waiting?.reason ?? "ContainerCreating"
      const text =
        reason === "ErrImagePull" || reason === "ImagePullBackOff" ? "trying and failing to pull image" : reason
      return badRequest(
        `container ${JSON.stringify(options.container)} in pod ${JSON.stringify(pod)} is waiting to start: ${text}`,
      )
    }
    return options.follow ? { stream: run.log.follow(options) } : { text: run.log.read(options) }
  }

  exec(namespace: string, pod: string, options: ExecOptions): ExecSession | Status {
    const runner = this.#runner(namespace, pod, options.container)
    if (isStatus(runner)) return runner
    if (runner.container === undefined)
      return internalError(`unable to upgrade connection: container not found (${JSON.stringify(options.container)})`)
    return runner.container.exec(options)
  }

  network(namespace: string, pod: string): PodNetwork | Status {
    const sandbox = this.worker(namespace, pod)?.runningSandbox
    return sandbox === undefined ? notFound({ group: "", name: "pods" }, pod) : { kernel: this.kernel, sandbox }
  }

  /** Nothing under way but waiting: every pod runs, has ended, or backs off. */
  get quiet(): boolean {
    if (this.pending > 0) return false
    return [...this.workers.values()].every((worker) => worker.busy <= 0)
  }
}
