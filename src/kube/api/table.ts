/** Tables: what `kubectl get` prints. Models the server's meta.k8s.io/v1 Table conversion. */
import { humanDuration } from "./duration.ts"
import { plainColumns, plainRow } from "./printers/config.ts"
import type { Cell, Column, PrintContext, Resource } from "./resource.ts"
import { secondsSince } from "./time.ts"
import type { ApiObject } from "./types.ts"

export interface TableRow {
  cells: Cell[]
  object?: unknown
}

export interface Table {
  kind: "Table"
  apiVersion: "meta.k8s.io/v1"
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
  columnDefinitions: { name: string; type: string; format: string; description: string; priority: number }[]
  rows: TableRow[]
}

export type IncludeObject = "None" | "Metadata" | "Object"

export function printContext(clock: { readonly now: number; readonly epoch: number }): PrintContext {
  return {
    age(timestamp) {
      const seconds = secondsSince(clock, timestamp)
      return seconds === undefined ? "<unknown>" : humanDuration(seconds)
    },
  }
}

const definition = (column: Column): Table["columnDefinitions"][number] => ({
  name: column.name,
  type: column.type,
  format: column.format ?? "",
  description: column.description ?? "",
  priority: column.priority ?? 0,
})

export function toTable(
  resource: Resource,
  objects: readonly ApiObject[],
  revision: string,
  include: IncludeObject,
  context: PrintContext,
): Table {
  const row = resource.row ?? plainRow
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion: revision },
    columnDefinitions: (resource.columns ?? plainColumns).map(definition),
    rows: objects.map((object) => ({ cells: row(object, context), ...rowObject(object, include) })),
  }
}

function rowObject(object: ApiObject, include: IncludeObject): { object?: unknown } {
  if (include === "None") return {}
  if (include === "Object") return { object }
  return { object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata } }
}
