/** Manifests: YAML or JSON text to objects. Broken text names file, line and column, and nothing of the file is used. */
import { LineCounter, parseAllDocuments } from "yaml"
import { type Dict, isDict } from "../../kube/api/json.ts"
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { fail } from "./client.ts"

export interface ManifestObject {
  object: Dict
  /** As errors name it: the file, or STDIN. */
  source: string
}

/** kubectl reads YAML 1.1's booleans, but neither its dates nor its base-60 numbers. */
export function parseManifests(text: string, source: string): ManifestObject[] {
  const lineCounter = new LineCounter()
  const all = parseAllDocuments(text, {
    version: "1.1",
    lineCounter,
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === "string" ||
          (tag.tag !== "tag:yaml.org,2002:timestamp" && (tag as { format?: string }).format !== "TIME"),
      ),
  })
  const objects: ManifestObject[] = []
  for (const parsed of all) {
    const [error] = parsed.errors
    if (error !== undefined) {
      const { line, col } = error.linePos?.[0] ?? { line: 0, col: 0 }
      const reason = error.message.split(" at line ")[0] ?? error.message
      fail(
        `error: error parsing ${source}: error converting YAML to JSON: yaml: line ${line}, column ${col}: ${reason}`,
      )
    }
    const value: unknown = parsed.toJS()
    if (value === null || value === undefined) continue
    if (!isDict(value))
      return fail(
        `error: error validating ${JSON.stringify(source)}: error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false`,
      )
    objects.push(...flatten(value).map((object) => ({ object, source })))
  }
  return objects
}

/** Lists come apart. */
function flatten(value: Dict): Dict[] {
  if (value["kind"] === "List" && Array.isArray(value["items"])) return value["items"].filter(isDict)
  return [value]
}

/** What `-f` names: files, folders, `-`. */
export async function readManifests(proc: Process, names: readonly string[]): Promise<ManifestObject[]> {
  const all: ManifestObject[] = []
  for (const name of names) {
    if (/^https?:\/\//.test(name)) fail(`error: podwire's kubectl does not fetch manifests by URL (${name})`)
    if (name === "-") {
      all.push(...parseManifests(await proc.readText(), "STDIN"))
      continue
    }
    const path = proc.path(name)
    const stat = proc.fs.stat(path)
    if (typeof stat === "string")
      fail(
        `error: the path ${JSON.stringify(name)} ${stat === "ENOENT" ? "does not exist" : `cannot be accessed: ${strerror(stat)}`}`,
      )
    const files =
      typeof stat !== "string" && stat.type === "directory"
        ? (proc.fs.readdir(path) as string[])
            .filter((file) => /\.(ya?ml|json)$/.test(file))
            .map((file) => `${name.replace(/\/$/, "")}/${file}`)
        : [name]
    for (const file of files) {
      const read = proc.fs.readText(proc.path(file))
      if ("text" in read) all.push(...parseManifests(read.text, file))
    }
  }
  if (all.length === 0) fail("error: no objects passed to apply")
  return all
}
