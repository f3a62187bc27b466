/**
 * Makes definitions work: names are accepted, kinds are served, and with a definition go its objects. Models the controllers of
 * apiextensions-apiserver: naming, establish, finalizer.
 */
import { type Dict, equal, section } from "../json.ts"
import type { Registry } from "../registry.ts"
import { type Resource, resourceKey } from "../resource.ts"
import { timestamp } from "../time.ts"
import { CLEANUP, type CustomResourceDefinition, compareVersions, type DefinitionCondition } from "./definition.ts"
import { definitionCode } from "./load.ts"

/** Watches the definitions from now on. */
export function serveDefinitions(registry: Registry): void {
  const definitions = registry.resource("customresourcedefinitions")
  registry.store.watch(resourceKey(definitions), ({ type, object }) => {
    const definition = object as CustomResourceDefinition
    const { name } = definition.metadata
    if (type === "DELETED") withdraw(registry, definition)
    // Not within the write itself: others are yet to hear of it.
    else registry.sim.schedule(0, { fire: () => reconcile(registry, definitions, name) }, 0)
  })
}

function reconcile(registry: Registry, definitions: Resource, name: string): void {
  const found = registry.store.get(resourceKey(definitions), undefined, name) as CustomResourceDefinition | undefined
  if (found === undefined) return
  if (found.metadata.deletionTimestamp !== undefined) cleanUp(registry, definitions, found)
  else accept(registry, definitions, found)
}

/** A name that another definition of the group already has. */
function conflict(
  registry: Registry,
  definitions: Resource,
  { metadata, spec }: CustomResourceDefinition,
): [string, string] | undefined {
  const others = (registry.list(definitions) as CustomResourceDefinition[]).filter(
    (other) =>
      other.spec.group === spec.group && other.metadata.name !== metadata.name && other.status?.acceptedNames?.plural,
  )
  const words = new Set(
    others.flatMap(({ spec: { names } }) => [names.plural, names.singular, ...(names.shortNames ?? [])]),
  )
  const kinds = new Set(others.flatMap(({ spec: { names } }) => [names.kind, names.listKind]))
  const { plural, singular, shortNames = [], kind, listKind } = spec.names
  const short = shortNames.find((one) => words.has(one))
  if (words.has(plural)) return ["PluralConflict", plural]
  if (words.has(singular)) return ["SingularConflict", singular]
  if (short !== undefined) return ["ShortNamesConflict", short]
  if (kinds.has(kind)) return ["KindConflict", kind]
  return kinds.has(listKind) ? ["ListKindConflict", listKind] : undefined
}

function accept(registry: Registry, definitions: Resource, definition: CustomResourceDefinition): void {
  const refused = conflict(registry, definitions, definition)
  const established = definition.status?.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  )
  const served = refused === undefined || established === true
  if (served) serve(registry, definition)
  const storage = definition.spec.versions.find(({ storage }) => storage)?.name ?? ""
  registry.modify(
    definitions,
    undefined,
    definition.metadata.name,
    (object) => {
      const status = section(object, "status")
      const stored = (status["storedVersions"] ?? []) as string[]
      status["storedVersions"] = stored.includes(storage) ? stored : [...stored, storage]
      if (refused === undefined) status["acceptedNames"] = definition.spec.names
      else status["acceptedNames"] ??= { plural: "", kind: "" }
      const say = (type: string, yes: boolean, reason: string, message: string): void =>
        setCondition(registry, status, { type, status: yes ? "True" : "False", reason, message })
      if (refused === undefined) say("NamesAccepted", true, "NoConflicts", "no conflicts found")
      else say("NamesAccepted", false, refused[0], `${JSON.stringify(refused[1])} is already in use`)
      if (!served) say("Established", false, "NotAccepted", "not all names are accepted")
      else if (established !== true)
        say("Established", true, "InitialNamesAccepted", "the initial names have been accepted")
    },
    "status",
  )
}

/** A condition keeps the time of its last change. */
function setCondition(
  registry: Registry,
  status: Dict,
  condition: Omit<DefinitionCondition, "lastTransitionTime">,
): void {
  const conditions = (status["conditions"] ?? []) as DefinitionCondition[]
  const old = conditions.find(({ type }) => type === condition.type)
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : timestamp(registry.sim)
  const next = { lastTransitionTime, ...condition }
  status["conditions"] =
    old === undefined
      ? [...conditions, next]
      : conditions.map((one) => (one === old ? (next as DefinitionCondition) : one))
}

const isOf =
  ({ spec }: CustomResourceDefinition) =>
  (resource: Resource): boolean =>
    resource.custom === true && resource.group === spec.group && resource.plural === spec.names.plural

/** Puts the versions that are served in place of what was there before. */
function serve(registry: Registry, definition: CustomResourceDefinition): void {
  const { spec } = definition
  const known = registry.resources.find(isOf(definition))
  if (known !== undefined && equal(served.get(known), spec)) return
  withdraw(registry, definition)
  const versions = spec.versions.filter((version) => version.served)
  for (const version of versions.toSorted((a, b) => compareVersions(a.name, b.name))) {
    const resource = definitionCode().customResource(definition, version)
    served.set(resource, spec)
    registry.addResource(resource)
  }
}

/** What each kind was made from. */
const served = new WeakMap<Resource, CustomResourceDefinition["spec"]>()

function withdraw(registry: Registry, definition: CustomResourceDefinition): void {
  const gone = isOf(definition)
  for (let i = registry.resources.length - 1; i >= 0; i--)
    if (gone(registry.resources[i] as Resource)) registry.resources.splice(i, 1)
}

function terminating(registry: Registry, definitions: Resource, name: string, yes: boolean): void {
  const [reason, message] = yes
    ? ["InstanceDeletionInProgress", "CustomResource deletion is in progress"]
    : ["InstanceDeletionCompleted", "removed all instances"]
  const change = (object: Dict): void =>
    setCondition(registry, section(object, "status"), {
      type: "Terminating",
      status: yes ? "True" : "False",
      reason,
      message,
    })
  registry.modify(definitions, undefined, name, change, "status")
}

function cleanUp(registry: Registry, definitions: Resource, definition: CustomResourceDefinition): void {
  const { metadata } = definition
  const deleting = definition.status?.conditions?.some(({ type }) => type === "Terminating") === true
  if (deleting || metadata.finalizers?.includes(CLEANUP) !== true) return
  terminating(registry, definitions, metadata.name, true)
  const resource = registry.resources.find(isOf(definition))
  const release = (): void => {
    terminating(registry, definitions, metadata.name, false)
    registry.modify(definitions, undefined, metadata.name, (object) => {
      const own = section(object, "metadata")
      own["finalizers"] = ((own["finalizers"] ?? []) as string[]).filter((finalizer) => finalizer !== CLEANUP)
    })
  }
  if (resource === undefined) {
    release()
    return
  }
  for (const { metadata: each } of registry.list(resource)) registry.delete(resource, each.namespace, each.name)
  if (registry.list(resource).length === 0) {
    release()
    return
  }
  // Some are held by finalizers of their own.
  const end = registry.store.watch(resourceKey(resource), () => {
    if (registry.list(resource).length > 0) return
    end()
    registry.sim.schedule(0, { fire: release }, 0)
  })
}
