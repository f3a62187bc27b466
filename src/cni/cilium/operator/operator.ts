/** cilium-operator, the program: what a cluster needs once. Models operator/cmd/root.go. */
import type { ApiServer } from "../../../kube/api/server.ts"
import { isStatus } from "../../../kube/api/status.ts"
import { microTimestamp } from "../../../kube/api/time.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { Termination } from "../../../shell/termination.ts"
import { defineTool } from "../../../shell/tool.ts"
import { MILLISECOND } from "../../../sim/simulation.ts"
import { VERSIONS } from "../../../versions.ts"
import { serveHealthz } from "../agent/healthz.ts"
import { type Log, logOf } from "../agent/log.ts"
import { ClusterPool } from "./cluster-pool.ts"
import { IdentityCollector } from "./identity-gc.ts"
import { NodeTaints } from "./node-taints.ts"
import { PolicyStatus } from "./policy-status.ts"
import { UnmanagedPods } from "./unmanaged-pods.ts"

const LEASE = "cilium-operator-resource-lock"
const STEP = 20 * MILLISECOND
/** --leader-election-lease-duration and --leader-election-retry-period. */
const LEASE_SECONDS = 15

export interface Part {
  start(): void
  stop(): void
}

export const ciliumOperator = (api: ApiServer): Tool =>
  defineTool("cilium-operator-generic", (proc) => new Operator(api, proc).main())

class Operator {
  readonly #api: ApiServer
  readonly #proc: Process
  readonly #log: Log
  readonly #end: Termination

  constructor(api: ApiServer, proc: Process) {
    this.#api = api
    this.#proc = proc
    this.#end = new Termination(proc)
    this.#log = logOf(proc)
  }

  async main(): Promise<number> {
    const options = this.#options()
    if (typeof options === "string") {
      await this.#proc.err(`Error: ${options}\n`)
      return 1
    }
    this.#log("info", "Cilium Operator", "operator", { version: `${VERSIONS.cilium} go version go1.24.5 linux/amd64` })
    serveHealthz(this.#proc, 9234, () => true)
    await this.#registerKinds()
    await this.#lead()
    const parts = this.#parts(options)
    for (const part of parts) part.start()
    this.#log("info", "Initialization complete", "operator")
    try {
      await this.#end.wait()
      return 0
    } finally {
      for (const part of parts) part.stop()
      this.#release()
    }
  }

  /** The keys of cilium-config, or why they cannot be read. */
  #options(): ReadonlyMap<string, string> | string {
    const [dir = "", ...rest] = this.#proc.argv.slice(1)
    const unknown = [dir, ...rest].find((word) => !/^--(config-dir=|debug=)/.test(word))
    if (unknown !== undefined) return `podwire's cilium-operator has no flag ${unknown}`
    const folder = dir.slice("--config-dir=".length)
    const names = this.#proc.fs.readdir(folder)
    if (typeof names === "string") return `non-existent configuration directory ${folder}`
    const options = new Map<string, string>()
    for (const name of names) {
      const file = this.#proc.fs.readText(`${folder}/${name}`)
      if ("text" in file) options.set(name, file.text.trim())
    }
    return options
  }

  /** Until now the API server knows nothing of Cilium's kinds. */
  async #registerKinds(): Promise<void> {
    const { registry } = this.#api
    const { ciliumDefinitions } = await this.#proc.task.load(() => import("../crds/index.ts"))
    const resource = registry.resource("customresourcedefinitions")
    if (resource.load !== undefined) await this.#proc.task.load(resource.load)
    for (const definition of ciliumDefinitions) {
      const name = definition.metadata.name ?? ""
      if (!isStatus(registry.get(resource, undefined, name))) continue
      const created = registry.create(resource, JSON.parse(JSON.stringify(definition)))
      if (isStatus(created))
        this.#log("error", "Unable to create CRD", "operator.apis.crds", { name, error: created.message ?? "" })
      else this.#log("info", "CRD is installed and up-to-date", "operator.apis.crds", { name })
    }
    const known = (): boolean =>
      ciliumDefinitions.every(({ spec }) => {
        const { group, names, versions } = spec as {
          group: string
          names: { kind: string }
          versions: { name: string }[]
        }
        return registry.resourceByKind(`${group}/${versions[0]?.name}`, names.kind) !== undefined
      })
    while (!known() && (await this.#end.pause(STEP)));
  }

  // ── leader election ─────────────────────────────────────────────────────────────────────────

  get #identity(): string {
    return `${this.#proc.hostname}-${this.#proc.kernel.prng.fork("cilium/operator").hex(10)}`
  }

  /** Waits until nobody else leads. */
  async #lead(): Promise<void> {
    const { registry } = this.#api
    const leases = registry.resource("leases")
    this.#log("info", "Waiting for leader election", "operator")
    while (!this.#end.asked) {
      const lease = registry.get(leases, "kube-system", LEASE)
      const holder = isStatus(lease) ? "" : ((lease["spec"] as { holderIdentity?: string }).holderIdentity ?? "")
      if (holder === "" || holder === this.#identity) break
      await this.#end.pause(LEASE_SECONDS * 1000 * MILLISECOND)
      // A leader that is alive has renewed by now: the simulation's leaders are, until they release.
      if (holder !== "" && !this.#holderGone(holder)) continue
      break
    }
    const now = microTimestamp(this.#proc.kernel.sim)
    const spec = {
      holderIdentity: this.#identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 0,
    }
    const metadata = { name: LEASE, namespace: "kube-system" }
    const created = registry.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec })
    if (isStatus(created))
      registry.modify(leases, "kube-system", LEASE, (object) => {
        object["spec"] = spec
      })
    this.#log("info", "Leading the operator HA deployment", "operator")
  }

  /** No operator's pod is on the machine that the lease names. */
  #holderGone(holder: string): boolean {
    const { registry } = this.#api
    const pods = registry.list(registry.resource("pods"), { namespace: "kube-system" })
    return !pods.some(
      ({ metadata, spec }) =>
        metadata.labels?.["name"] === "cilium-operator" &&
        holder.startsWith(`${(spec as { nodeName?: string }).nodeName ?? " "}-`),
    )
  }

  #release(): void {
    const { registry } = this.#api
    registry.modify(registry.resource("leases"), "kube-system", LEASE, (object) => {
      const spec = object["spec"] as { holderIdentity?: string }
      if (spec.holderIdentity === this.#identity) spec.holderIdentity = ""
    })
  }

  #parts(options: ReadonlyMap<string, string>): Part[] {
    const { registry } = this.#api
    const log = this.#log
    const interval = Number(options.get("unmanaged-pod-watcher-interval") ?? 15)
    return [
      ...(options.get("ipam") === "cluster-pool"
        ? [
            new ClusterPool(
              registry,
              log,
              (options.get("cluster-pool-ipv4-cidr") ?? "10.0.0.0/8").split(" "),
              Number(options.get("cluster-pool-ipv4-mask-size") ?? 24),
            ),
          ]
        : []),
      new NodeTaints(registry, log),
      new PolicyStatus(registry, log, {
        l7Proxy: options.get("enable-l7-proxy") !== "false",
        nodeSelectorLabels: options.get("enable-node-selector-labels") === "true",
      }),
      ...(interval > 0 ? [new UnmanagedPods(registry, log, interval)] : []),
      new IdentityCollector(registry, log),
    ]
  }
}
