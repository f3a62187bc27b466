/** kubectl cordon, uncordon, taint. Models pkg/cmd/drain and pkg/cmd/taint. */
import type { Node } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { each, found, send } from "./edit.ts"
import { fail } from "./failure.ts"

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
