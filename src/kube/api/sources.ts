/** Where objects were written down: the manifests that clients say they sent. Kept beside the store, by uid; HTTP has no way to say it. */
import type { Store } from "./store.ts"
import type { ApiObject } from "./types.ts"

export interface ManifestSource {
  /** The file as the command named it, or STDIN. */
  readonly file: string
  /** All of its text. */
  readonly text: string
  /** Which of its documents, from 0, as kubectl cuts them. */
  readonly document: number
  /** Lines of the text before that document. */
  readonly line: number
  /** Where in the document the object stands: "" for all of it, `items[2]` in a List. */
  readonly path: string
}

export class Sources {
  readonly #store: Store
  readonly #known = new Map<string, ManifestSource>()
  /** Resources whose deletions are listened to. */
  readonly #watched = new Set<string>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The manifest an object came from; `undefined` when nobody said, or when it has been changed since without one. */
  get(uid: string): ManifestSource | undefined {
    return this.#known.get(uid)
  }

  /** Remembers a manifest, or with `undefined` forgets it. `key` is the resource's in the store. */
  set(key: string, object: ApiObject, source: ManifestSource | undefined): void {
    const { uid } = object.metadata
    if (source === undefined) {
      this.#known.delete(uid)
      return
    }
    this.#known.set(uid, source)
    if (this.#watched.has(key)) return
    this.#watched.add(key)
    this.#store.watch(key, (event) => {
      if (event.type === "DELETED") this.#known.delete(event.object.metadata.uid)
    })
  }
}
