/** kubectl wait: for a condition, a field, or the end. Models pkg/cmd/wait. */

import { goText } from "../../kube/api/go-text.ts"
import { isStatus } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { parseDuration } from "../../shell/pflag.ts"
import { type Client, printedName } from "./client.ts"
import { type Failure, fail, Stop, statusFailure } from "./failure.ts"
import { relaxedJsonPath } from "./jsonpath.ts"
import { type Found, readTargets } from "./targets.ts"

interface Conditioned {
  status?: { conditions?: { type: string; status: string }[] }
}

/** Whether what is waited for holds; the object is `undefined` once it is gone. */
type Test = (object: ApiObject | undefined) => boolean

function parseFor(what: string): Test {
  if (what.toLowerCase() === "delete") return (object) => object === undefined
  if (what.toLowerCase() === "create") return (object) => object !== undefined
  if (what.startsWith("condition=")) {
    const [type = "", status = "true"] = what.slice("condition=".length).split("=")
    return (object) =>
      ((object as Conditioned | undefined)?.status?.conditions ?? []).some(
        (condition) =>
          condition.type.toLowerCase() === type.toLowerCase() &&
          condition.status.toLowerCase() === status.toLowerCase(),
      )
  }
  if (what.startsWith("jsonpath=")) return fieldTest(what.slice("jsonpath=".length))
  return fail(`unrecognized condition: ${JSON.stringify(what)}`)
}

/** `{.status.phase}=Running`, `{.status.podIP}`: has the value, has any. */
function fieldTest(text: string): Test {
  const match = /^('?\{.*\}'?|[^=]*)(?:=(.*))?$/.exec(text)
  const path = relaxedJsonPath((match?.[1] ?? "").replace(/^'|'$/g, ""))
  const wanted = match?.[2]?.replace(/^(["'])(.*)\1$/, "$2")
  return (object) => {
    const [found = []] = object === undefined ? [[]] : path.results(object)
    return found.length > 0 && (wanted === undefined || (found.length === 1 && goText(found[0]) === wanted))
  }
}

export async function wait(client: Client): Promise<number> {
  const { flags, proc } = client
  const what = flags.value("for") ?? ""
  const test = parseFor(what)
  const isDelete = what.toLowerCase() === "delete"
  const targets = await readTargets(client, flags.words, { needsName: true })
  const missingIsFine = isDelete || what.toLowerCase() === "create"
  const failures: Failure[] = []
  const items: Found[] = targets.flatMap(({ resource, names, namespace }) =>
    (names ?? []).flatMap((name) => {
      const object = client.find(resource, name, namespace)
      if (!isStatus(object)) return [{ resource, object }]
      if (!missingIsFine) failures.push(statusFailure(object))
      // Nobody waits for the end of what is not there.
      return isDelete || !missingIsFine
        ? []
        : [{ resource, object: { apiVersion: "", kind: "", metadata: { name, namespace } } as unknown as ApiObject }]
    }),
  )
  for (const { resource, names } of targets)
    if (names === undefined)
      items.push(
        ...client
          .list(resource, { labelSelector: flags.value("selector"), fieldSelector: flags.value("field-selector") })
          .map((object) => ({ resource, object })),
      )
  const start = proc.kernel.sim.now
  const limit = start + (parseDuration(flags.value("timeout") ?? "30s") as number)
  if (items.length === 0 && failures.length === 0 && !isDelete) fail("no matching resources found")
  for (const { resource, object } of items) {
    const { name } = object.metadata
    // The time is for all together: who comes after it is up is not even looked at.
    const late = proc.kernel.sim.now >= limit && limit > start
    if (!late && (await holds(client, { resource, object }, isDelete, test, limit)))
      await proc.out(`${printedName(resource, name)} condition met\n`)
    else failures.push({ message: `timed out waiting for the condition on ${resource.plural}/${name}` })
  }
  if (failures.length > 0) throw new Stop(...failures)
  return 0
}

/** Watches an object until the test holds, or until the limit: what is so for a moment only is not missed. */
async function holds(
  client: Client,
  { resource, object }: Found,
  isDelete: boolean,
  test: Test,
  limit: number,
): Promise<boolean> {
  const { name, namespace = "", uid } = object.metadata
  const now = client.find(resource, name, namespace)
  if (test(isStatus(now) || (isDelete && now.metadata.uid !== uid) ? undefined : now)) return true
  const resourceVersion = isStatus(now) ? String(client.api.registry.store.revision) : now.metadata.resourceVersion
  const query = { fieldSelector: `metadata.name=${name}`, resourceVersion, watch: "true" }
  const { stream } = client.request({ method: "GET", path: client.path(resource, undefined, namespace, query) })
  if (stream === undefined) return false
  const { sim } = client.proc.kernel
  try {
    for (;;) {
      for (let event = stream.take(); event !== undefined; event = stream.take()) {
        const { type, object: seen } = event as { type: string; object: ApiObject }
        if (test(type === "DELETED" ? undefined : seen)) return true
      }
      if (sim.now >= limit) return false
      await client.proc.task.wait(stream.changed, limit - sim.now)
    }
  } finally {
    stream.close()
  }
}
