/** `-o json|yaml|name|jsonpath=…|custom-columns=…`. */
import { stringify } from "yaml"
import { byCodePoint, goJson, isDict } from "../../kube/api/json.ts"
import { fail } from "./client.ts"
import { evaluateJsonPath } from "./jsonpath.ts"
import { renderTable } from "./table.ts"

/** Keys sorted, as Go prints maps. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort(byCodePoint)
      .map((key) => [key, sortKeys(value[key])]),
  )
}

export function toYaml(value: unknown): string {
  return stringify(sortKeys(value), {
    version: "1.1",
    lineWidth: 0,
    singleQuote: false,
    indentSeq: false,
    defaultStringType: "PLAIN",
    defaultKeyType: "PLAIN",
    aliasDuplicateObjects: false,
  })
}

/** Text for an object or a List. */
export function formatObject(value: unknown, format: string): string {
  if (format === "json") return `${goJson(value, "    ")}\n`
  if (format === "yaml") return toYaml(value)
  if (format.startsWith("jsonpath=")) return evaluateJsonPath(format.slice("jsonpath=".length), value)
  if (format.startsWith("custom-columns=")) return customColumns(format.slice("custom-columns=".length), value)
  return fail(
    `error: unable to match a printer suitable for the output format ${JSON.stringify(format)}, allowed formats are: custom-columns,json,jsonpath,name,wide,yaml`,
  )
}

function customColumns(spec: string, value: unknown): string {
  const columns = spec.split(",").map((part) => {
    const colon = part.indexOf(":")
    if (colon < 0) return fail(`error: unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, colon), path: part.slice(colon + 1) }
  })
  const items = isDict(value) && Array.isArray(value["items"]) ? value["items"] : [value]
  const rows = items.map((item) =>
    columns.map(({ path }) => evaluateJsonPath(`{${path.startsWith(".") ? path : `.${path}`}}`, item) || "<none>"),
  )
  return renderTable(
    columns.map(({ header }) => header),
    rows,
    true,
  )
}
