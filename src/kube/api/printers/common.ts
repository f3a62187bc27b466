/** Cells that several kinds share. Models pkg/printers/internalversion/printers.go. */
import { dicts, text } from "../json.ts"
import type { Column } from "../resource.ts"

export const NONE = "<none>"

export const NAME: Column = { name: "Name", type: "string", format: "name" }
export const AGE: Column = { name: "Age", type: "string" }

export const column = (name: string, type = "string"): Column => ({ name, type })
export const wide = (name: string): Column => ({ name, type: "string", priority: 1 })

/** `a=1,b=2`, sorted; `<none>` when empty. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? NONE : pairs.sort().join(",")
}

/** The names and images of a template's containers. */
export function containerCells(podSpec: unknown): [string, string] {
  const containers = dicts(podSpec, "containers")
  return [containers.map((c) => text(c, "name")).join(","), containers.map((c) => text(c, "image")).join(",")]
}
