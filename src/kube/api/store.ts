/** All objects and their history: what etcd and the watch cache are to a real cluster. Objects in it are never modified, only replaced. */
import type { Prng } from "../../sim/prng.ts"
import type { ApiObject } from "./types.ts"

export type WatchType = "ADDED" | "MODIFIED" | "DELETED"

export interface StoreEvent {
  readonly type: WatchType
  readonly revision: number
  readonly object: ApiObject
  /** The object before the change. */
  readonly old: ApiObject | undefined
}

export type Watcher = (event: StoreEvent) => void

/** Events kept for each resource: a watch from an older revision is told `410 Expired`. */
const HISTORY_MAX = 4096

class Shelf {
  readonly objects = new Map<string, ApiObject>()
  sorted: ApiObject[] | undefined
  history: StoreEvent[] = []
  /** The revision from which the history is complete. */
  complete = 0
  readonly watchers = new Set<Watcher>()
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`

export class Store {
  readonly #shelves = new Map<string, Shelf>()
  readonly #prng: Prng
  /** How often each object has come into being. */
  readonly #births = new Map<string, number>()
  #revision = 1

  constructor(prng: Prng) {
    this.#prng = prng.fork("uid")
  }

  /** The revision of the latest change. */
  get revision(): number {
    return this.#revision
  }

  /** A random version-4 UUID. It follows from the seed and from what the object is, so that one more object never changes another's. */
  uid(resource: string, namespace: string | undefined, name: string): string {
    const key = `${resource}/${keyOf(namespace, name)}`
    const births = (this.#births.get(key) ?? 0) + 1
    // Events are many, and have names that do not come back.
    if (resource !== "events") this.#births.set(key, births)
    const half = (which: string): string => this.#prng.fork(`${which}/${births}/${key}`).hex(16)
    const hex = half("high") + half("low")
    const variant = "89ab"[Number.parseInt(hex[16] as string, 16) & 3]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }

  #shelf(resource: string): Shelf {
    const found = this.#shelves.get(resource)
    if (found !== undefined) return found
    const made = new Shelf()
    this.#shelves.set(resource, made)
    return made
  }

  get(resource: string, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#shelf(resource).objects.get(keyOf(namespace, name))
  }

  /** Every object of a resource, by namespace and name. */
  list(resource: string): readonly ApiObject[] {
    const shelf = this.#shelf(resource)
    shelf.sorted ??= [...shelf.objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
    return shelf.sorted
  }

  /** Puts an object in place; it gets the next revision. The object is the store's from now on. */
  put(resource: string, object: ApiObject): ApiObject {
    const shelf = this.#shelf(resource)
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const old = shelf.objects.get(key)
    const revision = ++this.#revision
    object.metadata.resourceVersion = String(revision)
    shelf.objects.set(key, object)
    shelf.sorted = undefined
    this.#tell(shelf, { type: old === undefined ? "ADDED" : "MODIFIED", revision, object, old })
    return object
  }

  remove(resource: string, object: ApiObject): ApiObject {
    const shelf = this.#shelf(resource)
    shelf.objects.delete(keyOf(object.metadata.namespace, object.metadata.name))
    shelf.sorted = undefined
    const revision = ++this.#revision
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
    this.#tell(shelf, { type: "DELETED", revision, object: last, old: object })
    return last
  }

  #tell(shelf: Shelf, event: StoreEvent): void {
    shelf.history.push(event)
    if (shelf.history.length > HISTORY_MAX) {
      const kept = shelf.history.slice(HISTORY_MAX / 2)
      shelf.complete = (kept[0] as StoreEvent).revision - 1
      shelf.history = kept
    }
    for (const watcher of [...shelf.watchers]) watcher(event)
  }

  /** Changes after `revision`, or `undefined` when they are no longer known. */
  since(resource: string, revision: number): readonly StoreEvent[] | undefined {
    const shelf = this.#shelf(resource)
    if (revision < shelf.complete) return undefined
    return shelf.history.filter((event) => event.revision > revision)
  }

  /** Calls `watcher` on every change from now on; returns what ends it. */
  watch(resource: string, watcher: Watcher): () => void {
    const shelf = this.#shelf(resource)
    shelf.watchers.add(watcher)
    return () => shelf.watchers.delete(watcher)
  }

  /** The names of all resources that hold objects. */
  resources(): string[] {
    return [...this.#shelves].filter(([, shelf]) => shelf.objects.size > 0).map(([name]) => name)
  }
}
