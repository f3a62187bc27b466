/**
 * Probes of a container, from its start to its end. Models pkg/kubelet/prober.
 *
 * A probe whose result has stood for a while is repeated only when something happened that may change it: a program of the container ended,
 * or the node's links, addresses, routes or rules changed. In between it would see the same again, and an idle cluster has nothing to do.
 */
import type { Probe } from "kubernetes-types/core/v1.js"
import { SECOND } from "../../sim/simulation.ts"
import { Task, WaitQueue } from "../../sim/task.ts"
import { type Probed, runProbe } from "./probe.ts"

export type Kind = "Liveness" | "Readiness" | "Startup"

/** What a prober tells, and asks. */
export interface ProbeHost {
  readonly stopping: boolean
  /** Nothing is done while nobody attends to the pod. */
  attended(task: Task): Promise<void>
  say(reason: string, message: string): void
  /** A result that holds: readiness, or that the container has started. */
  result(kind: Kind, good: boolean): void
  /** A liveness or startup probe has failed for good. */
  kill(kind: Kind): void
  /** The first look at the container is over, however it went. */
  looked(): void
}

/** Failures of the same kind in a row after which a result counts as standing. */
const SETTLED = 360

export class Prober {
  readonly #host: ProbeHost
  readonly #probed: Probed
  readonly #changed = new WaitQueue()
  readonly #ended = new WaitQueue()
  onStop: () => void = () => {}
  #over = false
  #looking = 0
  readonly #forget: () => void

  constructor(host: ProbeHost, probed: Probed) {
    this.#host = host
    this.#probed = probed
    this.#forget = this.#listen()
  }

  /** Starts every probe the container has. */
  start(probes: Readonly<Record<Kind, Probe | undefined>>): void {
    const { Startup, Readiness, Liveness } = probes
    const { sim } = this.#probed.kernel
    const run = (kind: Kind, probe: Probe | undefined): Promise<void> =>
      probe === undefined ? Promise.resolve() : this.#run(kind, probe)
    void sim.spawn(async () => {
      if (Startup !== undefined && !(await this.#startup(Startup))) return
      void sim.spawn(() => run("Readiness", Readiness))
      void sim.spawn(() => run("Liveness", Liveness))
    })
  }

  /** The container has ended. */
  stop(): void {
    this.#over = true
    this.#ended.wake()
    this.#forget()
    this.onStop()
  }

  #listen(): () => void {
    const { kernel, container } = this.#probed
    const wake = (): void => this.#changed.wake()
    const exited = (proc: { fs: unknown }): void => {
      // What a probe itself starts, in the container or at its server, is no news.
      if (this.#looking === 0 && proc.fs === container.fs) wake()
    }
    kernel.netlinkListeners.push(wake)
    kernel.processes.exitListeners.add(exited)
    return () => {
      kernel.netlinkListeners.splice(kernel.netlinkListeners.indexOf(wake), 1)
      kernel.processes.exitListeners.delete(exited)
    }
  }

  get #running(): boolean {
    return !this.#over && !this.#host.stopping
  }

  /** True once the container counts as started. */
  async #startup(probe: Probe): Promise<boolean> {
    const task = new Task(this.#probed.kernel.sim)
    await this.#pause(task, (probe.initialDelaySeconds ?? 0) * SECOND)
    for (let failures = 0; this.#running; ) {
      const problem = await this.#look(task, "Startup", probe)
      if (problem === undefined) {
        this.#host.result("Startup", true)
        return true
      }
      if (++failures >= (probe.failureThreshold ?? 3)) {
        this.#host.kill("Startup")
        return false
      }
      await this.#pause(task, (probe.periodSeconds ?? 10) * SECOND)
    }
    return false
  }

  async #run(kind: Kind, probe: Probe): Promise<void> {
    const task = new Task(this.#probed.kernel.sim)
    const period = (probe.periodSeconds ?? 10) * SECOND
    let row = 0
    let last: boolean | undefined
    await this.#pause(task, (probe.initialDelaySeconds ?? 0) * SECOND)
    while (this.#running) {
      const good = (await this.#look(task, kind, probe)) === undefined
      row = good === last ? row + 1 : 1
      last = good
      if (!this.#running) return
      const threshold = good ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
      if (row === threshold) {
        if (kind === "Readiness") this.#host.result(kind, good)
        else if (!good) {
          this.#host.kill(kind)
          return
        }
      }
      const standing = good ? row >= threshold : row >= SETTLED
      await this.#next(task, period, standing)
    }
  }

  /** The next round; with a result that stands, the first round after something happened. */
  async #next(task: Task, period: number, standing: boolean): Promise<void> {
    const { sim } = this.#probed.kernel
    const began = sim.now
    if (standing) await task.wait([this.#changed, this.#ended])
    const passed = sim.now - began
    await this.#pause(task, period - (passed % period))
  }

  async #pause(task: Task, ns: number): Promise<void> {
    if (ns > 0 && this.#running) await task.wait(this.#ended, ns)
  }

  async #look(task: Task, kind: Kind, probe: Probe): Promise<string | undefined> {
    await this.#host.attended(task)
    if (!this.#running) return undefined
    this.#looking++
    const problem = await runProbe(task, probe, this.#probed)
    this.#looking--
    this.#host.looked()
    if (problem !== undefined && this.#running) this.#host.say("Unhealthy", `${kind} probe failed: ${problem}`)
    return problem
  }
}
