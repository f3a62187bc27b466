/** The pod and container that exec and logs are about. Models polymorphichelpers and podcmd. */

import { type Dict, isDict } from "../../kube/api/json.ts"
import { formatSelector, selectorOf, selectorOfMap } from "../../kube/api/selector.ts"
import type { ApiObject, Pod } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { fail } from "./failure.ts"

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

/** `web`, `pod/web`, `deploy/web`: for a workload one of its pods, the most usable first. */
export async function podOf(client: Client, word: string, tell = false): Promise<Pod> {
  const [kind, name] = word.includes("/") ? (word.split("/") as [string, string]) : ["pods", word]
  const resource = client.resource(kind)
  const object = client.get(resource, name)
  if (resource.kind === "Pod") return object as Pod
  const selector = podSelector(object)
  if (selector === undefined && resource.kind === "Service")
    fail(`cannot attach to *v1.Service: invalid service '${name}': Service is defined without a selector`)
  if (selector === undefined)
    return fail(`cannot attach to *v1.${resource.kind}: selector for *v1.${resource.kind} not implemented`)
  const pods = (client.list(client.resource("pods"), { labelSelector: selector }) as Pod[]).toSorted(byUse)
  const [best] = pods
  if (tell && pods.length > 1)
    await client.proc.err(`Found ${pods.length} pods, using pod/${best?.metadata.name ?? ""}\n`)
  return best ?? fail(`timed out waiting for the condition`)
}

/** The pods of a workload or Service. */
function podSelector(object: ApiObject): string | undefined {
  const spec = object["spec"] as Dict | undefined
  const selector = spec?.["selector"]
  if (!isDict(selector)) return undefined
  return formatSelector(
    object.kind === "Service" ? selectorOfMap(selector as Record<string, string>) : selectorOf(selector),
  )
}

const isReady = ({ status }: Pod): boolean =>
  (status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True")
const restarts = ({ status }: Pod): number =>
  Math.max(0, ...(status.containerStatuses ?? []).map((container) => container.restartCount))

/** Assigned, running, ready, longest alive. Models pkg/api/v1/pod ActivePods, the other way round. */
function byUse(a: Pod, b: Pod): number {
  const rank = (pod: Pod): number[] => [
    (pod.spec.nodeName ?? "") === "" ? 1 : 0,
    pod.status.phase === "Running" ? 0 : pod.status.phase === "Pending" ? 2 : 1,
    isReady(pod) ? 0 : 1,
    restarts(pod),
  ]
  const [x, y] = [rank(a), rank(b)]
  for (const [i, value] of x.entries()) if (value !== y[i]) return value - (y[i] as number)
  return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1
}

/** The container to use; says so when there is a choice. */
export async function containerOf(client: Client, pod: Pod, given?: string): Promise<string> {
  const wanted = given ?? client.flags.value("container")
  if (wanted !== undefined) return wanted
  const names = pod.spec.containers.map((container) => container.name)
  const preferred = pod.metadata.annotations?.[DEFAULT_CONTAINER]
  if (preferred !== undefined && names.includes(preferred)) return preferred
  const all = [...names, ...(pod.spec.initContainers ?? []).map(({ name }) => `${name} (init)`)]
  if (all.length > 1)
    await client.proc.err(`Defaulted container ${JSON.stringify(names[0])} out of: ${all.join(", ")}\n`)
  return names[0] ?? ""
}
