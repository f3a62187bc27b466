/** One container of a pod through its lives: pulled, started, ended, started again. Models pkg/kubelet/kuberuntime. */
import type { Container as ContainerSpec, ContainerStateTerminated, Probe } from "kubernetes-types/core/v1.js"
import type { ExitStatus } from "../../linux/task/process.ts"
import { Signal } from "../../linux/task/signal.ts"
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { Task } from "../../sim/task.ts"
import { timestamp } from "../api/time.ts"
import { Container } from "../cri/container.ts"
import { BackOff } from "./back-off.ts"
import { containerEnv, expand } from "./env.ts"
import type { PulledImage } from "./image-puller.ts"
import type { ContainerRecord } from "./pod-status.ts"
import type { PodWorker } from "./pod-worker.ts"
import { type Hook, type Probed, runHook } from "./probe.ts"
import { type Kind, Prober } from "./prober.ts"
import { MIRROR } from "./static-pods.ts"
import { containerMounts } from "./volumes.ts"

const CREATE_TIME = 60 * MILLISECOND
const START_TIME = 40 * MILLISECOND
/** From a failed pull to the sync that says ImagePullBackOff. */
const NEXT_SYNC = 2 * SECOND
const EPOCH = "1970-01-01T00:00:00Z"
/** MaxContainerTerminationMessageLength and MaxContainerTerminationMessageLogLength. */
const TERMINATION_MAX = 4096
const FALLBACK_MAX = 2048

export class ContainerRunner implements ContainerRecord {
  readonly name: string
  readonly spec: ContainerSpec
  readonly isInit: boolean
  readonly status: ContainerRecord["status"]
  /** The runs so far, newest last: logs of the present and of the previous one. */
  readonly runs: Container[] = []
  readonly #worker: PodWorker
  readonly #pullBackOff = new BackOff()
  readonly #crashBackOff = new BackOff()
  #startedAt = ""
  #prober: Prober | undefined

  constructor(worker: PodWorker, spec: ContainerSpec, isInit: boolean, waitingReason: string) {
    this.#worker = worker
    this.spec = spec
    this.name = spec.name
    this.isInit = isInit
    this.status = {
      containerID: "",
      image: spec.image ?? "",
      imageID: "",
      state: { waiting: { reason: waitingReason } },
      lastState: {},
      ready: false,
      started: false,
      restartCount: 0,
    }
  }

  get image(): string {
    return this.spec.image ?? ""
  }

  /** The container that runs, if one does. */
  get container(): Container | undefined {
    const last = this.runs[this.runs.length - 1]
    return last?.process !== undefined && last.process.status === undefined ? last : undefined
  }

  get fieldPath(): string {
    return `spec.${this.isInit ? "initContainers" : "containers"}{${this.name}}`
  }

  readonly #say = (type: "Normal" | "Warning", reason: string, message: string): void =>
    this.#worker.say(type, reason, message, this.fieldPath)

  #wait(reason: string, message?: string): void {
    this.status.state = { waiting: { reason, ...(message === undefined ? {} : { message }) } }
    this.status.ready = this.status.started = false
    this.#worker.report()
  }

  /** Pulls and starts, again and again until it runs; false when the pod is to stop. */
  async begin(task: Task): Promise<boolean> {
    while (!this.#worker.stopping) {
      await this.#worker.attended(task)
      const image = await this.#worker.puller.ensure(task, this.spec, this.#say)
      if (this.#worker.stopping) return false
      const wait =
        "reason" in image ? await this.#pullFailed(task, image.reason, image.message) : await this.#start(task, image)
      if (wait === 0) return true
      if (!(await this.#worker.pause(task, wait))) return false
    }
    return false
  }

  /** Says what failed; returns how long to wait. */
  async #pullFailed(task: Task, reason: string, message: string): Promise<number> {
    this.#say("Warning", "Failed", `Error: ${reason}`)
    this.#wait(reason, message)
    if (reason === "ErrImageNeverPull" || reason === "InvalidImageName") return 60 * SECOND
    this.#pullBackOff.next(this.#worker.sim.now)
    if (!(await this.#worker.pause(task, NEXT_SYNC))) return 0
    const text = `Back-off pulling image ${JSON.stringify(this.image)}`
    this.#say("Normal", "BackOff", text)
    this.#say("Warning", "Failed", "Error: ImagePullBackOff")
    this.#wait("ImagePullBackOff", text)
    return this.#pullBackOff.delay - NEXT_SYNC
  }

  /** Creates and starts a container: 0, or how long to wait before the next try. */
  async #start(task: Task, image: PulledImage): Promise<number> {
    const worker = this.#worker
    const env = containerEnv(worker.registry, worker.pod, this.spec, worker.node, worker.podIp)
    if ("configError" in env) {
      this.#say("Warning", "Failed", `Error: ${env.configError}`)
      this.#wait("CreateContainerConfigError", env.configError)
      return 10 * SECOND
    }
    await task.sleep(CREATE_TIME)
    const container = this.#create(image, env)
    this.#say("Normal", "Created", `Created container ${this.name}`)
    await task.sleep(START_TIME)
    if (worker.stopping) return 10 * SECOND
    this.runs.push(container)
    Object.assign(this.status, {
      containerID: `containerd://${container.id}`,
      image: image.reference,
      imageID: image.id,
    })
    worker.prepareRoot(container)
    const error = container.start()
    if (error !== undefined) return this.#startFailed(container, error)
    this.#say("Normal", "Started", `Started container ${this.name}`)
    if (!(await this.#postStart(task, container))) return 0
    this.#startedAt = timestamp(worker.sim)
    this.status.state = { running: { startedAt: this.#startedAt } }
    this.status.started = this.isInit || this.#probes.Startup === undefined
    this.status.ready = !this.isInit && this.status.started && this.#probes.Readiness === undefined
    this.#probe(container)
    worker.report()
    return 0
  }

  /** False when the hook failed: the container is being ended for it. */
  async #postStart(task: Task, container: Container): Promise<boolean> {
    const hook = this.spec.lifecycle?.postStart as Hook | undefined
    if (hook === undefined) return true
    const problem = await runHook(task, hook, this.#probed(container), Number.POSITIVE_INFINITY)
    if (problem === undefined || container.process?.status !== undefined) return true
    this.#say("Warning", "FailedPostStartHook", "PostStartHook failed")
    this.#say("Normal", "Killing", "FailedPostStartHook")
    await endProcess(task, container, this.#worker.pod.spec.terminationGracePeriodSeconds ?? 30)
    return false
  }

  /** Returns what of the grace period is left for the container itself, two seconds at least. */
  async #preStop(task: Task, container: Container, grace: number): Promise<number> {
    const hook = this.spec.lifecycle?.preStop as Hook | undefined
    if (hook === undefined || grace === 0) return grace
    const began = task.sim.now
    const problem = await runHook(task, hook, this.#probed(container), grace * SECOND)
    if (problem !== undefined) this.#say("Warning", "FailedPreStopHook", "PreStopHook failed")
    return Math.max(2, grace - (task.sim.now - began) / SECOND)
  }

  #probed(container: Container): Probed {
    const { kernel, podIp } = this.#worker
    return { kernel, podIp, container, ports: portNames(this.spec) }
  }

  /** A pod from the node's files is podwire's own control plane: it answers no HTTPS, and is there from the start. */
  get #probes(): Record<Kind, Probe | undefined> {
    const { startupProbe, readinessProbe, livenessProbe } = this.spec
    const probed = !this.isInit && this.#worker.pod.metadata.annotations?.[MIRROR] === undefined
    return probed
      ? { Startup: startupProbe, Readiness: readinessProbe, Liveness: livenessProbe }
      : { Startup: undefined, Readiness: undefined, Liveness: undefined }
  }

  #probe(container: Container): void {
    const probes = this.#probes
    if (Object.values(probes).every((probe) => probe === undefined)) return
    const worker = this.#worker
    // A container that nobody has looked at yet is still being started.
    let fresh = probes.Startup !== undefined || probes.Readiness !== undefined
    if (fresh) worker.busy++
    const looked = (): void => {
      if (fresh) worker.busy--
      fresh = false
    }
    this.#prober = new Prober(
      {
        get stopping() {
          return worker.stopping
        },
        attended: (task) => worker.host.untilActive(task),
        say: (reason, message) => this.#say("Warning", reason, message),
        result: (kind, good) => this.#probeResult(kind, good),
        kill: (kind) => this.#probeKill(kind),
        looked,
      },
      this.#probed(container),
    )
    this.#prober.onStop = looked
    this.#prober.start(probes)
  }

  #probeResult(kind: Kind, good: boolean): void {
    if (kind === "Startup") {
      this.status.started = true
      this.status.ready = this.#probes.Readiness === undefined
    } else this.status.ready = good
    this.#worker.report()
  }

  #probeKill(kind: Kind): void {
    const { container } = this
    if (container?.process === undefined) return
    this.#say("Normal", "Killing", `Container ${this.name} failed ${kind.toLowerCase()} probe, will be restarted`)
    const grace =
      this.spec.livenessProbe?.terminationGracePeriodSeconds ??
      this.#worker.pod.spec.terminationGracePeriodSeconds ??
      30
    void this.#worker.sim.spawn(() => endProcess(new Task(this.#worker.sim), container, grace))
  }

  #create(image: PulledImage, env: ReadonlyMap<string, string>): Container {
    const { spec } = this
    const worker = this.#worker
    return new Container(worker.kernel, worker.sandbox, {
      id: worker.prng.hex(64),
      image: image.image,
      command: (spec.command ?? []).map((text) => expand(text, env)),
      args: (spec.args ?? []).map((text) => expand(text, env)),
      env,
      workingDir: spec.workingDir ?? "",
      hostname: worker.hostname,
      uid: spec.securityContext?.runAsUser ?? worker.pod.spec.securityContext?.runAsUser ?? 0,
      tty: spec.tty === true,
      mounts: containerMounts(spec, worker.volumes),
      files: worker.managedFiles(),
    })
  }

  #startFailed(container: Container, error: string): number {
    this.#say("Warning", "Failed", `Error: ${error}`)
    container.log.close()
    const ended = {
      containerID: this.status.containerID,
      exitCode: 128,
      finishedAt: timestamp(this.#worker.sim),
      message: error,
      reason: "StartError",
      startedAt: EPOCH,
    }
    this.status.lastState = { terminated: ended }
    this.status.restartCount++
    this.#crashBackOff.next(this.#worker.sim.now)
    this.#wait("RunContainerError", error)
    return this.#crashBackOff.delay
  }

  /** Waits for the end of the program and records it. */
  async #ended(task: Task): Promise<ExitStatus> {
    const container = this.runs[this.runs.length - 1] as Container
    const proc = container.process as NonNullable<Container["process"]>
    while (proc.status === undefined) await this.#worker.rest(task, [proc.exited])
    this.#prober?.stop()
    this.#prober = undefined
    container.cleanUp()
    this.status.state = { terminated: this.#terminated(proc.status, container) }
    this.status.ready = this.status.started = false
    this.#worker.report()
    return proc.status
  }

  #terminated({ code, signal }: ExitStatus, container: Container): ContainerStateTerminated {
    const number = signal === undefined ? 0 : Signal[signal]
    const message = this.#lastWords(container, code)
    return {
      containerID: this.status.containerID,
      exitCode: code,
      finishedAt: timestamp(this.#worker.sim),
      ...(message === "" ? {} : { message }),
      reason: code === 0 ? "Completed" : "Error",
      ...(number === 0 || code !== 0 ? {} : { signal: number }),
      startedAt: this.#startedAt,
    }
  }

  /** What the program has left in its termination log or, where the pod asks for it, the end of its log. Models getTerminationMessage. */
  #lastWords(container: Container, code: number): string {
    const file = container.fs.readText(this.spec.terminationMessagePath ?? "/dev/termination-log")
    if ("text" in file && file.text !== "") return file.text.slice(0, TERMINATION_MAX)
    if (this.spec.terminationMessagePolicy !== "FallbackToLogsOnError" || code === 0) return ""
    const log = container.log.read({
      container: this.name,
      follow: false,
      previous: false,
      timestamps: false,
      tailLines: 80,
      sinceSeconds: undefined,
      limitBytes: undefined,
    })
    return log.slice(-FALLBACK_MAX)
  }

  #restarts(code: number): boolean {
    const policy = this.#worker.pod.spec.restartPolicy ?? "Always"
    if (this.#worker.stopping) return false
    // An init container that succeeded is through, whatever the policy.
    if (code === 0) return !this.isInit && policy === "Always"
    return policy !== "Never"
  }

  /** Runs until the container has ended for good. Its exit code, or `undefined` when the pod was stopped before. */
  async runToEnd(task: Task): Promise<number | undefined> {
    for (;;) {
      if (this.container === undefined && !(await this.begin(task))) return undefined
      const { code } = await this.#ended(task)
      if (!this.#restarts(code)) return code
      if (!(await this.#backOff(task))) return undefined
      this.status.lastState = this.status.state.waiting === undefined ? { ...this.status.state } : this.status.lastState
      this.status.restartCount++
    }
  }

  /** The first restart comes at once, later ones after 10, 20, 40 … seconds. */
  async #backOff(task: Task): Promise<boolean> {
    const { pod } = this.#worker
    const delay = this.#crashBackOff.delay
    this.#crashBackOff.next(this.#worker.sim.now)
    if (delay === 0) return this.#worker.pause(task, SECOND)
    const who = `container ${this.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    this.#say("Warning", "BackOff", `Back-off restarting failed ${who}`)
    this.status.lastState = { ...this.status.state }
    this.#wait(
      "CrashLoopBackOff",
      `back-off ${delay / SECOND >= 60 ? `${Math.floor(delay / (60 * SECOND))}m${(delay / SECOND) % 60}s` : `${delay / SECOND}s`} restarting failed container=${this.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
    )
    return this.#worker.pause(task, delay)
  }

  /** Asks the container to stop, then makes it. */
  async stop(task: Task, grace: number): Promise<void> {
    const { container } = this
    if (container?.process === undefined) return
    this.#say("Normal", "Killing", `Stopping container ${this.name}`)
    await endProcess(task, container, await this.#preStop(task, container, grace))
    container.cleanUp()
    // Whoever waits for the end of the container records it; they get their turn first.
    await task.sleep(MILLISECOND)
  }
}

const portNames = ({ ports = [] }: ContainerSpec): Map<string, number> =>
  new Map(ports.flatMap(({ name, containerPort }) => (name === undefined ? [] : [[name, containerPort] as const])))

/** The stop signal, then, after so many seconds of grace, SIGKILL. */
async function endProcess(task: Task, container: Container, grace: number): Promise<void> {
  const process = container.process as NonNullable<Container["process"]>
  process.kill(container.config.image.stopSignal ?? "SIGTERM")
  const deadline = task.sim.now + grace * SECOND
  while (process.status === undefined && task.sim.now < deadline)
    await task.wait(process.exited, deadline - task.sim.now)
  if (process.status === undefined) process.kill("SIGKILL")
  while (process.status === undefined) await task.wait(process.exited)
}
