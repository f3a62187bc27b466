/** The cluster's DNS, when it was there before Cilium, is restarted. Models operator/cmd/k8s_pod_controller.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import { secondsSince } from "../../../kube/api/time.ts"
import type { Pod } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { SECOND } from "../../../sim/simulation.ts"
import type { Log } from "../agent/log.ts"
import type { Part } from "./operator.ts"

/** A pod has so long to get an endpoint (unmanagedPodMinimalAge). */
const MINIMAL_AGE = 30
const MODULE = "operator.unmanaged-pods"

export class UnmanagedPods implements Part {
  readonly #registry: Registry
  readonly #log: Log
  readonly #interval: number
  #informer: Informer | undefined
  #start = 0
  #stopped = false
  /** A look is due: rounds without anything to look at are left out. */
  #scheduled = false

  constructor(registry: Registry, log: Log, seconds: number) {
    this.#registry = registry
    this.#log = log
    this.#interval = seconds * SECOND
  }

  start(): void {
    this.#start = this.#registry.sim.now
    this.#informer = new Informer(this.#registry, this.#registry.resource("pods"), {}, (_type, object) => {
      if (object.metadata.labels?.["k8s-app"] === "kube-dns") this.#schedule()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#informer?.stop()
  }

  #schedule(): void {
    if (this.#scheduled || this.#unmanaged().length === 0) return
    this.#scheduled = true
    const { sim } = this.#registry
    const next = this.#start + (Math.floor((sim.now - this.#start) / this.#interval) + 1) * this.#interval
    sim.schedule(next - sim.now, { fire: () => this.#look() }, 0)
  }

  #look(): void {
    this.#scheduled = false
    if (this.#stopped) return
    const pods = this.#unmanaged()
    const pod = pods.find(({ status }) => (secondsSince(this.#registry.sim, status.startTime) ?? 0) > MINIMAL_AGE)
    // One a round.
    if (pod !== undefined) {
      const { namespace, name } = pod.metadata
      this.#log("info", "Restarting unmanaged pod", MODULE, {
        podName: `${namespace}/${name}`,
        timeSincePodStarted: `${secondsSince(this.#registry.sim, pod.status.startTime)}s`,
      })
      this.#registry.delete(this.#registry.resource("pods"), namespace, name)
    }
    this.#schedule()
  }

  #unmanaged(): Pod[] {
    const endpoints = this.#registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")
    const pods = this.#registry.list(this.#registry.resource("pods")) as Pod[]
    return pods.filter(
      ({ metadata, spec, status }) =>
        metadata.labels?.["k8s-app"] === "kube-dns" &&
        spec.hostNetwork !== true &&
        metadata.deletionTimestamp === undefined &&
        status.phase === "Running" &&
        endpoints !== undefined &&
        isStatus(this.#registry.get(endpoints, metadata.namespace, metadata.name)),
    )
  }
}
