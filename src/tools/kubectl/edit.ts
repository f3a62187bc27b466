/** Small changes to objects that are there: what they are, the patch, and what is said about it. */
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { type Failure, Stop, statusFailure } from "./failure.ts"
import { dryRunMode, printDone } from "./print.ts"
import { type Found, fetchTargets, readTargets } from "./targets.ts"

/** Content types of patches. */
export const MEDIA: Readonly<Record<string, string>> = {
  strategic: "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
}

/** What the words name; ends the command when something is missing. */
export async function found(client: Client, words: readonly string[]): Promise<Found[]> {
  const result = fetchTargets(client, await readTargets(client, words, { needsName: true }))
  if (result.failures.length > 0) throw new Stop(...result.failures)
  return result.found
}

export async function send(
  client: Client,
  { resource, object }: Found,
  type: string,
  body: unknown,
  manager: string,
): Promise<ApiObject | Status> {
  const dryRun = dryRunMode(client) === "none" ? {} : { dryRun: "All" }
  return (await client.ask({
    method: "PATCH",
    path: client.path(resource, object.metadata.name, object.metadata.namespace, { fieldManager: manager, ...dryRun }),
    headers: { "content-type": MEDIA[type] as string },
    body,
  })) as ApiObject | Status
}

/** Sends one patch to each and says what came of it. */
export async function each(
  client: Client,
  items: readonly Found[],
  change: (item: Found) => Promise<{ object: ApiObject | Status; verb: string }>,
): Promise<number> {
  const failures: Failure[] = []
  for (const item of items) {
    const { object, verb } = await change(item)
    if (isFailure(object)) failures.push(statusFailure(object))
    else await printDone(client, item.resource, object as ApiObject, verb)
  }
  if (failures.length > 0) throw new Stop(...failures)
  return 0
}
