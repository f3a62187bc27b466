/** One pod on one node, from its arrival to its end. Models pkg/kubelet/kubelet.go syncPod and pod_workers.go. */
import type { Kernel } from "../../linux/kernel.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { Prng } from "../../sim/prng.ts"
import { MILLISECOND, SECOND, type Simulation } from "../../sim/simulation.ts"
import { Task, WaitQueue } from "../../sim/task.ts"
import { equal } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { timestamp } from "../api/time.ts"
import type { Pod } from "../api/types.ts"
import type { Container } from "../cri/container.ts"
import { NOT_INITIALIZED, type PodSandbox, runPodSandbox, stopPodSandbox } from "../cri/sandbox.ts"
import { ContainerRunner } from "./container-runner.ts"
import type { ImagePuller } from "./image-puller.ts"
import { type PodRecord, podStatus } from "./pod-status.ts"
import { type MountedVolume, mountVolumes } from "./volumes.ts"

/** What a worker uses of its kubelet. */
export interface PodHost {
  readonly registry: Registry
  readonly kernel: Kernel
  readonly puller: ImagePuller
  readonly node: { readonly name: string; readonly ip: string }
  /** Woken when the pod network becomes ready or stops being so. */
  readonly networkChanged: WaitQueue
  readonly networkReady: boolean
  /** False while the kubelet is stopped: nothing is written, nothing is started. */
  readonly active: boolean
  /** Returns when it is active. */
  untilActive(task: Task): Promise<void>
  /** Told of each new pod's network, before anything is in it. */
  readonly networkCreated: ReadonlySet<(pod: Pod, net: NetNamespace) => void>
  /** `nameserver` of pods with ClusterFirst. */
  readonly clusterDns: string
  say(pod: Pod, type: "Normal" | "Warning", reason: string, message: string, fieldPath?: string): void
  prepareRoot(pod: Pod, container: Container): void
  /** The worker is through with its pod. */
  finished(worker: PodWorker): void
}

const SANDBOX_TIME = 150 * MILLISECOND
const MOUNT_RETRY = { first: SECOND / 2, most: 122 * SECOND }

export class PodWorker {
  pod: Pod
  readonly host: PodHost
  readonly prng: Prng
  readonly inits: readonly ContainerRunner[]
  readonly containers: readonly ContainerRunner[]
  volumes: ReadonlyMap<string, MountedVolume> = new Map()
  /** Set once the pod is being deleted or its node goes away. */
  stopping = false
  /** Tasks at work for this pod; those that only wait for something to happen do not count. */
  busy = 0
  readonly #stop = new WaitQueue()
  readonly #runnersDone = new WaitQueue()
  readonly #startTime: string
  #runnersActive = 0
  #sandbox: PodSandbox | undefined
  #podIp = ""

  constructor(host: PodHost, pod: Pod) {
    this.host = host
    this.pod = pod
    this.prng = host.kernel.prng.fork(`kubelet/pod/${pod.metadata.uid}`)
    this.#startTime = timestamp(this.sim)
    const inits = pod.spec.initContainers ?? []
    this.inits = inits.map((spec) => new ContainerRunner(this, spec, true, "PodInitializing"))
    this.containers = pod.spec.containers.map(
      (spec) => new ContainerRunner(this, spec, false, inits.length > 0 ? "PodInitializing" : "ContainerCreating"),
    )
  }

  get sim(): Simulation {
    return this.host.kernel.sim
  }
  get kernel(): Kernel {
    return this.host.kernel
  }
  get registry(): Registry {
    return this.host.registry
  }
  get puller(): ImagePuller {
    return this.host.puller
  }
  get node(): { readonly name: string; readonly ip: string } {
    return this.host.node
  }
  /** The pod's address; empty until its sandbox runs. */
  get podIp(): string {
    return this.#podIp
  }
  get sandbox(): PodSandbox {
    if (this.#sandbox === undefined) throw new Error(`${this.pod.metadata.name} has no sandbox yet`)
    return this.#sandbox
  }
  /** The sandbox, when there is one. */
  get runningSandbox(): PodSandbox | undefined {
    return this.#sandbox
  }
  get hostname(): string {
    return this.pod.spec.hostNetwork === true
      ? this.kernel.hostname
      : this.pod.spec.hostname || this.pod.metadata.name.slice(0, 63)
  }

  say(type: "Normal" | "Warning", reason: string, message: string, fieldPath?: string): void {
    this.host.say(this.pod, type, reason, message, fieldPath)
  }

  prepareRoot(container: Container): void {
    this.host.prepareRoot(this.pod, container)
  }

  /** Sleeps; false when the pod is to stop. */
  async pause(task: Task, ns: number): Promise<boolean> {
    if (!this.stopping && ns > 0) await this.rest(task, [this.#stop], ns)
    return !this.stopping
  }

  /** Waits without being at work. */
  async rest(task: Task, queues: readonly WaitQueue[], ns: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.busy--
    await task.wait(queues, ns)
    this.busy++
  }

  async #working(work: () => Promise<void>): Promise<void> {
    this.busy++
    await work()
    this.busy--
  }

  /** The files a kubelet writes into every container. */
  managedFiles(): Record<string, string> {
    const { pod } = this
    const files: Record<string, string> = { "/etc/hostname": `${this.hostname}\n` }
    const nodeHosts = this.kernel.root.readText("/etc/hosts")
    const hosts =
      pod.spec.hostNetwork === true && "text" in nodeHosts ? nodeHosts.text : hostsFile(pod, this.#podIp, this.hostname)
    files["/etc/hosts"] = hosts
    const nodeResolv = this.kernel.root.readText("/etc/resolv.conf")
    const clusterFirst =
      pod.spec.dnsPolicy === "ClusterFirstWithHostNet" ||
      (pod.spec.dnsPolicy === "ClusterFirst" && pod.spec.hostNetwork !== true)
    if (clusterFirst)
      files["/etc/resolv.conf"] =
        `search ${pod.metadata.namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${this.host.clusterDns}\noptions ndots:5\n`
    else files["/etc/resolv.conf"] = "text" in nodeResolv ? nodeResolv.text : ""
    return files
  }

  /** Waits until there is a kubelet. */
  async attended(task: Task): Promise<void> {
    this.busy--
    await this.host.untilActive(task)
    this.busy++
  }

  /** Writes the pod's status to the API. */
  report(): void {
    if (!this.host.active) return
    const record: PodRecord = {
      pod: this.pod,
      inits: this.inits,
      containers: this.containers,
      hostIp: this.node.ip,
      podIp: this.#podIp,
      startTime: this.#startTime,
      sandboxReady: this.#sandbox !== undefined,
    }
    const status = podStatus(record, timestamp(this.sim))
    if (equal(status, this.pod.status)) return
    const { namespace, name, uid } = this.pod.metadata
    const pods = this.registry.resource("pods")
    const now = this.registry.get(pods, namespace, name)
    if (isStatus(now) || now.metadata.uid !== uid) return
    const written = this.registry.modify(
      pods,
      namespace,
      name,
      (object) => {
        object["status"] = status
      },
      "status",
    )
    if (!isStatus(written)) this.pod = written as Pod
  }

  /** Starts the pod; runs beside everything else. */
  start(): void {
    void this.sim.spawn(() => this.#working(() => this.#live()))
  }

  /** The API's pod changed. */
  update(pod: Pod): void {
    this.pod = { ...pod, status: this.pod.status }
    if (pod.metadata.deletionTimestamp !== undefined) this.terminate()
  }

  terminate(): void {
    if (this.stopping) return
    this.stopping = true
    this.#stop.wake()
    this.host.networkChanged.wake()
  }

  async #live(): Promise<void> {
    const task = new Task(this.sim)
    this.report()
    if (
      (await this.#network(task)) &&
      (await this.#mount(task)) &&
      (await this.#createSandbox(task)) &&
      (await this.#initialize(task))
    )
      await this.#run(task)
    await this.#shutdown(task)
    this.host.finished(this)
  }

  /** Waits for the pod network. */
  async #network(task: Task): Promise<boolean> {
    if (this.pod.spec.hostNetwork === true) return !this.stopping
    while (!this.host.networkReady && !this.stopping) {
      this.say(
        "Warning",
        "NetworkNotReady",
        `network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${NOT_INITIALIZED}`,
      )
      await this.rest(task, [this.host.networkChanged, this.#stop])
    }
    return !this.stopping
  }

  async #mount(task: Task): Promise<boolean> {
    let delay = MOUNT_RETRY.first
    for (;;) {
      const mounted = mountVolumes(this.host, this.pod)
      if (typeof mounted !== "string") {
        this.volumes = mounted
        return !this.stopping
      }
      this.say("Warning", "FailedMount", mounted)
      if (!(await this.pause(task, delay))) return false
      delay = Math.min(delay * 2, MOUNT_RETRY.most)
    }
  }

  async #createSandbox(task: Task): Promise<boolean> {
    while (!this.stopping) {
      await task.sleep(SANDBOX_TIME)
      const sandbox = await runPodSandbox(this.kernel, task, this.prng, this.pod, this.node.ip, (net) => {
        for (const listener of this.host.networkCreated) listener(this.pod, net)
      })
      if (typeof sandbox !== "string") {
        this.#sandbox = sandbox
        this.#podIp = sandbox.ip
        this.report()
        return !this.stopping
      }
      this.say(
        "Warning",
        "FailedCreatePodSandBox",
        `Failed to create pod sandbox: rpc error: code = Unknown desc = ${sandbox}`,
      )
      // Pod workers try again after 10 seconds and a bit (backOffPeriod, workerBackOffPeriodJitterFactor).
      if (!(await this.pause(task, 10 * SECOND + this.prng.below(5000) * MILLISECOND))) return false
    }
    return false
  }

  async #initialize(task: Task): Promise<boolean> {
    for (const init of this.inits) {
      const code = await init.runToEnd(task)
      if (code !== 0) return false
    }
    return !this.stopping
  }

  /** Starts the containers in order and waits until all have ended for good, or the pod is to stop. */
  async #run(task: Task): Promise<void> {
    for (const container of this.containers) {
      container.status.state = { waiting: { reason: "ContainerCreating" } }
      this.#runnersActive++
      void this.sim.spawn(() => this.#working(() => this.#supervise(container)))
      // The next one waits for this one's pull and start, not for its retries.
      while (container.status.state.waiting?.reason === "ContainerCreating" && !this.stopping)
        await task.wait(this.#stop, 10 * MILLISECOND)
    }
    while (this.#runnersActive > 0 && !this.stopping) await this.rest(task, [this.#runnersDone, this.#stop])
  }

  async #supervise(container: ContainerRunner): Promise<void> {
    await container.runToEnd(new Task(this.sim))
    this.#runnersActive--
    this.#runnersDone.wake()
  }

  /** Stops what runs, takes the pod off the network and lets the API forget it. */
  async #shutdown(task: Task): Promise<void> {
    if (this.stopping) {
      const grace = this.pod.metadata.deletionGracePeriodSeconds ?? this.pod.spec.terminationGracePeriodSeconds ?? 30
      await this.#stopContainers(task, grace)
    }
    await this.#stopSandbox(task)
    this.report()
    // A pod that ended by itself stays until somebody deletes it.
    while (!this.stopping) await this.rest(task, [this.#stop])
    const { namespace, name, uid } = this.pod.metadata
    this.registry.delete(this.registry.resource("pods"), namespace, name, { gracePeriodSeconds: 0, uid })
  }

  /** All at once, as the kubelet does it. */
  async #stopContainers(task: Task, grace: number): Promise<void> {
    let left = 0
    const done = new WaitQueue()
    for (const runner of [...this.inits, ...this.containers]) {
      if (runner.container === undefined) continue
      left++
      void this.sim.spawn(async () => {
        await runner.stop(new Task(this.sim), grace)
        left--
        done.wake()
      })
    }
    while (left > 0) await task.wait(done)
  }

  async #stopSandbox(task: Task): Promise<void> {
    while (this.#sandbox !== undefined) {
      const error = await stopPodSandbox(this.kernel, task, this.#sandbox)
      if (error === undefined) {
        this.#sandbox = undefined
        return
      }
      this.say(
        "Warning",
        "FailedKillPod",
        `error killing pod: failed to "KillPodSandbox" for ${JSON.stringify(this.pod.metadata.uid)} with KillPodSandboxError: "rpc error: code = Unknown desc = ${error}"`,
      )
      await task.sleep(10 * SECOND)
    }
  }
}

function hostsFile(pod: Pod, ip: string, hostname: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join("\t")}\n`)
  const more = aliases.length === 0 ? "" : `\n# Entries added by HostAliases.\n${aliases.join("")}`
  return `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
${ip}\t${hostname}
${more}`
}
