/** kubectl describe for what has no description of its own: every field, by name. Models kubectl/pkg/describe genericDescriber. */
import { goText } from "../../../kube/api/go-text.ts"
import { byCodePoint, type Dict, isDict } from "../../../kube/api/json.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { eventLines, metaLines, nameLines } from "./common.ts"
import type { Lines } from "./lines.ts"

/** Shown above, or never. */
const SKIPPED = ["managedFields", "name", "namespace", "labels", "annotations"].map((field) => `.metadata.${field}`)
/** Words that are written in capitals. */
const ACRONYMS = ["API", "URL", "UID", "OSB", "GUID"]

export function describeGeneric(client: Client, lines: Lines, object: ApiObject): void {
  nameLines(lines, object.metadata)
  metaLines(lines, object.metadata)
  contentLines(lines, 0, object, "")
  eventLines(client, lines, object)
}

function contentLines(lines: Lines, level: number, content: Dict, path: string): void {
  for (const field of Object.keys(content).sort(byCodePoint)) {
    const value = content[field]
    const at = `${path}.${field}`
    if (value === undefined || SKIPPED.includes(at)) continue
    if (isDict(value)) {
      lines.add(level, `${labelFor(field)}:`)
      contentLines(lines, level + 1, value, at)
    } else if (Array.isArray(value)) {
      lines.add(level, `${labelFor(field)}:`)
      for (const item of value)
        if (isDict(item)) contentLines(lines, level + 1, item, at)
        else lines.add(level + 1, goText(item))
    } else lines.add(level, `${labelFor(field)}:\t${goText(value)}`)
  }
}

/** `endpointSelector` is "Endpoint Selector", `uid` is "UID"; what holds more than letters and hyphens stays as it is. */
export function labelFor(field: string): string {
  if (!/^[\p{L}-]*$/u.test(field)) return field
  return camelWords(field)
    .map((word) =>
      ACRONYMS.includes(word.toUpperCase()) ? word.toUpperCase() : word.slice(0, 1).toUpperCase() + word.slice(1),
    )
    .join(" ")
}

/** Runs of one class of letters; the last capital before small letters belongs to these. Models fatih/camelcase. */
function camelWords(text: string): string[] {
  const runs = text.match(/\p{Lu}+|\p{Ll}+|[^\p{Lu}\p{Ll}]+/gu) ?? []
  for (let i = 0; i + 1 < runs.length; i++) {
    const [run, next] = [runs[i] as string, runs[i + 1] as string]
    if (!/\p{Lu}$/u.test(run) || !/^\p{Ll}/u.test(next)) continue
    runs[i] = run.slice(0, -1)
    runs[i + 1] = run.slice(-1) + next
  }
  return runs.filter((run) => run !== "")
}
