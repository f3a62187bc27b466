/** kubectl patch, scale, cordon, uncordon, taint, rollout: small changes to objects that are there. */
import { type Dict, equal, isDict } from "../../kube/api/json.ts"
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import { timestamp } from "../../kube/api/time.ts"
import type { ApiObject, Node } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { type Failure, fail, Stop, statusFailure } from "./failure.ts"
import { parseManifests } from "./manifest.ts"
import { dryRunMode, printDone } from "./print.ts"
import { type Found, fetchTargets, readTargets } from "./targets.ts"

const MEDIA: Readonly<Record<string, string>> = {
  strategic: "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
}

/** What the words name; ends the command when something is missing. */
async function found(client: Client, words: readonly string[]): Promise<Found[]> {
  const result = fetchTargets(client, await readTargets(client, words, { needsName: true }))
  if (result.failures.length > 0) throw new Stop(...result.failures)
  return result.found
}

async function send(
  client: Client,
  { resource, object }: Found,
  type: string,
  body: unknown,
  manager: string,
): Promise<ApiObject | Status> {
  const dryRun = dryRunMode(client) === "none" ? {} : { dryRun: "All" }
  return (await client.ask({
    method: "PATCH",
    path: client.path(resource, object.metadata.name, object.metadata.namespace, { fieldManager: manager, ...dryRun }),
    headers: { "content-type": MEDIA[type] as string },
    body,
  })) as ApiObject | Status
}

/** Sends one patch to each and says what came of it. */
async function each(
  client: Client,
  items: readonly Found[],
  change: (item: Found) => Promise<{ object: ApiObject | Status; verb: string }>,
): Promise<number> {
  const failures: Failure[] = []
  for (const item of items) {
    const { object, verb } = await change(item)
    if (isFailure(object)) failures.push(statusFailure(object))
    else await printDone(client, item.resource, object as ApiObject, verb)
  }
  if (failures.length > 0) throw new Stop(...failures)
  return 0
}

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

async function setUnschedulable(client: Client, wanted: boolean): Promise<number> {
  const { flags } = client
  const verb = wanted ? "cordon" : "uncordon"
  if (flags.words.length === 0 && flags.value("selector") === undefined)
    fail(`USAGE: ${verb} NODE [flags]\nSee 'kubectl ${verb} -h' for help and examples`)
  return each(client, await found(client, ["node", ...flags.words]), async (item) => {
    if (((item.object as Node).spec.unschedulable ?? false) === wanted)
      return { object: item.object, verb: `already ${verb}ed` }
    const object = await send(
      client,
      item,
      "strategic",
      { spec: { unschedulable: wanted ? true : null } },
      `kubectl-${verb}`,
    )
    return { object, verb: `${verb}ed` }
  })
}

export const cordon = (client: Client): Promise<number> => setUnschedulable(client, true)
export const uncordon = (client: Client): Promise<number> => setUnschedulable(client, false)

interface Taint {
  key: string
  value?: string
  effect: string
}

function parseTaint(text: string): { remove: boolean; taint: Taint } {
  const remove = text.endsWith("-")
  const match = /^([^=:]+)(?:=([^:]*))?(?::(.*))?$/.exec(remove ? text.slice(0, -1) : text)
  const [, key = "", value, effect = ""] = match ?? []
  if (match === null || (!remove && effect === "")) return fail(`invalid taint spec: ${text}`)
  if (effect !== "" && !["NoSchedule", "PreferNoSchedule", "NoExecute"].includes(effect))
    fail(`invalid taint effect: ${effect}, unsupported taint effect`)
  return { remove, taint: { key, ...(value === undefined || value === "" ? {} : { value }), effect } }
}

export async function taint(client: Client): Promise<number> {
  const { flags } = client
  const [kind = "", ...rest] = flags.words
  if (client.resource(kind).kind !== "Node") fail(`invalid resource type ${kind}, only node types are supported`)
  const specs = rest.filter((word) => /[:=]|-$/.test(word))
  if (specs.length === 0) fail("at least one taint update is required")
  const names = rest.filter((word) => !specs.includes(word))
  const edits = specs.map(parseTaint)
  return each(client, await found(client, [kind, ...names]), async (item) => {
    const old = ((item.object as Node).spec.taints ?? []) as Taint[]
    const same = (a: Taint, b: Taint): boolean => a.key === b.key && (b.effect === "" || a.effect === b.effect)
    let taints = [...old]
    for (const { remove, taint: spec } of edits) {
      const known = taints.some((other) => same(other, spec))
      if (remove && !known)
        fail(`taint ${JSON.stringify(spec.effect === "" ? spec.key : `${spec.key}:${spec.effect}`)} not found`)
      if (!remove && known && !flags.has("overwrite"))
        fail(
          `node ${item.object.metadata.name} already has ${spec.key} taint(s) with same effect(s) and --overwrite is false`,
        )
      taints = taints.filter((other) => !same(other, spec))
      if (!remove) taints.push(spec)
    }
    const object = await send(
      client,
      item,
      "merge",
      { spec: { taints: taints.length === 0 ? null : taints } },
      "kubectl-taint",
    )
    const [removed, added] = [edits.some((e) => e.remove), edits.some((e) => !e.remove)]
    return { object, verb: removed && added ? "modified" : removed ? "untainted" : "tainted" }
  })
}

export async function rolloutRestart(client: Client): Promise<number> {
  return each(client, await found(client, client.flags.words), async (item) => {
    const { kind } = item.resource
    if (kind !== "Deployment" && kind !== "DaemonSet")
      fail(`${item.resource.plural} ${JSON.stringify(item.object.metadata.name)} restarting is not supported`)
    const restartedAt = timestamp(client.proc.kernel.sim)
    const metadata = { annotations: { "kubectl.kubernetes.io/restartedAt": restartedAt } }
    const object = await send(client, item, "strategic", { spec: { template: { metadata } } }, "kubectl-rollout")
    return { object, verb: "restarted" }
  })
}

export async function rolloutStatus(client: Client): Promise<number> {
  for (const { resource, object } of await found(client, client.flags.words)) {
    let said = ""
    for (;;) {
      const { text, done } = progress(resource, client.get(resource, object.metadata.name, object.metadata.namespace))
      if (text !== said) await client.proc.out(`${text}\n`)
      said = text
      if (done || (client.flags.value("watch") !== undefined && !client.flags.has("watch"))) break
      await client.proc.sleep(20e6)
    }
  }
  return 0
}

/** Models polymorphichelpers/rollout_status.go. */
function progress(resource: Resource, object: ApiObject): { text: string; done: boolean } {
  const spec = object["spec"] as Record<string, number>
  const status = object["status"] as Record<string, number>
  const name = JSON.stringify(object.metadata.name)
  const number = (key: string): number => status[key] ?? 0
  const waiting = (text: string): { text: string; done: boolean } => ({ text, done: false })
  const observed = number("observedGeneration") >= (object.metadata.generation ?? 0)
  if (resource.kind === "Deployment") {
    if (!observed) return waiting("Waiting for deployment spec update to be observed...")
    const head = `Waiting for deployment ${name} rollout to finish: `
    const replicas = spec["replicas"] ?? 1
    const [updated, all, available] = [number("updatedReplicas"), number("replicas"), number("availableReplicas")]
    if (updated < replicas) return waiting(`${head}${updated} out of ${replicas} new replicas have been updated...`)
    if (all > updated) return waiting(`${head}${all - updated} old replicas are pending termination...`)
    if (available < updated) return waiting(`${head}${available} of ${updated} updated replicas are available...`)
    return { text: `deployment ${name} successfully rolled out`, done: true }
  }
  if (resource.kind !== "DaemonSet") return fail(`no status viewer has been implemented for ${resource.kind}`)
  if (!observed) return waiting("Waiting for daemon set spec update to be observed...")
  const head = `Waiting for daemon set ${name} rollout to finish: `
  const [updated, desired, available] = [
    number("updatedNumberScheduled"),
    number("desiredNumberScheduled"),
    number("numberAvailable"),
  ]
  if (updated < desired) return waiting(`${head}${updated} out of ${desired} new pods have been updated...`)
  if (available < desired) return waiting(`${head}${available} of ${desired} updated pods are available...`)
  return { text: `daemon set ${name} successfully rolled out`, done: true }
}
