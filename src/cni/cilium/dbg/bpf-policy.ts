/** `cilium-dbg bpf policy get`. Models cilium-dbg/cmd/bpf_policy_get.go and pkg/maps/policymap. */
import type { Process } from "../../../linux/task/process.ts"
import type { PolicyEntry } from "../../../policy/api.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import type { Agent } from "../agent/agent.ts"
import type { Endpoint } from "../agent/endpoint.ts"
import { agentFor, DbgError, printData, table } from "./output.ts"
import { protocolName } from "./u8proto.ts"

const FULL_PREFIX = 24
const PROTOCOL_PREFIX = 8

export async function bpfPolicyGet(proc: Process, flags: Flags, words: readonly string[]): Promise<number> {
  const all = flags.has("all")
  const [id] = words
  if (!all && id === undefined) throw new FlagError("Missing endpoint id argument")
  const agent = agentFor(proc, "/endpoint", "Was impossible to retrieve label ID: ")
  if (!all) {
    const endpoint = endpointOf(agent, id as string)
    const entries = entriesOf(endpoint)
    if (await printData(proc, flags, entries.map(entryJson))) return 0
    await proc.out(policyTable(agent, entries, flags.has("numeric")))
    return 0
  }
  const maps = agent.endpoints.list.toSorted((a, b) => a.id - b.id)
  const data = maps.map((endpoint) => ({
    EndpointID: String(endpoint.id),
    Path: pathOf(endpoint.id),
    Content: entriesOf(endpoint).map(entryJson),
  }))
  if (await printData(proc, flags, data)) return 0
  for (const endpoint of maps) {
    const text = policyTable(agent, entriesOf(endpoint), flags.has("numeric"))
    await proc.out(`Endpoint ID: ${endpoint.id}\nPath: ${pathOf(endpoint.id)}\n\n${text}\n\n`)
  }
  return 0
}

const pathOf = (id: number): string => `/sys/fs/bpf/tc/globals/cilium_policy_v2_${String(id).padStart(5, "0")}`

function endpointOf(agent: Agent, text: string): Endpoint {
  if (!/^\d+$/.test(text) || Number(text) > 0xffff) throw new DbgError(`Failed to parse endpointID "${text}"`)
  const endpoint = agent.endpoints.byId(Number(text))
  if (endpoint === undefined)
    throw new DbgError(`Failed to open map: ${pathOf(Number(text))}: no such file or directory\n`)
  return endpoint
}

/** Denials first, then ingress before egress, then by identity. Models PolicyEntriesDump.Less. */
const entriesOf = ({ policy }: Endpoint): PolicyEntry[] =>
  [...(policy?.map ?? [])].sort(
    (a, b) =>
      Number(b.deny) - Number(a.deny) ||
      Number(a.direction === "egress") - Number(b.direction === "egress") ||
      a.identity - b.identity ||
      b.prefixLength - a.prefixLength ||
      a.protocol - b.protocol ||
      a.port - b.port,
  )

/** `ANY`, `TCP`, `80/TCP`, `8080-8087/TCP`. */
export function portProto({ prefixLength, protocol, port }: PolicyEntry): string {
  if (prefixLength === 0) return "ANY"
  const name = protocolName(protocol)
  if (prefixLength <= PROTOCOL_PREFIX) return name
  const last = port + 2 ** (FULL_PREFIX - prefixLength) - 1
  return `${last === port ? port : `${port}-${last}`}/${name}`
}

const directionName = ({ direction }: PolicyEntry): string => (direction === "ingress" ? "Ingress" : "Egress")

function policyTable(agent: Agent, entries: readonly PolicyEntry[], numeric: boolean): string {
  const who = numeric ? "IDENTITY" : "LABELS (source:key[=value])"
  const rows: string[][] = [
    ["POLICY", "DIRECTION", who, "PORT/PROTO", "PROXY PORT", "AUTH TYPE", "BYTES", "PACKETS", "PREFIX", ""],
  ]
  for (const entry of entries) {
    const [first = String(entry.identity), ...rest] = numeric ? [] : labelsOf(agent, entry.identity)
    rows.push([
      entry.deny ? "Deny" : "Allow",
      directionName(entry),
      first,
      portProto(entry),
      entry.proxyPort === 0 ? "NONE" : String(entry.proxyPort),
      entry.auth,
      String(entry.bytes),
      String(entry.packets),
      String(entry.prefixLength),
      "",
    ])
    for (const label of rest) rows.push(["", "", label, "", "", "", "", "", "", ""])
  }
  const empty = entries.length === 0 ? "Policy stats empty. Perhaps the policy enforcement is disabled?\n" : ""
  return table(rows) + empty
}

const labelsOf = (agent: Agent, identity: number): readonly string[] =>
  identity === 0 ? ["ANY"] : (agent.labelsOf(identity)?.labels ?? [])

const entryJson = (entry: PolicyEntry): object => ({
  Key: {
    Identity: entry.identity,
    TrafficDirection: directionName(entry),
    Nexthdr: entry.protocol,
    DestPort: entry.port,
    Prefixlen: entry.prefixLength,
  },
  Deny: entry.deny,
  ProxyPort: entry.proxyPort,
  AuthRequirement: entry.auth,
  Packets: entry.packets,
  Bytes: entry.bytes,
})
