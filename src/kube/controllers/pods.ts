/** What workload controllers share: their pods. Models pkg/controller/controller_utils.go. */
import type { PodTemplateSpec } from "kubernetes-types/core/v1.js"
import { clone, type Dict, goJson } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus, type Status } from "../api/status.ts"
import type { ApiObject, Pod } from "../api/types.ts"
import type { EventRecorder } from "../client/recorder.ts"
import type { WorkQueue } from "./queue.ts"

/** The reference that makes `object` the manager of what carries it. */
export function controllerReference(object: ApiObject): Dict {
  const { name, uid } = object.metadata
  return { apiVersion: object.apiVersion, kind: object.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

export function controllerOf(object: ApiObject): string | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)?.uid
}

/** Work for the controller that manages `object`, if it is one of this kind. Models resolveControllerRef. */
export function enqueueOwner(queue: WorkQueue, object: ApiObject, kind: string): void {
  const owner = object.metadata.ownerReferences?.find(
    (reference) => reference.controller === true && reference.kind === kind,
  )
  if (owner !== undefined) queue.add(object.metadata.namespace, owner.name)
}

export const ownedPods = (registry: Registry, owner: ApiObject): Pod[] =>
  (registry.list(registry.resource("pods"), { namespace: owner.metadata.namespace }) as Pod[]).filter(
    (pod) => controllerOf(pod) === owner.metadata.uid,
  )

export const isActive = (pod: Pod): boolean =>
  pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed" && pod.metadata.deletionTimestamp === undefined

export const isReady = (pod: Pod): boolean =>
  (pod.status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True")

/** Creates a pod from a template and says so. `change` edits it first. */
export function createPod(
  registry: Registry,
  recorder: EventRecorder,
  owner: ApiObject,
  template: PodTemplateSpec,
  change: (pod: Dict) => void = () => {},
): ApiObject | Status {
  const { labels, annotations } = template.metadata ?? {}
  const pod: Dict = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: clone(template.spec) as unknown as Dict,
  }
  change(pod)
  const created = registry.create(registry.resource("pods"), pod, { namespace: owner.metadata.namespace })
  if (isStatus(created)) recorder.event(owner, "Warning", "FailedCreate", `Error creating: ${created.message}`)
  else recorder.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`)
  return created
}

export function deletePod(registry: Registry, recorder: EventRecorder, owner: ApiObject, pod: Pod): void {
  const result = registry.delete(registry.resource("pods"), pod.metadata.namespace, pod.metadata.name)
  if (!isStatus(result) || result.status === "Success")
    recorder.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`)
}

const HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

/** The hash of the template of what has one, reckoned once a generation. */
export class TemplateHashes {
  readonly #known = new Map<string, { generation: number; hash: string }>()

  of({ metadata: { uid, generation = 0 }, spec }: ApiObject & { spec: { template: PodTemplateSpec } }): string {
    const known = this.#known.get(uid)
    if (known?.generation === generation) return known.hash
    const hash = templateHash(spec.template)
    this.#known.set(uid, { generation, hash })
    return hash
  }
}

/** A short hash of a template, in the letters of generated names. Models ComputeHash; the digits are our own. */
export function templateHash(template: unknown): string {
  // The same template, whatever the order somebody wrote its fields in.
  const text = goJson(template)
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return [...String(hash >>> 0).padStart(10, "0")]
    .map((digit) => HASH_LETTERS[digit.charCodeAt(0) % HASH_LETTERS.length])
    .join("")
}
