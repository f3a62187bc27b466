/** kubectl get --watch: the list, then a row for each change, until a signal or --request-timeout ends it. */
import { isFailure } from "../../kube/api/status.ts"
import type { Table } from "../../kube/api/table.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { WaitQueue } from "../../sim/task.ts"
import type { Client } from "./client.ts"
import { fail, Stop, statusFailure } from "./failure.ts"
import type { Printer } from "./print.ts"
import { RowPrinter, TABLE } from "./rows.ts"
import type { Target } from "./targets.ts"

interface WatchEvent {
  type: string
  object: Table | ApiObject
}

export async function watchTarget(
  client: Client,
  targets: readonly Target[],
  printer: Printer | undefined,
): Promise<number> {
  const { flags, proc } = client
  const [target] = targets
  if (target === undefined || targets.length > 1 || (target.names?.length ?? 0) > 1)
    return fail("you may only specify a single resource type")
  const { resource, names, namespace } = target
  const name = names?.[0]
  const accept: Record<string, string> = printer === undefined ? { accept: TABLE } : {}
  const query = {
    labelSelector: flags.value("selector"),
    fieldSelector: name === undefined ? flags.value("field-selector") : `metadata.name=${name}`,
  }
  const list = client.request({
    method: "GET",
    path: client.path(resource, name, namespace, name === undefined ? query : {}),
    headers: accept,
  })
  if (isFailure(list.body)) throw new Stop(statusFailure(list.body))
  const since = (list.body as Table).metadata.resourceVersion
  const shown = shower(client, target, printer)
  if (!flags.has("watch-only")) await proc.out(shown(list.body as Table | ApiObject))
  const { stream } = client.request({
    method: "GET",
    path: client.path(resource, undefined, namespace, { ...query, resourceVersion: since, watch: "true" }),
    headers: accept,
  })
  if (stream === undefined) return 1
  const signalled = new WaitQueue()
  let stopped = false
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    proc.on(signal, () => {
      stopped = true
      signalled.wake()
    })
  while (!stopped && !stream.ended) {
    for (let event = stream.take(); event !== undefined; event = stream.take())
      await proc.out(shown((event as WatchEvent).object))
    if (!stopped) await proc.task.wait([stream.changed, signalled])
  }
  stream.close()
  return stopped ? 1 : 0
}

/** Prints a page: with its header when it is the first. */
function shower(
  client: Client,
  { resource }: Target,
  printer: Printer | undefined,
): (page: Table | ApiObject) => string {
  if (printer !== undefined)
    return (page) =>
      ("items" in page ? (page["items"] as ApiObject[]) : [page]).map((object) => printer(object)).join("")
  let rows: RowPrinter | undefined
  return (page) => {
    const table = page as Table
    const first = rows === undefined && table.rows.length > 0
    if (first) rows = new RowPrinter(client, resource, table.columnDefinitions, false)
    return rows?.print(table.rows as Parameters<RowPrinter["print"]>[0], first) ?? ""
  }
}
