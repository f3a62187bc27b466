/** Pod ranges of nodes. Models pkg/controller/nodeipam. */
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
