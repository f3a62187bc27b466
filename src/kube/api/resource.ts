/** What the API serves: one row a resource. */

import type { FieldError } from "./field-error.ts"
import type { Dict } from "./json.ts"
import type { Decoded } from "./schema.ts"
import type { ApiObject } from "./types.ts"

export interface Column {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  /** 1: shown by `-o wide` only. */
  readonly priority?: number
}

/** `null` is printed as nothing. */
export type Cell = string | number | boolean | null

/** What a printer may ask beside the object. */
export interface PrintContext {
  /** Seconds between a timestamp and now as text: `3m5s`, `<unknown>`. */
  age(timestamp: string | null | undefined): string
}

export interface Resource {
  /** "" for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly namespaced: boolean
  /** Subresources with a body of the same kind (`status`) or of their own (`scale`, `binding`). */
  readonly subresources?: readonly string[]
  /** Counts changes of the spec in metadata.generation. */
  readonly generation?: boolean
  /** Its status is written only through the status subresource. */
  readonly status?: boolean
  /** Fields that `--field-selector` may name, beside metadata.name and metadata.namespace. */
  readonly fields?: Readonly<Record<string, (object: ApiObject) => string>>
  readonly columns?: readonly Column[]
  readonly row?: (object: ApiObject, context: PrintContext) => Cell[]
  /** A kind that a CustomResourceDefinition made: no strategic merge patches, every write is checked as a whole. */
  readonly custom?: boolean
  /** What clients of this version are warned of. */
  readonly deprecation?: string
  /** Takes a manifest apart where the kind is none of the built-in table. */
  readonly decode?: (object: Dict) => Decoded
  /** Holds an object that is being deleted until its own cleaner has taken it off. */
  readonly finalizer?: string
  /** Fills in what the user left out. */
  readonly defaults?: (object: Dict) => void
  /** What is wrong with an object; with `old`, what is wrong with the change. */
  readonly validate?: (object: ApiObject, old: ApiObject | undefined) => FieldError[]
  /** Code that its writes need. A client waits for it before it sends one; see {@link ApiServer.needs}. */
  readonly load?: () => Promise<void>
  /** Names that are not DNS subdomains ("path": anything without / and %), or stricter ones. */
  readonly names?: "label" | "label1035" | "subdomain" | "path"
}

export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`
}

/** `pods`, `deployments.apps`: the store's key of a resource. */
export function resourceKey(resource: { group: string; plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`
}
