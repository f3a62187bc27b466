/** Controllers of nodes: pod ranges and taints. Models pkg/controller/nodeipam and pkg/controller/nodelifecycle. */
import { SECOND } from "../../sim/simulation.ts"
import { formatPrefix, networkOf, type Prefix } from "../../wire/address.ts"
import { section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import type { Node } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"

/** Every node's range is this long (--node-cidr-mask-size). */
const NODE_MASK = 24

/** Hands out podCIDRs in order of registration; the cursor moves on, so a range that came free is not the next one taken. */
export class NodeIpam {
  readonly #registry: Registry
  readonly #range: Prefix
  readonly #recorder: EventRecorder
  readonly #taken = new Set<number>()
  #cursor = 0
  readonly informer: Informer

  constructor(registry: Registry, range: Prefix) {
    this.#registry = registry
    this.#range = range
    this.#recorder = new EventRecorder(registry, "cidrAllocator")
    this.informer = new Informer(registry, registry.resource("nodes"), {}, (type, object) => {
      if (type === "DELETED") this.#release(object as Node)
      else this.#allocate(object as Node)
    })
  }

  get #count(): number {
    return 2 ** Math.max(0, NODE_MASK - this.#range.length)
  }

  #index(cidr: string): number {
    const parts = cidr.split("/")[0]?.split(".").map(Number) ?? []
    const address = parts.reduce((sum, part) => sum * 256 + part, 0)
    return (address - networkOf(this.#range.address, this.#range.length)) / 2 ** (32 - NODE_MASK)
  }

  #allocate(node: Node): void {
    const own = node.spec.podCIDR ?? ""
    if (own !== "") {
      this.#taken.add(this.#index(own))
      return
    }
    const index = this.#next()
    if (index === undefined) {
      this.#recorder.event(
        node,
        "Normal",
        "CIDRNotAvailable",
        `Node ${node.metadata.name} status is now: CIDRNotAvailable`,
      )
      return
    }
    const size = 2 ** (32 - NODE_MASK)
    const cidr = formatPrefix((networkOf(this.#range.address, this.#range.length) + index * size) >>> 0, NODE_MASK)
    this.#registry.modify(this.#registry.resource("nodes"), undefined, node.metadata.name, (object) => {
      const spec = section(object, "spec")
      if (spec["podCIDR"] === undefined) Object.assign(spec, { podCIDR: cidr, podCIDRs: [cidr] })
    })
  }

  #next(): number | undefined {
    const count = this.#count
    for (let i = 0; i < count; i++) {
      const index = (this.#cursor + i) % count
      if (this.#taken.has(index)) continue
      this.#taken.add(index)
      this.#cursor = (index + 1) % count
      return index
    }
    return undefined
  }

  #release(node: Node): void {
    if ((node.spec.podCIDR ?? "") !== "") this.#taken.delete(this.#index(node.spec.podCIDR as string))
  }
}

const TAINTS: readonly (readonly [condition: string, status: string, taint: string])[] = [
  ["Ready", "False", "node.kubernetes.io/not-ready"],
  ["Ready", "Unknown", "node.kubernetes.io/unreachable"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
]

/** Keeps the taints that follow from a node's conditions, and greets new nodes. */
export class NodeLifecycle {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  readonly #known = new Set<string>()
  readonly informer: Informer

  constructor(registry: Registry) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "node-controller")
    this.informer = new Informer(registry, registry.resource("nodes"), {}, (type, object) => {
      if (type !== "DELETED") this.#sync(object as Node)
    })
  }

  #sync(node: Node): void {
    const { name, uid } = node.metadata
    if (!this.#known.has(uid)) {
      this.#known.add(uid)
      const greet = (): void =>
        this.#recorder.event(
          node,
          "Normal",
          "RegisteredNode",
          `Node ${name} event: Registered Node ${name} in Controller`,
        )
      this.#registry.sim.schedule(SECOND, { fire: greet }, 0)
    }
    const wanted = this.#taints(node)
    const mine = TAINTS.map(([, , taint]) => taint)
    const now = (node.spec.taints ?? []).filter((taint) => mine.includes(taint.key)).map((taint) => taint.key)
    if (now.length === wanted.length && wanted.every((taint) => now.includes(taint))) return
    this.#registry.modify(this.#registry.resource("nodes"), undefined, name, (object) => {
      const spec = section(object, "spec") as Node["spec"]
      const others = (spec.taints ?? []).filter((taint) => !mine.includes(taint.key))
      const taints = [...others, ...wanted.map((key) => ({ key, effect: "NoSchedule" }))]
      if (taints.length === 0) delete spec.taints
      else spec.taints = taints
    })
  }

  #taints(node: Node): string[] {
    const conditions = node.status.conditions ?? []
    return TAINTS.filter(([type, status]) => conditions.some((c) => c.type === type && c.status === status)).map(
      ([, , taint]) => taint,
    )
  }
}
