/**
 * The API server's heart: takes objects in (decodes, defaults, admits, validates), gives them out, deletes them. Everything that changes an
 * object goes through here, whoever asks: kubectl over {@link ApiServer}, a controller, a kubelet.
 */
import type { Prng } from "../../sim/prng.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { clone, type Dict, equal, isDict, section } from "./json.ts"
import { jsonPatch } from "./patch/json-patch.ts"
import { mergePatch } from "./patch/merge.ts"
import { strategicMerge } from "./patch/strategic.ts"
import { apiVersionOf, type Resource, resourceKey } from "./resource.ts"
import { BUILT_IN } from "./resources.ts"
import { decode } from "./schema.ts"
import { type FieldTerm, type LabelSelector, matchesLabels } from "./selector.ts"
import * as status from "./status.ts"
import { Store, type StoreEvent, type WatchType } from "./store.ts"
import { timestamp } from "./time.ts"
import type { ApiObject, Manifest } from "./types.ts"
import { validateMeta, validateObject } from "./validation/meta.ts"

export interface WriteOptions {
  namespace?: string | undefined
  dryRun?: boolean
  /** What to do about unknown fields (Warn: they are dropped, and {@link Registry.warnings} says so). */
  fieldValidation?: "Strict" | "Warn" | "Ignore"
  subresource?: string | undefined
}

export interface DeleteOptions {
  dryRun?: boolean
  gracePeriodSeconds?: number | undefined
  propagationPolicy?: "Background" | "Foreground" | "Orphan" | undefined
  uid?: string | undefined
}

export type PatchType = "strategic" | "merge" | "json"

/** Which objects a list or watch is about. */
export interface Query {
  namespace?: string | undefined
  name?: string | undefined
  labels?: LabelSelector | undefined
  fields?: readonly FieldTerm[] | undefined
}

/** Changes an object on its way in, or refuses it. `old` is set on updates. Models mutating admission. */
export type Admission = (resource: Resource, object: Dict, old: ApiObject | undefined) => status.Status | undefined

/** Letters of generated names: no vowels, nothing that looks like another. Models apimachinery's rand.String. */
const NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

export class Registry {
  readonly sim: Simulation
  readonly store: Store
  readonly resources: Resource[] = [...BUILT_IN]
  readonly admission: Admission[] = []
  /** `Warning:` headers of the request under way. */
  warnings: string[] = []
  readonly #prng: Prng
  readonly #suffixes = new Map<string, Prng>()

  constructor(sim: Simulation) {
    this.sim = sim
    const prng = sim.prng.fork("kube-apiserver")
    this.store = new Store(prng)
    this.#prng = prng.fork("names")
  }

  // ── kinds ───────────────────────────────────────────────────────────────────────────────────

  /** Serves another kind from now on: a custom resource. */
  addResource(resource: Resource): void {
    this.resources.push(resource)
  }

  resourceByPath(group: string, version: string, plural: string): Resource | undefined {
    return this.resources.find((r) => r.group === group && r.version === version && r.plural === plural)
  }

  resourceByKind(apiVersion: string, kind: string): Resource | undefined {
    return this.resources.find((r) => r.kind === kind && apiVersionOf(r) === apiVersion)
  }

  /** The built-in resource with this plural name; a name that does not exist is a bug. */
  resource(plural: string): Resource {
    const found = this.resources.find((r) => r.plural === plural)
    if (found === undefined) throw new Error(`no resource ${plural}`)
    return found
  }

  /** Five random letters; each `prefix` has a row of its own, so that one more object of another name never changes them. */
  randomSuffix(prefix: string, length = 5): string {
    const prng = this.#suffixes.get(prefix) ?? this.#prng.fork(prefix)
    this.#suffixes.set(prefix, prng)
    let text = ""
    for (let i = 0; i < length; i++) text += NAME_LETTERS[prng.below(NAME_LETTERS.length)]
    return text
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────

  get(resource: Resource, namespace: string | undefined, name: string): ApiObject | status.Status {
    const found = this.store.get(resourceKey(resource), resource.namespaced ? namespace : undefined, name)
    if (found !== undefined) return inVersion(resource, found)
    return status.notFound({ group: resource.group, name: resource.plural }, name)
  }

  list(resource: Resource, query: Query = {}): ApiObject[] {
    const found = this.store.list(resourceKey(resource)).filter((object) => this.matches(resource, object, query))
    return resource.custom === true ? found.map((object) => inVersion(resource, object)) : found
  }

  matches(resource: Resource, object: ApiObject, query: Query): boolean {
    const { metadata } = object
    if (query.namespace !== undefined && resource.namespaced && metadata.namespace !== query.namespace) return false
    if (query.name !== undefined && metadata.name !== query.name) return false
    if (query.labels !== undefined && !matchesLabels(query.labels, metadata.labels ?? {})) return false
    return (query.fields ?? []).every(
      (term) => (fieldValue(resource, object, term.field) === term.value) === term.equals,
    )
  }

  /** The first field of a selector that this resource cannot select by. */
  unknownField(resource: Resource, terms: readonly FieldTerm[]): string | undefined {
    return terms.find(
      (t) =>
        t.field !== "metadata.name" && t.field !== "metadata.namespace" && resource.fields?.[t.field] === undefined,
    )?.field
  }

  /**
   * Tells `listener` of every change after `revision` (now, when absent), as a watch with this query sees it: an object that stops
   * matching counts as deleted. `undefined` when the history no longer reaches back that far. Returns what ends it.
   */
  watch(
    resource: Resource,
    query: Query,
    revision: number | undefined,
    listener: (type: WatchType, object: ApiObject, event: StoreEvent) => void,
  ): (() => void) | undefined {
    const key = resourceKey(resource)
    const missed = revision === undefined ? [] : this.store.since(key, revision)
    if (missed === undefined) return undefined
    const tell = (event: StoreEvent): void => {
      const now = event.type !== "DELETED" && this.matches(resource, event.object, query)
      const before = event.old !== undefined && this.matches(resource, event.old, query)
      const object = inVersion(resource, event.object)
      if (now) listener(before ? "MODIFIED" : "ADDED", object, event)
      else if (before) listener("DELETED", object, event)
    }
    for (const event of missed) tell(event)
    return this.store.watch(key, tell)
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────

  /** Creates an object. */
  create(resource: Resource, manifest: Manifest | Dict, options: WriteOptions = {}): ApiObject | status.Status {
    const decoded = this.#decode(resource, manifest as Dict, options)
    if (status.isStatus(decoded)) return decoded
    const refused = this.#place(resource, decoded, options)
    if (refused !== undefined) return refused
    const metadata = section(decoded, "metadata")
    const generated = typeof metadata["generateName"] === "string" && (metadata["name"] ?? "") === ""
    metadata["name"] ??= generated ? this.#generate(String(metadata["generateName"])) : ""
    const object = decoded as ApiObject
    Object.assign(metadata, {
      uid: this.store.uid(resourceKey(resource), object.metadata.namespace, object.metadata.name),
      creationTimestamp: timestamp(this.sim),
    })
    for (const field of [
      "resourceVersion",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "generation",
      "selfLink",
      "managedFields",
    ])
      delete metadata[field]
    if (resource.generation === true) metadata["generation"] = 1
    // A kubelet registers its node with its status; everybody else starts without one.
    if (resource.status === true && resource.kind !== "Node") delete decoded["status"]
    resource.defaults?.(decoded)
    const denied = this.#admit(resource, decoded, undefined)
    if (denied !== undefined) return denied
    const known = this.store.get(resourceKey(resource), object.metadata.namespace, object.metadata.name)
    const errors = validateObject(resource, object, undefined)
    if (errors.length > 0)
      return status.invalid({ group: resource.group, name: resource.kind }, object.metadata.name, errors)
    if (known !== undefined)
      return status.alreadyExists({ group: resource.group, name: resource.plural }, object.metadata.name)
    return options.dryRun === true ? object : this.store.put(resourceKey(resource), object)
  }

  #generate(prefix: string): string {
    return `${prefix.slice(0, 58)}${this.randomSuffix(prefix)}`
  }

  #decode(resource: Resource, manifest: Dict, options: WriteOptions): Dict | status.Status {
    const { kind, apiVersion } = manifest
    const expected = apiVersionOf(resource)
    if (kind !== undefined && kind !== resource.kind)
      return status.badRequest(
        `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: the kind in the data (${String(kind)}) does not match the expected kind (${resource.kind})`,
      )
    if (apiVersion !== undefined && apiVersion !== expected)
      return status.badRequest(
        `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
      )
    const { value, unknown, error } = resource.decode?.(manifest) ?? decode(resource.kind, manifest)
    const cannot = `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: `
    if (error !== undefined) return status.badRequest(cannot + error)
    const complaints = unknown.map((field) => `unknown field ${JSON.stringify(field)}`)
    const mode = options.fieldValidation ?? "Warn"
    if (complaints.length > 0 && mode === "Strict")
      return status.badRequest(`${cannot}strict decoding error: ${complaints.join(", ")}`)
    if (mode === "Warn") this.warnings.push(...complaints)
    return { apiVersion: expected, ...value, kind: resource.kind }
  }

  /** Checks the namespace against the request's, and that it is there. */
  #place(resource: Resource, object: Dict, options: WriteOptions): status.Status | undefined {
    const metadata = section(object, "metadata")
    if (!resource.namespaced) {
      delete metadata["namespace"]
      return undefined
    }
    const wanted = options.namespace ?? (metadata["namespace"] as string | undefined) ?? "default"
    if ((metadata["namespace"] ?? wanted) !== wanted)
      return status.badRequest("the namespace of the provided object does not match the namespace sent on the request")
    metadata["namespace"] = wanted
    const namespace = this.store.get("namespaces", undefined, wanted)
    if (namespace === undefined) return status.notFound({ group: "", name: "namespaces" }, wanted)
    if (namespace.metadata.deletionTimestamp !== undefined)
      return status.forbidden(
        { group: resource.group, name: resource.plural },
        String(metadata["name"] ?? ""),
        `unable to create new content in namespace ${wanted} because it is being terminated`,
      )
    return undefined
  }

  #admit(resource: Resource, object: Dict, old: ApiObject | undefined): status.Status | undefined {
    for (const admit of this.admission) {
      const denied = admit(resource, object, old)
      if (denied !== undefined) return denied
    }
    return undefined
  }

  /** Replaces an object (PUT). */
  update(
    resource: Resource,
    manifest: Manifest | ApiObject | Dict,
    options: WriteOptions = {},
  ): ApiObject | status.Status {
    const name = String((manifest["metadata"] as Dict | undefined)?.["name"] ?? "")
    const namespace =
      options.namespace ?? ((manifest["metadata"] as Dict | undefined)?.["namespace"] as string | undefined)
    const old = this.get(resource, namespace, name)
    if (status.isStatus(old)) return old
    const decoded = this.#decode(resource, manifest as Dict, options)
    return status.isStatus(decoded) ? decoded : this.#replace(resource, old, decoded, options)
  }

  /** Changes an object (PATCH). */
  patch(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): ApiObject | status.Status {
    const old = this.get(resource, namespace, name)
    if (status.isStatus(old)) return old
    const patched = applyPatch(resource, old, type, patch)
    if ("error" in patched && typeof patched.error === "string" && patched.value === undefined)
      return unprocessable(patched.error)
    if (!isDict(patched.value)) return status.badRequest("the patch does not leave an object")
    const meta = section(patched.value, "metadata")
    if (meta["name"] !== name)
      return status.badRequest(
        `the name of the object (${String(meta["name"])}) does not match the name on the URL (${name})`,
      )
    const decoded = this.#decode(resource, patched.value, options)
    return status.isStatus(decoded) ? decoded : this.#replace(resource, old, decoded, options)
  }

  #replace(resource: Resource, old: ApiObject, next: Dict, options: WriteOptions): ApiObject | status.Status {
    const name = { group: resource.group, name: resource.plural }
    const metadata = section(next, "metadata")
    const version = metadata["resourceVersion"]
    if (version !== undefined && version !== "" && version !== old.metadata.resourceVersion)
      return status.modified(name, old.metadata.name)
    if (metadata["uid"] !== undefined && metadata["uid"] !== old.metadata.uid)
      return status.conflict(
        name,
        old.metadata.name,
        `Precondition failed: UID in precondition: ${String(metadata["uid"])}, UID in object meta: ${old.metadata.uid}`,
      )
    keepSystemFields(metadata, old)
    divide(resource, next, old, options.subresource)
    resource.defaults?.(next)
    const object = next as ApiObject
    if (
      equal(
        { ...object, metadata: { ...object.metadata, resourceVersion: "" } },
        { ...old, metadata: { ...old.metadata, resourceVersion: "" } },
      )
    )
      return old
    if (options.subresource === undefined) {
      const denied = this.#admit(resource, next, old)
      if (denied !== undefined) return denied
    }
    if (resource.generation === true && !sameSpec(resource, object, old))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1
    const partial = options.subresource === "binding" || (options.subresource === "status" && resource.custom !== true)
    const errors = partial ? validateMeta(resource, object) : validateObject(resource, object, old)
    if (errors.length > 0)
      return status.invalid({ group: resource.group, name: resource.kind }, old.metadata.name, errors)
    if (options.dryRun === true) return object
    if (object.metadata.deletionTimestamp !== undefined && isFree(resource, object))
      return this.store.remove(resourceKey(resource), object)
    return this.store.put(resourceKey(resource), object)
  }

  /** Writes through a function: reads, lets `change` edit a copy, stores. For controllers; `undefined` from `change` leaves all as it is. */
  modify(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    change: (object: Dict) => void,
    subresource?: string,
  ): ApiObject | status.Status {
    const old = this.get(resource, namespace, name)
    if (status.isStatus(old)) return old
    // A status is written often and shares the rest with its predecessor.
    const copy =
      subresource === "status" && resource.status === true
        ? { ...old, metadata: clone(old.metadata), status: clone(old["status"]) }
        : clone(old)
    change(copy)
    return this.#replace(resource, old, copy, { subresource })
  }

  // ── deleting ────────────────────────────────────────────────────────────────────────────────

  /** Deletes an object, now or gracefully. Returns it while it lingers, a Success Status when it is gone. */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): ApiObject | status.Status {
    const old = this.get(resource, namespace, name)
    if (status.isStatus(old)) return old
    const refer = { group: resource.group, name: resource.plural }
    if (options.uid !== undefined && options.uid !== old.metadata.uid)
      return status.conflict(
        refer,
        name,
        `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${old.metadata.uid}`,
      )
    if (options.dryRun === true) return old
    const grace = gracePeriod(resource, old, options.gracePeriodSeconds)
    const finalizers = finalizersFor(resource, old, options.propagationPolicy)
    const lingers = grace > 0 || finalizers.length > 0 || resource.kind === "Namespace"
    if (!lingers) return this.#remove(resource, old)
    if (old.metadata.deletionTimestamp !== undefined && (old.metadata.deletionGracePeriodSeconds ?? 0) <= grace)
      return old
    const copy = clone(old)
    copy.metadata.deletionTimestamp = timestamp(this.sim, this.sim.now + grace * 1e9)
    copy.metadata.deletionGracePeriodSeconds = grace
    if (finalizers.length > 0) copy.metadata.finalizers = finalizers
    if (resource.generation === true) copy.metadata.generation = (copy.metadata.generation ?? 0) + 1
    if (resource.kind === "Namespace") section(copy, "status")["phase"] = "Terminating"
    return this.store.put(resourceKey(resource), copy)
  }

  #remove(resource: Resource, object: ApiObject): status.Status {
    const gone = this.store.remove(resourceKey(resource), object)
    const { name, uid } = gone.metadata
    return status.success({
      name,
      ...(resource.group === "" ? {} : { group: resource.group }),
      kind: resource.plural,
      uid,
    })
  }
}

const SYSTEM_FIELDS = [
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "namespace",
  "name",
  "generateName",
]

/** What no client may change. */
function keepSystemFields(metadata: Dict, old: ApiObject): void {
  const kept = old.metadata as unknown as Dict
  for (const field of SYSTEM_FIELDS) {
    if (kept[field] === undefined) delete metadata[field]
    else metadata[field] = kept[field]
  }
  metadata["resourceVersion"] = old.metadata.resourceVersion
  delete metadata["managedFields"]
  delete metadata["selfLink"]
}

/** A write to the object keeps its status, a write to its status keeps all but metadata. */
function divide(resource: Resource, next: Dict, old: ApiObject, subresource: string | undefined): void {
  if (resource.status !== true) return
  if (subresource === "status") {
    for (const key of Object.keys(next)) if (key !== "status" && key !== "metadata") delete next[key]
    for (const [key, value] of Object.entries(old)) if (key !== "status" && key !== "metadata") next[key] = value
  } else if (subresource !== "binding") {
    if (old["status"] === undefined) delete next["status"]
    else next["status"] = clone(old["status"])
  }
}

/** Everything but identity and status: what counts as a new generation. A custom resource may have a status that is like any other field. */
function specOf(resource: Resource, object: ApiObject): unknown {
  const { metadata: _metadata, status, ...rest } = object
  return resource.custom === true && resource.status !== true ? { ...rest, status } : rest
}

export function sameSpec(resource: Resource, object: ApiObject, old: ApiObject | undefined): boolean {
  return old !== undefined && equal(specOf(resource, object), specOf(resource, old))
}

/** The versions of a custom resource differ in their name only (conversion strategy None). */
function inVersion(resource: Resource, object: ApiObject): ApiObject {
  const apiVersion = apiVersionOf(resource)
  return resource.custom !== true || object.apiVersion === apiVersion ? object : { ...object, apiVersion }
}

/** Being deleted, and nothing holds it any more. */
function isFree(resource: Resource, object: ApiObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return false
  if (resource.kind === "Namespace") return ((section(object, "spec")["finalizers"] ?? []) as unknown[]).length === 0
  return (object.metadata.deletionGracePeriodSeconds ?? 0) === 0
}

/** Only pods linger by themselves: 30 seconds, or what they ask for; not while they run nowhere. */
function gracePeriod(resource: Resource, object: ApiObject, asked: number | undefined): number {
  if (resource.kind !== "Pod") return 0
  const spec = section(object, "spec")
  const phase = section(object, "status")["phase"]
  if ((spec["nodeName"] ?? "") === "" || phase === "Succeeded" || phase === "Failed") return 0
  const grace = asked ?? (spec["terminationGracePeriodSeconds"] as number | undefined) ?? 30
  const running = object.metadata.deletionGracePeriodSeconds
  return running === undefined ? grace : Math.min(running, grace)
}

function finalizersFor(resource: Resource, object: ApiObject, policy: DeleteOptions["propagationPolicy"]): string[] {
  const finalizers = [...(object.metadata.finalizers ?? [])]
  const own = resource.finalizer
  if (own !== undefined && object.metadata.deletionTimestamp === undefined && !finalizers.includes(own))
    finalizers.push(own)
  const more = policy === "Orphan" ? "orphan" : policy === "Foreground" ? "foregroundDeletion" : undefined
  if (more !== undefined && !finalizers.includes(more)) finalizers.push(more)
  return finalizers
}

function fieldValue(resource: Resource, object: ApiObject, field: string): string {
  if (field === "metadata.name") return object.metadata.name
  if (field === "metadata.namespace") return object.metadata.namespace ?? ""
  return resource.fields?.[field]?.(object) ?? ""
}

function applyPatch(
  resource: Resource,
  old: ApiObject,
  type: PatchType,
  patch: unknown,
): { value?: unknown; error?: string } {
  if (type === "json") return jsonPatch(old, patch)
  if (!isDict(patch)) return { error: "the patch is no object" }
  return { value: type === "merge" ? mergePatch(old, patch) : clone(strategicMerge(resource.kind, old, patch)) }
}

function unprocessable(message: string): status.Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `the server rejected our request due to an error in our request: ${message}`,
    reason: "Invalid",
    details: {},
    code: 422,
  }
}
