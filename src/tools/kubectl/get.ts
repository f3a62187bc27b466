/** kubectl get. Models pkg/cmd/get. */
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure } from "../../kube/api/status.ts"
import type { Table } from "../../kube/api/table.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, listFailure } from "./client.ts"
import { type Failure, Stop, statusFailure, usage } from "./failure.ts"
import { objectPrinter, type Printer } from "./print.ts"
import { type Row, RowPrinter, TABLE } from "./rows.ts"
import { sortBy } from "./sort.ts"
import { fetchTargets, readTargets, type Target } from "./targets.ts"
import { watchTarget } from "./watch.ts"

export async function get(client: Client): Promise<number> {
  const { flags } = client
  const raw = flags.value("raw")
  if (raw !== undefined) return getRaw(client, raw)
  if (flags.words.length === 0 && flags.all("filename").length === 0) {
    await client.proc.err(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
    )
    usage(
      "get",
      'error: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    )
  }
  const printer = objectPrinter(client, true)
  const targets = await readTargets(client, flags.words)
  if (flags.has("watch") || flags.has("watch-only")) return watchTarget(client, targets, printer)
  return printer === undefined ? printTables(client, targets) : printObjects(client, targets, printer)
}

async function getRaw(client: Client, path: string): Promise<number> {
  const answer = client.request({ method: "GET", path })
  if (isFailure(answer.body)) throw new Stop(statusFailure(answer.body))
  await client.proc.out(answer.text ?? `${JSON.stringify(answer.body)}\n`)
  return 0
}

interface Page {
  resource: Resource
  columns: Table["columnDefinitions"]
  rows: Row[]
}

/** Asks for a Table of what a target names; with the whole objects when they are to be sorted. */
function fetchPages(client: Client, targets: readonly Target[], failures: Failure[]): Page[] {
  const { flags } = client
  const include = flags.has("sort-by") ? { includeObject: "Object" } : {}
  const query = { labelSelector: flags.value("selector"), fieldSelector: flags.value("field-selector") }
  const pages: Page[] = []
  for (const { resource, names, namespace } of targets)
    for (const name of names ?? [undefined]) {
      const path = client.path(resource, name, namespace, { ...include, ...(name === undefined ? query : {}) })
      const { body } = client.request({ method: "GET", path, headers: { accept: TABLE } })
      if (!isFailure(body)) addPage(pages, resource, body as Table)
      else if (!(flags.has("ignore-not-found") && body.reason === "NotFound"))
        failures.push(name === undefined ? listFailure(resource, query, body) : statusFailure(body))
    }
  return pages
}

/** Objects of one kind that follow each other share a table. */
function addPage(pages: Page[], resource: Resource, table: Table): void {
  const rows = table.rows.map(({ cells, object }) => ({ cells, object: object as ApiObject }))
  const last = pages.at(-1)
  if (last?.resource === resource) last.rows.push(...rows)
  else pages.push({ resource, columns: table.columnDefinitions, rows })
}

async function printTables(client: Client, targets: readonly Target[]): Promise<number> {
  const failures: Failure[] = []
  const sort = client.flags.value("sort-by")
  const fetched = fetchPages(client, targets, failures)
  await client.warn()
  const kinds = new Set(fetched.map(({ resource }) => resource))
  const pages = fetched
    .map((page) => (sort === undefined ? page : { ...page, rows: sortBy(page.rows, sort, ({ object }) => object) }))
    .filter(({ rows }) => rows.length > 0)
  for (const [i, { resource, columns, rows }] of pages.entries()) {
    const text = new RowPrinter(client, resource, columns, kinds.size > 1).print(rows, true)
    await client.proc.out(`${i > 0 && !client.flags.has("no-headers") ? "\n" : ""}${text}`)
  }
  if (failures.length > 0) throw new Stop(...failures)
  if (pages.length === 0 && !client.flags.has("ignore-not-found")) await sayNothingFound(client, targets)
  return 0
}

async function sayNothingFound(client: Client, targets: readonly Target[]): Promise<void> {
  const everywhere = client.allNamespaces || targets.some(({ resource }) => !resource.namespaced)
  await client.proc.err(everywhere ? "No resources found\n" : `No resources found in ${client.namespace} namespace.\n`)
}

async function printObjects(client: Client, targets: readonly Target[], printer: Printer): Promise<number> {
  const { found, failures } = fetchTargets(client, targets)
  await client.warn()
  const sort = client.flags.value("sort-by")
  const objects = found.map(({ object }) => object)
  const items = sort === undefined ? objects : sortBy(objects, sort, (object) => object)
  const alone = targets.length === 1 && targets[0]?.names?.length === 1
  // With names and nothing found there is nothing to print; a list is printed even when it is empty.
  const [first] = items
  const list = { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } }
  if (alone && first !== undefined) await client.proc.out(printer(first))
  else if (!alone && (items.length > 0 || failures.length === 0)) await client.proc.out(printer(list))
  if (failures.length > 0) throw new Stop(...failures)
  return 0
}
