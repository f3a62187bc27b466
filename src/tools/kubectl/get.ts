/** kubectl get. */
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure } from "../../kube/api/status.ts"
import type { Table } from "../../kube/api/table.ts"
import { type Client, fail, printedName, statusText } from "./client.ts"
import type { Flags } from "./flags.ts"
import { formatObject } from "./output.ts"
import { renderTable } from "./table.ts"

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

interface Wanted {
  resource: Resource
  names: string[]
}

/** `pods`, `pods,svc`, `pod web db`, `pod/web node/x`, `all`. */
export function readTargets(client: Client, words: readonly string[], required: string): Wanted[] {
  const [first, ...names] = words
  if (first === undefined) return fail(required)
  if (words.some((word) => word.includes("/"))) {
    return words.map((word) => {
      const [kind = "", name = ""] = word.split("/")
      if (!word.includes("/"))
        fail(
          "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        )
      return { resource: client.resource(kind), names: [name] }
    })
  }
  const kinds =
    first === "all"
      ? client.api.registry.resources
          .filter((resource) => resource.categories?.includes("all") === true)
          .map((resource) => resource.plural)
      : first.split(",")
  return kinds.map((kind) => ({ resource: client.resource(kind), names }))
}

export async function get(client: Client, words: readonly string[], flags: Flags): Promise<number> {
  const targets = readTargets(
    client,
    words,
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples',
  )
  if (targets.some((target) => target.names.length > 0) && client.allNamespaces)
    fail("error: a resource cannot be retrieved by name across all namespaces")
  const format = flags.value("output") ?? ""
  return format === "" || format === "wide"
    ? printTables(client, targets, flags, format === "wide")
    : printObjects(client, targets, flags, format)
}

function selectors(flags: Flags): Record<string, string | undefined> {
  return { labelSelector: flags.value("selector"), fieldSelector: flags.value("field-selector") }
}

async function printTables(client: Client, targets: readonly Wanted[], flags: Flags, wide: boolean): Promise<number> {
  let code = 0
  let printed = 0
  const several = targets.length > 1
  for (const { resource, names } of targets) {
    const { tables, errors } = fetchTables(client, resource, names, flags)
    for (const error of errors) await client.proc.err(`${error}\n`)
    if (errors.length > 0) code = 1
    const text = tables.length === 0 ? "" : tableText(client, resource, tables, flags, wide, several)
    if (text === "") continue
    await client.proc.out(`${printed++ > 0 ? "\n" : ""}${text}`)
  }
  if (printed === 0 && code === 0)
    await client.proc.err(
      client.allNamespaces || targets.every(({ resource }) => !resource.namespaced)
        ? "No resources found\n"
        : `No resources found in ${client.namespace} namespace.\n`,
    )
  return code
}

function fetchTables(
  client: Client,
  resource: Resource,
  names: readonly string[],
  flags: Flags,
): { tables: Table[]; errors: string[] } {
  const tables: Table[] = []
  const errors: string[] = []
  for (const name of names.length === 0 ? [undefined] : names) {
    const body = client.ask({
      method: "GET",
      path: client.path(resource, name, client.namespace, name === undefined ? selectors(flags) : {}),
      headers: { accept: TABLE },
    })
    if (!isFailure(body)) tables.push(body as Table)
    else if (!(flags.has("ignore-not-found") && body.reason === "NotFound")) errors.push(statusText(body))
  }
  return { tables, errors }
}

function tableText(
  client: Client,
  resource: Resource,
  tables: readonly Table[],
  flags: Flags,
  wide: boolean,
  several: boolean,
): string {
  const rows = tables.flatMap((table) => table.rows)
  if (rows.length === 0) return ""
  const columns = (tables[0] as Table).columnDefinitions
    .map((column, index) => ({ ...column, index }))
    .filter((column) => wide || column.priority === 0)
  const headers = columns.map((column) => column.name.toUpperCase())
  const labels = flags.has("show-labels")
  const withNamespace = client.allNamespaces && resource.namespaced
  const body = rows.map((row) => {
    const metadata = (row.object as { metadata?: { namespace?: string; labels?: Record<string, string> } } | undefined)
      ?.metadata
    const cells = columns.map((column) =>
      column.index === 0 && several
        ? printedName(resource, String(row.cells[0]))
        : String(row.cells[column.index] ?? "<none>"),
    )
    if (labels)
      cells.push(
        Object.entries(metadata?.labels ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .sort()
          .join(",") || "<none>",
      )
    return withNamespace ? [metadata?.namespace ?? "", ...cells] : cells
  })
  return renderTable(
    [...(withNamespace ? ["NAMESPACE"] : []), ...headers, ...(labels ? ["LABELS"] : [])],
    body,
    !flags.has("no-headers"),
  )
}

async function printObjects(client: Client, targets: readonly Wanted[], flags: Flags, format: string): Promise<number> {
  const items: Record<string, unknown>[] = []
  const errors: string[] = []
  for (const { resource, names } of targets)
    for (const name of names.length === 0 ? [undefined] : names) {
      const body = client.ask({
        method: "GET",
        path: client.path(resource, name, client.namespace, name === undefined ? selectors(flags) : {}),
      })
      if (isFailure(body)) errors.push(statusText(body))
      else if (name === undefined) items.push(...((body as { items: Record<string, unknown>[] }).items ?? []))
      else items.push(body as Record<string, unknown>)
    }
  for (const error of errors) await client.proc.err(`${error}\n`)
  if (format === "name") {
    for (const item of items)
      await client.proc.out(
        `${printedName(client.resource(String(item["kind"])), (item["metadata"] as { name: string }).name)}\n`,
      )
    return errors.length > 0 ? 1 : 0
  }
  const single = items.length === 1 && targets.length === 1 && targets[0]?.names.length === 1
  if (single || errors.length === 0)
    await client.proc.out(
      formatObject(
        single ? items[0] : { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } },
        format,
      ),
    )
  return errors.length > 0 ? 1 : 0
}
