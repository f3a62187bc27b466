/** kubectl label and annotate. Models pkg/cmd/label and pkg/cmd/annotate. */
import { type Dict, goJson } from "../../kube/api/json.ts"
import { labelValueErrors, qualifiedNameErrors } from "../../kube/api/names.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { type Failure, fail, Stop, statusFailure } from "./failure.ts"
import { dryRunMode, printDone } from "./print.ts"
import { type Found, fetchTargets, readTargets } from "./targets.ts"

interface Changes {
  set: ReadonlyMap<string, string>
  remove: readonly string[]
}

/** Splits `pod web a=b c-` into what is meant and what is to change. */
function splitWords(words: readonly string[], what: string): { targets: string[]; pairs: string[] } {
  const isPair = (word: string): boolean => word.includes("=") || (word.endsWith("-") && word !== "-")
  const first = words.findIndex(isPair)
  const targets = first < 0 ? [...words] : words.slice(0, first)
  const pairs = first < 0 ? [] : words.slice(first)
  const stray = pairs.find((word) => !isPair(word))
  if (stray !== undefined) fail(`all resources must be specified before ${what} changes: ${stray}`)
  return { targets, pairs }
}

function parseChanges(pairs: readonly string[], what: string): Changes {
  const set = new Map<string, string>()
  const remove: string[] = []
  for (const pair of pairs) {
    const equals = pair.indexOf("=")
    if (equals < 0) remove.push(pair.slice(0, -1))
    else if (equals === 0) fail(`invalid ${what} spec: ${pair}`)
    else set.set(pair.slice(0, equals), pair.slice(equals + 1))
    const [problem] = what === "label" && equals > 0 ? labelValueErrors(pair.slice(equals + 1)) : []
    if (problem !== undefined) fail(`invalid label value: ${JSON.stringify(pair)}: ${problem}`)
    const [badKey] = qualifiedNameErrors(equals < 0 ? pair.slice(0, -1) : pair.slice(0, equals))
    if (badKey !== undefined) fail(`invalid ${what} key: ${JSON.stringify(pair)}: ${badKey}`)
  }
  const both = remove.filter((key) => set.has(key))
  if (both.length > 0) fail(`can not both modify and remove ${what} in the same command`)
  return { set, remove }
}

const MISSING = "one or more resources must be specified as <resource> <name> or <resource>/<name>"

async function edit(
  client: Client,
  what: "label" | "annotation",
  change: (found: Found, changes: Changes) => Promise<Failure | undefined>,
): Promise<number> {
  const { flags } = client
  const { targets: words, pairs } = splitWords(flags.words, what)
  if (words.length === 0 && flags.all("filename").length === 0) fail(MISSING)
  if (pairs.length === 0) fail(`at least one ${what} update is required`)
  const changes = parseChanges(pairs, what)
  const { found, failures } = fetchTargets(
    client,
    await readTargets(client, words, { missing: MISSING, needsName: true }),
  )
  const failed = [...failures]
  for (const item of found) {
    const failure = await change(item, changes)
    if (failure !== undefined) failed.push(failure)
  }
  if (failed.length > 0) throw new Stop(...failed)
  return 0
}

/** Sends the new labels or annotations; the object as it then is. */
async function send(
  client: Client,
  { resource, object }: Found,
  field: string,
  { set, remove }: Changes,
): Promise<ApiObject | Status> {
  const values: Dict = { ...Object.fromEntries(set), ...Object.fromEntries(remove.map((key) => [key, null])) }
  const dryRun = dryRunMode(client)
  return (await client.ask({
    method: "PATCH",
    path: client.path(resource, object.metadata.name, object.metadata.namespace, {
      fieldManager: `kubectl-${field === "labels" ? "label" : "annotate"}`,
      ...(dryRun === "none" ? {} : { dryRun: "All" }),
    }),
    headers: { "content-type": "application/merge-patch+json" },
    body: { metadata: { [field]: values } },
  })) as ApiObject | Status
}

export function label(client: Client): Promise<number> {
  const overwrite = client.flags.has("overwrite")
  return edit(client, "label", async (found, changes) => {
    const labels = found.object.metadata.labels ?? {}
    for (const [key, value] of changes.set)
      if (!overwrite && labels[key] !== undefined && labels[key] !== value)
        return { message: `'${key}' already has a value (${labels[key]}), and --overwrite is false` }
    for (const key of changes.remove)
      if (labels[key] === undefined) await client.proc.out(`label ${JSON.stringify(key)} not found.\n`)
    const changed = await send(client, found, "labels", changes)
    if (isFailure(changed)) return statusFailure(changed)
    const after = (changed as ApiObject).metadata.labels ?? {}
    const [before, now] = [goJson(labels), goJson(after)]
    const verb = before === now ? "not labeled" : !overwrite && now.length < before.length ? "unlabeled" : "labeled"
    await printDone(client, found.resource, changed as ApiObject, verb)
    return undefined
  })
}

export function annotate(client: Client): Promise<number> {
  const overwrite = client.flags.has("overwrite")
  return edit(client, "annotation", async (found, changes) => {
    const annotations = found.object.metadata.annotations ?? {}
    const known = [...changes.set].filter(
      ([key, value]) => annotations[key] !== undefined && annotations[key] !== value,
    )
    if (!overwrite && known.length > 0) {
      const list = known.map(([key]) => `'${key}' already has a value (${annotations[key]})`)
      return { message: `--overwrite is false but found the following declared annotation(s): ${list.join("; ")}` }
    }
    const changed = await send(client, found, "annotations", changes)
    if (isFailure(changed)) return statusFailure(changed)
    await printDone(client, found.resource, changed as ApiObject, "annotated")
    return undefined
  })
}
