/** kubectl patch and scale. Models pkg/cmd/patch and pkg/cmd/scale. */
import { type Dict, equal, isDict } from "../../kube/api/json.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { Client } from "./client.ts"
import { each, found, MEDIA, send } from "./edit.ts"
import { fail } from "./failure.ts"
import { parseManifests } from "./manifest.ts"
import { dryRunMode } from "./print.ts"
import { fetchTargets, readTargets } from "./targets.ts"

export async function patch(client: Client): Promise<number> {
  const { flags } = client
  const type = (flags.value("type") ?? "strategic").toLowerCase()
  if (MEDIA[type] === undefined)
    fail(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.value("type"))}`)
  const body = patchBody(client)
  return each(client, await found(client, flags.words), async (item) => {
    const object = await send(client, item, type, body, "kubectl-patch")
    const same = !isFailure(object) && equal(object, item.object)
    return { object, verb: same ? "patched (no change)" : "patched" }
  })
}

function patchBody({ flags, proc }: Client): unknown {
  const file = flags.value("patch-file")
  const read = file === undefined ? undefined : proc.fs.readText(proc.path(file))
  if (read !== undefined && !("text" in read))
    fail(`unable to read patch file: open ${file}: no such file or directory`)
  const text = read !== undefined && "text" in read ? read.text : flags.value("patch")
  if (text === undefined || text === "")
    return fail("must specify --patch or --patch-file containing the contents of the patch")
  return parseManifests(text, "the patch")[0]
}

export async function scale(client: Client): Promise<number> {
  const { flags } = client
  const replicas = flags.number("replicas") ?? fail('required flag(s) "replicas" not set')
  if (replicas < 0) fail(`The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0`)
  const targets = fetchTargets(client, await readTargets(client, flags.words, { needsName: true })).found
  if (targets.length === 0) fail("no objects passed to scale")
  const expected = flags.number("current-replicas") ?? -1
  return each(client, targets, async (item) => {
    const { resource, object } = item
    const path = client.path(resource, object.metadata.name, object.metadata.namespace)
    const current = client.request({ method: "GET", path: `${path}/scale` }).body as Dict | Status
    if (isFailure(current)) return { object: current, verb: "" }
    const was = Number(isDict((current as Dict)["spec"]) ? ((current as Dict)["spec"] as Dict)["replicas"] : 0)
    if (expected >= 0 && was !== expected) fail(`Expected replicas to be ${expected}, was ${was}`)
    const dryRun = dryRunMode(client) === "none" ? "" : "?dryRun=All"
    const scaled = await client.ask({
      method: "PATCH",
      path: `${path}/scale${dryRun}`,
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { replicas } },
    })
    return { object: isFailure(scaled) ? scaled : object, verb: "scaled" }
  })
}
