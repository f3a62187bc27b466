/** The printer columns of a custom resource. Models apiextensions-apiserver/pkg/registry/customresource/tableconvertor. */
import { goText } from "../go-text.ts"
import { goJson } from "../json.ts"
import { findResults } from "../jsonpath/evaluate.ts"
import { JsonPathError, type Node, parseJsonPath } from "../jsonpath/parse.ts"
import { NAME } from "../printers/common.ts"
import type { Cell, Column, PrintContext } from "../resource.ts"
import { parseTime } from "../time.ts"
import type { ApiObject } from "../types.ts"

export interface PrinterColumn {
  readonly name: string
  readonly type: string
  readonly jsonPath: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
}

/** What a definition without columns gets. */
export const AGE_COLUMN: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }

const DESCRIBED = "Custom resource definition column (in JSONPath format): "

export function tableColumns(columns: readonly PrinterColumn[]): Column[] {
  const others = columns.map(({ name, type, jsonPath, format, description, priority }) => ({
    name,
    type,
    ...(format === undefined ? {} : { format }),
    description: description === undefined || description === "" ? `${DESCRIBED}${jsonPath}` : description,
    ...(priority === undefined ? {} : { priority }),
  }))
  return [NAME, ...others]
}

/** Why a column's path cannot be used, or `undefined`. */
export function pathProblem(jsonPath: string): string | undefined {
  try {
    parseJsonPath(`{${jsonPath}}`)
    return jsonPath.startsWith(".") ? undefined : "must be a json path string"
  } catch (thrown) {
    if (!(thrown instanceof JsonPathError)) throw thrown
    return thrown.message
  }
}

/** Makes what prints an object's row. */
export function rowPrinter(columns: readonly PrinterColumn[]): (object: ApiObject, context: PrintContext) => Cell[] {
  const paths = columns.map(({ jsonPath, type }) => ({ nodes: parseJsonPath(`{${jsonPath}}`), type }))
  return (object, context) => [
    object.metadata.name,
    ...paths.map(({ nodes, type }) => {
      const values = found(nodes, object)
      if (values.length === 0) return null
      return type === "string" ? printed(values[0]) : typed(type, values[0], context)
    }),
  ]
}

function found(nodes: readonly Node[], object: ApiObject): readonly unknown[] {
  try {
    return findResults(nodes, object)[0] ?? []
  } catch (thrown) {
    if (!(thrown instanceof JsonPathError)) throw thrown
    return []
  }
}

const printed = (value: unknown): string =>
  typeof value === "object" && value !== null ? goJson(value) : goText(value)

/** A value that is not of its column's type is not shown. */
function typed(type: string, value: unknown, context: PrintContext): Cell {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null
    case "number":
      return typeof value === "number" ? value : null
    case "boolean":
      return typeof value === "boolean" ? value : null
    case "date":
      if (typeof value !== "string") return null
      return parseTime(value) === undefined ? "<invalid>" : context.age(value)
    default:
      return null
  }
}
