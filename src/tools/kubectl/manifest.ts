/**
 * Manifests: YAML or JSON text to objects. Models apimachinery/pkg/util/yaml decoder.go and cli-runtime's StreamVisitor. Where a text is broken
 * the real kubectl goes on with what stood before it; podwire's says where it is broken, to the column, and uses nothing of any file.
 */
import { byCodePoint, type Dict, isDict } from "../../kube/api/json.ts"
import type { Resource } from "../../kube/api/resource.ts"
import type { ManifestSource } from "../../kube/api/sources.ts"
import { strerror } from "../../linux/errno.ts"
import type { Client } from "./client.ts"
import { type Failure, fail } from "./failure.ts"
import { fetchManifest } from "./fetch.ts"
import { checkJson } from "./yaml/json.ts"
import { loadYaml } from "./yaml/load.ts"

export interface ManifestObject {
  object: Dict
  resource: Resource
  name: string
  namespace: string
  /** As errors name it: the file, or STDIN. */
  source: string
  /** Where in that it stands, for the server to remember. */
  origin: ManifestSource
}

export interface Manifests {
  objects: ManifestObject[]
  /** What was wrong with single objects; the others are none the worse for it. */
  failures: Failure[]
}

interface Chunk {
  text: string
  /** Lines of the file before it. */
  line: number
}

/** Documents, as kubectl cuts them before it parses them: a line `---` ends one, and begins one only at the top. */
function chunks(text: string, source: string): Chunk[] {
  const found: Chunk[] = []
  let lines: string[] = []
  let start = 0
  // Every line ends with one line feed, whatever it ended with.
  const all = text.replace(/\r?\n$/, "").split(/\r?\n/)
  const end = (next: number): void => {
    if (lines.length > 0) found.push({ text: `${lines.join("\n")}\n`, line: start })
    lines = []
    start = next
  }
  for (const [i, line] of all.entries()) {
    const rest = line.startsWith("---") ? line.slice(3).trim() : "#"
    if (rest !== "" && !rest.startsWith("#"))
      fail(`error parsing ${source}: invalid Yaml document separator: ${rest}${place(source, i + 1, 4)}`)
    if (lines.length > 0 && line.startsWith("---")) end(i + 1)
    else lines.push(line)
  }
  end(all.length)
  return found
}

const place = (source: string, line: number, column: number): string =>
  `\n  at ${source}:${line}:${column}, and nothing has been changed`

function parseYaml({ text, line }: Chunk, source: string): unknown {
  const loaded = loadYaml(text)
  if ("value" in loaded) return loaded.value
  const { message, mark } = loaded
  return fail(
    `error parsing ${source}: error converting YAML to JSON: yaml: ${message}${place(source, line + mark.line + 1, mark.column + 1)}`,
  )
}

function parseJson(text: string, source: string): unknown {
  const problem = checkJson(text)
  if (problem === undefined) return JSON.parse(text)
  const before = text.slice(0, Math.max(problem.offset - 1, 0)).split("\n")
  const where = place(source, before.length, (before.at(-1) as string).length + 1)
  return fail(`error parsing ${source}: json: offset ${problem.offset}: ${problem.message}${where}`)
}

/** The values of a text. Ends the command when one is broken. */
export function parseManifests(text: string, source: string): unknown[] {
  if (/^\s*\{/.test(text)) {
    // Objects one after another are one stream; --- between them makes it YAML for us.
    const parts = chunks(text, source)
    return parts.length === 1 ? [parseJson(text, source)] : parts.map((part) => parseJson(part.text, source))
  }
  return chunks(text, source).map((chunk) => parseYaml(chunk, source))
}

async function readFiles(client: Client, names: readonly string[]): Promise<{ source: string; text: string }[]> {
  const { proc } = client
  const texts: { source: string; text: string }[] = []
  for (const name of names) {
    if (/^https?:\/\//.test(name)) {
      texts.push({ source: name, text: await fetchManifest(proc, name) })
      continue
    }
    if (name === "-") {
      texts.push({ source: "STDIN", text: await proc.readText() })
      continue
    }
    const stat = proc.fs.stat(proc.path(name))
    if (typeof stat === "string")
      fail(
        `the path ${JSON.stringify(name)} ${stat === "ENOENT" ? "does not exist" : `cannot be accessed: ${strerror(stat)}`}`,
      )
    const isFolder = typeof stat !== "string" && stat.type === "directory"
    const files = isFolder ? folder(client, name) : [name]
    for (const file of files) {
      const read = proc.fs.readText(proc.path(file))
      if ("text" in read) texts.push({ source: file, text: read.text })
    }
  }
  return texts
}

/** The manifests in a folder, by name. */
const folder = (client: Client, name: string): string[] =>
  [...(client.proc.fs.readdir(client.proc.path(name)) as string[])]
    .sort()
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .map((file) => `${name.replace(/\/$/, "")}/${file}`)

/** A copy with its keys in order: kubectl keeps objects as Go maps, and sends them so. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort(byCodePoint)
      .map((key) => [key, sortKeys(value[key])]),
  )
}

const noValidation = "if you choose to ignore these errors, turn validation off with --validate=false"

/** What `-f` names: files, folders, `-`. All of it is read before anything is looked at. */
export async function readManifests(client: Client, names: readonly string[]): Promise<Manifests> {
  const parsed = (await readFiles(client, names)).map(({ source, text }) => {
    const lines = chunks(text, source).map((chunk) => chunk.line)
    const values = parseManifests(text, source).map((value, document) => ({
      value,
      origin: { file: source, text, document, line: lines[document] ?? 0, path: "" },
    }))
    return { values }
  })
  const result: Manifests = { objects: [], failures: [] }
  for (const { values } of parsed)
    for (const { value, origin } of values) {
      if (value === null || value === undefined) continue
      const failure = takeObject(client, value, origin, result)
      if (failure === undefined) continue
      result.failures.push({ message: failure })
      // What cannot even be validated ends its file; an unknown kind does not.
      if (failure.startsWith("error validating")) break
    }
  return result
}

function takeObject(client: Client, value: unknown, origin: ManifestSource, result: Manifests): string | undefined {
  const source = origin.file
  const invalid = (what: string): string =>
    `error validating ${JSON.stringify(source)}: error validating data: ${what}; ${noValidation}`
  if (!isDict(value)) return invalid("invalid object to validate")
  if (value["kind"] === "List" && Array.isArray(value["items"])) {
    for (const [i, item] of value["items"].entries()) {
      const path = `${origin.path === "" ? "" : `${origin.path}.`}items[${i}]`
      const failure = takeObject(client, item, { ...origin, path }, result)
      if (failure !== undefined) return failure
    }
    return undefined
  }
  const missing = ["apiVersion", "kind"].filter((field) => typeof value[field] !== "string" || value[field] === "")
  if (missing.length > 0) {
    const said = missing.map((field) => `${field} not set`)
    return invalid(said.length === 1 ? (said[0] as string) : `[${said.join(", ")}]`)
  }
  const metadata = isDict(value["metadata"]) ? value["metadata"] : {}
  const name = String(metadata["name"] ?? "")
  const own = metadata["namespace"] as string | undefined
  const resource = client.resourceOf(value)
  if (resource === undefined)
    return `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(own ?? "")} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(value["kind"])} in version ${JSON.stringify(value["apiVersion"])}\nensure CRDs are installed first`
  if (
    own !== undefined &&
    client.flags.value("namespace") !== undefined &&
    own !== client.namespace &&
    resource.namespaced
  )
    return `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(client.namespace)}. You must pass '--namespace=${own}' to perform this operation.`
  const namespace = own ?? client.namespace
  result.objects.push({ object: sortKeys(value) as Dict, resource, name, namespace, source, origin })
  return undefined
}
