/** `-o`: how objects are printed. Models cli-runtime/pkg/genericclioptions print flags. */

import { goText } from "../../kube/api/go-text.ts"
import { goJson, isDict } from "../../kube/api/json.ts"
import type { Resource } from "../../kube/api/resource.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, printedName } from "./client.ts"
import { fail } from "./failure.ts"
import { JsonPath, relaxedJsonPath } from "./jsonpath.ts"
import { renderTable } from "./table.ts"
import { toYaml } from "./yaml/emit.ts"

/** Text of an object, or of a List. */
export type Printer = (value: unknown) => string

const REFUSED = ["custom-columns-file", "go-template", "go-template-file", "jsonpath-file", "template", "templatefile"]
/** What every command prints; `get` has more. */
const COMMON = [
  "go-template",
  "go-template-file",
  "json",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
  "name",
  "template",
  "templatefile",
  "yaml",
]
const OF_GET = ["custom-columns", "custom-columns-file", ...COMMON, "wide"]

/** The printer for `-o format`; `undefined` for a table (get) or a sentence (the others): no format, `wide`. */
export function objectPrinter(client: Client, ofGet = false): Printer | undefined {
  const output = client.flags.value("output") ?? ""
  if (output === "" || (ofGet && output === "wide")) return undefined
  const [format = "", argument] = [
    output.split("=", 1)[0],
    output.includes("=") ? output.slice(output.indexOf("=") + 1) : undefined,
  ]
  if (format === "json") return (value) => `${goJson(value, "    ")}\n`
  if (format === "yaml") return toYaml
  if (format === "name") return (value) => names(client, value)
  if (format === "jsonpath") {
    const template = new JsonPath(argument ?? fail("template format specified but no template given"))
    return (value) => template.render(value)
  }
  if (format === "jsonpath-as-json") {
    const template = new JsonPath(argument ?? fail("template format specified but no template given"))
    return (value) => `${goJson(template.results(value).flat(), "    ")}\n`
  }
  if (ofGet && format === "custom-columns") return customColumns(client, argument)
  if (REFUSED.includes(format)) fail(`podwire's kubectl does not support the output format ${JSON.stringify(format)}`)
  const allowed = (ofGet ? OF_GET : COMMON).toSorted().join(",")
  return fail(
    `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${allowed}`,
  )
}

const itemsOf = (value: unknown): unknown[] =>
  isDict(value) && Array.isArray(value["items"]) ? value["items"] : [value]

function names(client: Client, value: unknown): string {
  return itemsOf(value)
    .map((item) => {
      const { metadata, ...object } = item as ApiObject
      return `${printedName(client.resourceOf(object) as Resource, metadata.name)}\n`
    })
    .join("")
}

function customColumns(client: Client, spec: string | undefined): Printer {
  if (spec === undefined || spec === "") return fail("custom-columns format specified but no custom columns given")
  const columns = spec.split(",").map((part) => {
    const colon = part.indexOf(":")
    if (colon < 0) return fail(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, colon), path: relaxedJsonPath(part.slice(colon + 1)) }
  })
  const headers = columns.map(({ header }) => header)
  return (value) => {
    const rows = itemsOf(value).map((item) =>
      columns.map(({ path }) => {
        const [found = []] = path.results(item)
        return found.length === 0 ? "<none>" : found.map(goText).join(",")
      }),
    )
    return renderTable(headers, rows, !client.flags.has("no-headers"))
  }
}

/** ` (dry run)`, ` (server dry run)`. */
export function dryRunNote(client: Client): string {
  const mode = dryRunMode(client)
  return mode === "none" ? "" : mode === "server" ? " (server dry run)" : " (dry run)"
}

export type DryRun = "none" | "client" | "server"

export function dryRunMode(client: Client): DryRun {
  const value = client.flags.value("dry-run") ?? "none"
  if (value === "unchanged") return "client"
  if (value !== "none" && value !== "client" && value !== "server")
    return fail(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`)
  return value
}

/** Says what has been done to an object: `pod/web created`, or the object itself with `-o`. */
export async function printDone(client: Client, resource: Resource, object: ApiObject, verb: string): Promise<void> {
  const printer = objectPrinter(client)
  await client.proc.out(
    printer === undefined
      ? `${printedName(resource, object.metadata.name)} ${verb}${dryRunNote(client)}\n`
      : printer(object),
  )
}
