/** A piece of the pool for each node, in the order nodes come. Models pkg/ipam/allocator/podcidr and clusterpool. */
import type { Registry } from "../../../kube/api/registry.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { formatPrefix, type Prefix, parsePrefix } from "../../../wire/address.ts"
import { type CiliumNode, ciliumNodes } from "../agent/cilium-node.ts"
import type { Log } from "../agent/log.ts"
import type { Part } from "./operator.ts"

const MODULE = "operator.ipam"

export class ClusterPool implements Part {
  readonly #registry: Registry
  readonly #log: Log
  readonly #pools: readonly Prefix[]
  readonly #mask: number
  #informer: Informer | undefined

  constructor(registry: Registry, log: Log, pools: readonly string[], mask: number) {
    this.#registry = registry
    this.#log = log
    this.#pools = pools.map(parsePrefix).filter((prefix): prefix is Prefix => prefix !== undefined)
    this.#mask = mask
  }

  start(): void {
    const resource = ciliumNodes(this.#registry)
    if (resource === undefined) return
    this.#informer = new Informer(this.#registry, resource, {}, (type, object) => {
      if (type !== "DELETED") this.#allocate(object as CiliumNode)
    })
  }

  stop(): void {
    this.#informer?.stop()
  }

  #allocate(node: CiliumNode): void {
    const resource = ciliumNodes(this.#registry)
    if (resource === undefined || (node.spec.ipam?.podCIDRs ?? []).length > 0) return
    const all = this.#registry.list(resource) as CiliumNode[]
    const taken = new Set(all.flatMap(({ spec }) => spec.ipam?.podCIDRs ?? []))
    const free = this.#free(taken)
    const { name } = node.metadata
    if (free === undefined) {
      const error = "allocator full"
      this.#log("warn", "Unable to allocate pod CIDR", MODULE, { nodeName: name, error })
      this.#registry.modify(
        resource,
        undefined,
        name,
        (object) => {
          object["status"] = { ipam: { "operator-status": { error } } }
        },
        "status",
      )
      return
    }
    this.#registry.modify(resource, undefined, name, (object) => {
      const spec = object["spec"] as CiliumNode["spec"]
      if ((spec.ipam?.podCIDRs ?? []).length === 0) spec.ipam = { ...spec.ipam, podCIDRs: [free] }
    })
    this.#log("info", "Allocated pod CIDR", MODULE, { nodeName: name, podCIDRs: `[${free}]` })
  }

  #free(taken: ReadonlySet<string>): string | undefined {
    const size = 2 ** (32 - this.#mask)
    for (const pool of this.#pools) {
      const end = pool.address + 2 ** (32 - pool.length)
      for (let address = pool.address; address < end; address += size) {
        const text = formatPrefix(address, this.#mask)
        if (!taken.has(text)) return text
      }
    }
    return undefined
  }
}
