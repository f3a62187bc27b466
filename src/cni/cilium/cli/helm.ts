/** Installing, upgrading and removing a release. Models helm/pkg/action. */
import { type Dict, equal, isDict } from "../../../kube/api/json.ts"
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { ApiObject, Manifest } from "../../../kube/api/types.ts"
import { Prng } from "../../../sim/prng.ts"
import { renderChart } from "../chart/chart.ts"
import { NAMESPACE } from "../chart/release.ts"
import { checkValues, Values, type ValueTree } from "../chart/values.ts"
import { newRelease, type ObjectName, type Release, releaseHistory, releaseSecret } from "./release.ts"

const MAX_HISTORY = 10
const HELM = "app.kubernetes.io/managed-by"
const RELEASE_NAME = "meta.helm.sh/release-name"
const RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"

/** What went wrong, in Helm's words. */
export class HelmError extends Error {}

export class Helm {
  readonly #registry: Registry
  readonly #name: string

  constructor(registry: Registry, name: string) {
    this.#registry = registry
    this.#name = name
  }

  get history(): Release[] {
    return releaseHistory(this.#registry, this.#name)
  }

  /** The newest revision. */
  get last(): Release | undefined {
    return this.history.at(-1)
  }

  /** The objects of these values; throws what chart or podwire refuse. */
  render(values: ValueTree): Manifest[] {
    const refused = checkValues(values)
    if (refused !== undefined) throw new HelmError(refused)
    return renderChart(new Values(values), new Prng(1), this.#name)
  }

  install(values: ValueTree, dryRun: boolean): Manifest[] {
    if (this.history.length > 0) throw new HelmError("cannot re-use a name that is still in use")
    const objects = this.render(values)
    for (const object of objects) this.#checkOwner(object)
    if (dryRun) return objects
    for (const object of objects) this.#create(object)
    this.#store(newRelease(this.#name, 1, values, objects))
    return objects
  }

  upgrade(values: ValueTree, dryRun: boolean): Manifest[] {
    const { last } = this
    if (last === undefined) throw new HelmError(`${JSON.stringify(this.#name)} has no deployed releases`)
    const objects = this.render(values)
    if (dryRun) return objects
    const before = new Map(this.render(last.values).map((object) => [keyOf(object), object]))
    for (const object of objects) this.#apply(before.get(keyOf(object)), object)
    const now = new Set(objects.map(keyOf))
    for (const name of last.objects) if (!now.has(keyOf(name))) this.#delete(name)
    this.#store({ ...last, status: "superseded" })
    this.#store(newRelease(this.#name, last.revision + 1, values, objects))
    this.#prune()
    return objects
  }

  uninstall(foreground: boolean): void {
    const { last } = this
    if (last === undefined) throw new HelmError(`uninstall: Release not loaded: ${this.#name}: release: not found`)
    for (const name of [...last.objects].reverse()) this.#delete(name, foreground)
    for (const { revision } of this.history) this.#forget(revision)
  }

  /** Whether every workload of the release has the pods it wants. */
  get ready(): boolean {
    return (this.last?.objects ?? []).every((name) => {
      const object = this.#find(name)
      const status = (object?.["status"] ?? {}) as Record<string, number | undefined>
      if (name.kind === "DaemonSet")
        return (
          (status["numberReady"] ?? 0) >= (status["desiredNumberScheduled"] ?? 0) &&
          status["desiredNumberScheduled"] !== undefined
        )
      const wanted = (object?.["spec"] as { replicas?: number } | undefined)?.replicas ?? 1
      return name.kind !== "Deployment" || (status["readyReplicas"] ?? 0) >= wanted
    })
  }

  // ── objects ─────────────────────────────────────────────────────────────────────────────────

  #find({ apiVersion, kind, namespace, name }: ObjectName): ApiObject | undefined {
    const resource = this.#registry.resourceByKind(apiVersion, kind)
    const found = resource === undefined ? undefined : this.#registry.get(resource, namespace, name)
    return found === undefined || isStatus(found) ? undefined : found
  }

  /** What is there already and is not ours stops an installation. */
  #checkOwner(object: Manifest): void {
    const { kind, metadata } = object
    const { name = "", namespace } = metadata
    const found = this.#find({
      apiVersion: object.apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    })
    if (found === undefined) return
    const { labels = {}, annotations = {} } = found.metadata
    const problems = [
      ownership("label", HELM, labels[HELM], "Helm"),
      ownership("annotation", RELEASE_NAME, annotations[RELEASE_NAME], this.#name),
      ownership("annotation", RELEASE_NAMESPACE, annotations[RELEASE_NAMESPACE], NAMESPACE),
    ].filter((problem) => problem !== undefined)
    if (problems.length === 0) return
    throw new HelmError(
      `Unable to continue with install: ${kind} ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace ?? "")} exists and cannot be imported into the current release: invalid ownership metadata; ${problems.join("; ")}`,
    )
  }

  #create(object: Manifest): void {
    const resource = this.#registry.resourceByKind(object.apiVersion, object.kind)
    if (resource === undefined)
      throw new HelmError(
        `unable to build kubernetes objects from release manifest: no matches for kind "${object.kind}" in version "${object.apiVersion}"`,
      )
    const created = this.#registry.create(resource, JSON.parse(JSON.stringify(object)))
    if (isStatus(created) && created.reason !== "AlreadyExists") throw new HelmError(created.message ?? "")
  }

  /** Three ways: what changed between the charts' manifests is changed in the object, the rest is left as it is. */
  #apply(before: Manifest | undefined, after: Manifest): void {
    const { name = "", namespace } = after.metadata
    const place = {
      apiVersion: after.apiVersion,
      kind: after.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    }
    if (this.#find(place) === undefined) {
      this.#create(after)
      return
    }
    // Certificates stay: they were generated once.
    if (before === undefined || after.kind === "Secret") return
    const patch = difference(before as unknown as Dict, after as unknown as Dict)
    const resource = this.#registry.resourceByKind(after.apiVersion, after.kind)
    if (patch === undefined || resource === undefined) return
    const patched = this.#registry.patch(resource, namespace, name, "merge", patch)
    if (isStatus(patched))
      throw new HelmError(`cannot patch ${JSON.stringify(name)} with kind ${after.kind}: ${patched.message}`)
  }

  #delete(place: ObjectName, foreground = false): void {
    const resource = this.#registry.resourceByKind(place.apiVersion, place.kind)
    if (resource === undefined) return
    this.#registry.delete(resource, place.namespace, place.name, {
      propagationPolicy: foreground ? "Foreground" : "Background",
    })
  }

  // ── the release's memory ────────────────────────────────────────────────────────────────────

  #store(release: Release): void {
    const { sim } = this.#registry
    const secret = releaseSecret(release, sim.epoch + Math.floor(sim.now / 1e9))
    const secrets = this.#registry.resource("secrets")
    if (isStatus(this.#registry.create(secrets, secret)))
      this.#registry.modify(secrets, NAMESPACE, secret.metadata.name ?? "", (object) => {
        object["data"] = secret["data"]
        ;(object["metadata"] as Dict)["labels"] = secret.metadata.labels
      })
  }

  #prune(): void {
    const { history } = this
    for (const { revision } of history.slice(0, Math.max(0, history.length - MAX_HISTORY))) this.#forget(revision)
  }

  #forget(revision: number): void {
    const secrets = this.#registry.resource("secrets")
    this.#registry.delete(secrets, NAMESPACE, `sh.helm.release.v1.${this.#name}.v${revision}`, {})
  }
}

function keyOf(object: Manifest | ObjectName): string {
  if ("name" in object && typeof object.name === "string") {
    const place = object as ObjectName
    return `${place.kind}/${place.namespace ?? ""}/${place.name}`
  }
  const { kind, metadata } = object as Manifest
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`
}

function ownership(what: string, key: string, value: string | undefined, wanted: string): string | undefined {
  if (value === wanted) return undefined
  return value === undefined
    ? `${what} validation error: missing key ${JSON.stringify(key)}: must be set to ${JSON.stringify(wanted)}`
    : `${what} validation error: key ${JSON.stringify(key)} must equal ${JSON.stringify(wanted)}: current value is ${JSON.stringify(value)}`
}

/** A merge patch (RFC 7386) that makes `after` of `before`, or undefined when they are equal. */
function difference(before: Dict, after: Dict): Dict | undefined {
  const patch: Dict = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]]
    if (equal(old, now)) continue
    if (isDict(old) && isDict(now)) {
      const inner = difference(old, now)
      if (inner !== undefined) patch[key] = inner
    } else patch[key] = now === undefined ? null : now
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
