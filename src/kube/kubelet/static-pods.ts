/** Pods from the node's own files, and the mirrors by which the API shows them. Models pkg/kubelet/config/file.go and pkg/kubelet/pod/mirror_client.go. */
import type { Prng } from "../../sim/prng.ts"
import { clone, type Dict, section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { formatTime } from "../api/time.ts"
import type { Manifest } from "../api/types.ts"

export const MIRROR = "kubernetes.io/config.mirror"

export class StaticPods {
  readonly #registry: Registry
  readonly #node: string
  readonly #prng: Prng
  /** Manifests by the name of their mirror. */
  readonly #manifests = new Map<string, Manifest>()

  constructor(registry: Registry, node: string, prng: Prng) {
    this.#registry = registry
    this.#node = node
    this.#prng = prng
  }

  /** Takes up a file's pod and shows it. */
  add(manifest: Manifest): void {
    const copy = this.#dress(clone(manifest))
    this.#manifests.set(copy.metadata.name ?? "", copy)
    this.#mirror(copy)
  }

  /** A mirror is gone: while its file is there it comes back. */
  restore(name: string): void {
    const manifest = this.#manifests.get(name)
    if (manifest !== undefined) this.#mirror(manifest)
  }

  #dress(manifest: Manifest): Manifest {
    const { metadata } = manifest
    const hash = this.#prng.fork(metadata.name ?? "").hex(32)
    metadata.name = `${metadata.name}-${this.#node}`
    metadata.annotations = {
      ...metadata.annotations,
      "kubernetes.io/config.hash": hash,
      [MIRROR]: hash,
      "kubernetes.io/config.seen": this.#seen(),
      "kubernetes.io/config.source": "file",
    }
    const spec = section(manifest as Dict, "spec")
    Object.assign(spec, {
      nodeName: this.#node,
      tolerations: [{ effect: "NoExecute", operator: "Exists" }],
      enableServiceLinks: true,
    })
    return manifest
  }

  /** As Go prints a time with its nanoseconds. */
  #seen(): string {
    const { epoch, now } = this.#registry.sim
    const nanos = String(Math.floor(now) % 1e9).padStart(9, "0")
    return `${formatTime(epoch + Math.floor(now / 1e9)).slice(0, -1)}.${nanos}Z`
  }

  #mirror(manifest: Manifest): void {
    const registry = this.#registry
    const node = registry.get(registry.resource("nodes"), undefined, this.#node)
    if (isStatus(node)) return
    const { name, uid } = node.metadata
    const copy = clone(manifest)
    copy.metadata.ownerReferences = [{ apiVersion: "v1", controller: true, kind: "Node", name, uid }]
    registry.create(registry.resource("pods"), copy)
  }
}
