/** `cilium-dbg identity list` and `get`. Models cilium-dbg/cmd/identity_*.go. */
import type { Process } from "../../../linux/task/process.ts"
import type { LabelSet } from "../../../policy/labels.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import type { Agent } from "../agent/agent.ts"
import { RESERVED_IDENTITIES } from "../agent/identity.ts"
import { agentFor, DbgError, printData, table } from "./output.ts"

interface Identity {
  readonly id: number
  readonly labels: readonly string[]
}

/** Ascending: the reserved ones, the cluster's, those of this node alone. */
function identitiesOf(agent: Agent): Identity[] {
  const local = [...agent.localIdentities.list, ...(agent.nodeIdentities?.list ?? [])].map(({ id }) => id)
  const ids = new Set([...RESERVED_IDENTITIES.keys(), ...agent.clusterIdentities.keys(), ...local])
  return [...ids].sort((a, b) => a - b).map((id) => ({ id, labels: labelsOf(agent.labelsOf(id)) }))
}

const labelsOf = (set: LabelSet | undefined): readonly string[] => set?.labels ?? []

async function print(proc: Process, flags: Flags, identities: readonly Identity[]): Promise<number> {
  if (await printData(proc, flags, identities)) return 0
  const rows = identities.flatMap(({ id, labels }) => labels.map((label, i) => [i === 0 ? String(id) : "", label]))
  await proc.out(table([["ID", "LABELS"], ...rows], 2))
  return 0
}

export async function identityList(proc: Process, flags: Flags, words: readonly string[]): Promise<number> {
  const agent = agentFor(proc, "/identity", "Cannot get identities. err: ")
  if (flags.has("endpoints")) return listOfEndpoints(proc, flags, agent)
  const all = identitiesOf(agent)
  if (words.length === 0) return print(proc, flags, all)
  return print(proc, flags, [
    withLabels(all, words, `Cannot get identities for given labels [${words.join(" ")}]. err: `),
  ])
}

/** The identity of exactly these labels. */
function withLabels(all: readonly Identity[], wanted: readonly string[], complaint: string): Identity {
  const text = wanted.toSorted().join(",")
  const found = all.find(({ labels }) => labels.toSorted().join(",") === text)
  if (found === undefined) throw new DbgError(`${complaint}[GET /identity][404] getIdentityNotFound\n`)
  return found
}

async function listOfEndpoints(proc: Process, flags: Flags, agent: Agent): Promise<number> {
  const counts = new Map<number, number>()
  for (const { identity } of agent.endpoints.list) counts.set(identity, (counts.get(identity) ?? 0) + 1)
  const used = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([id, refCount]) => ({ identity: { id, labels: labelsOf(agent.labelsOf(id)) }, refCount }))
  if (await printData(proc, flags, used)) return 0
  const rows = used.flatMap(({ identity, refCount }) =>
    identity.labels.map((label, i) => (i === 0 ? [String(identity.id), label, String(refCount), ""] : ["", label, ""])),
  )
  await proc.out(table([["ID", "LABELS", "REFCOUNT"], ...rows]))
  return 0
}

export async function identityGet(proc: Process, flags: Flags, words: readonly string[]): Promise<number> {
  const labels = flags.list("label")
  const [id = ""] = words
  if (labels.length === 0 && id === "") throw new FlagError("Invalid identity ID")
  const agent = agentFor(proc, `/identity/${id}`, `Cannot get identity for given ID ${id}: `)
  const all = identitiesOf(agent)
  if (labels.length > 0)
    return print(proc, flags, [withLabels(all, labels, `Cannot get identity for labels [${labels.join(" ")}]: `)])
  const found = all.find((identity) => String(identity.id) === id)
  if (found === undefined)
    throw new DbgError(`Cannot get identity for given ID ${id}: [GET /identity/{id}][404] getIdentityIdNotFound\n`)
  return print(proc, flags, [found])
}
