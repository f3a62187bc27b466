/** `cilium-dbg endpoint list` and `get`. Models cilium-dbg/cmd/endpoint_*.go. */
import type { Process } from "../../../linux/task/process.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import type { Agent } from "../agent/agent.ts"
import { attachmentOf, type Endpoint } from "../agent/endpoint.ts"
import { endpointJson } from "../agent/status.ts"
import { agentFor, DbgError, printData, table } from "./output.ts"

const HEADERS = [
  "ENDPOINT",
  "POLICY (ingress)",
  "POLICY (egress)",
  "IDENTITY",
  "LABELS (source:key[=value])",
  "IPv6",
  "IPv4",
  "STATUS",
  "",
]

export async function endpointList(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/endpoint", "cannot get endpoint list: ")
  const endpoints = sorted(agent)
  if (
    await printData(
      proc,
      flags,
      endpoints.map((endpoint) => endpointJson(agent, endpoint)),
    )
  )
    return 0
  const rows: string[][] = flags.has("no-headers")
    ? []
    : [[...HEADERS], ["", "ENFORCEMENT", "ENFORCEMENT", "", "", "", "", ""]]
  for (const endpoint of endpoints) rows.push(...rowsOf(agent, endpoint))
  await proc.out(table(rows))
  return 0
}

const sorted = (agent: Agent): Endpoint[] => agent.endpoints.list.toSorted((a, b) => a.id - b.id)

function rowsOf(agent: Agent, endpoint: Endpoint): string[][] {
  const [first = "no labels", ...rest] = endpoint.labels.labels
  const address = endpoint.address === 0 ? "" : formatIpv4(endpoint.address)
  const own = [
    String(endpoint.id),
    enforcement(agent, endpoint, "ingress"),
    enforcement(agent, endpoint, "egress"),
    String(endpoint.identity),
    first,
    "",
    address,
    endpoint.state,
    "",
  ]
  return [own, ...rest.map((label) => ["", "", "", "", label, "", "", "", ""])]
}

function enforcement(agent: Agent, { policy }: Endpoint, direction: "ingress" | "egress"): string {
  if (policy?.enforced[direction] !== true) return "Disabled"
  return agent.options.policyAudit ? "Disabled (Audit)" : "Enabled"
}

export async function endpointGet(proc: Process, flags: Flags, words: readonly string[]): Promise<number> {
  const labels = flags.list("labels")
  const [id] = words
  if (labels.length > 0 && id !== undefined)
    throw new FlagError("Cannot provide both endpoint ID and labels arguments concurrently")
  if (labels.length === 0 && id === undefined) throw new FlagError("Missing endpoint id argument")
  const agent = agentFor(proc, `/endpoint/${id ?? ""}`, `Cannot get endpoint ${id ?? labels.join(",")}: `)
  const found = id === undefined ? withLabels(agent, labels) : [findEndpoint(agent, id)]
  const data = found.map((endpoint) => endpointJson(agent, endpoint))
  if (!(await printData(proc, flags, data))) await proc.out(`${JSON.stringify(data, undefined, 2)}\n`)
  return 0
}

function withLabels(agent: Agent, labels: readonly string[]): Endpoint[] {
  const found = sorted(agent).filter((endpoint) => labels.every((label) => endpoint.labels.labels.includes(label)))
  if (found.length === 0)
    throw new DbgError(
      `Cannot get endpoints for given list of labels [${labels.join(" ")}]: [GET /endpoint][404] getEndpointNotFound\n`,
    )
  return found
}

/** By number, or by a name with its kind: `pod-name:default:web`. Models pkg/endpoint/id. */
export function findEndpoint(agent: Agent, id: string): Endpoint {
  const colon = id.indexOf(":")
  const kind = colon < 0 ? "cilium-local" : id.slice(0, colon)
  const rest = id.slice(colon + 1)
  const test = TESTS[kind]
  if (test === undefined || (kind === "cilium-local" && !/^\d+$/.test(rest)))
    throw new DbgError(
      `Cannot parse endpoint id "${id}": ${
        test === undefined
          ? `unknown endpoint prefix "${kind}"`
          : `invalid numeric endpoint id: strconv.ParseInt: parsing "${rest}": invalid syntax`
      }`,
    )
  const found = agent.endpoints.list.find((endpoint) => test(endpoint, rest))
  if (found === undefined)
    throw new DbgError(`Cannot get endpoint ${id}: [GET /endpoint/{id}][404] getEndpointIdNotFound\n`)
  return found
}

const TESTS: Readonly<Record<string, (endpoint: Endpoint, text: string) => boolean>> = {
  "cilium-local": ({ id }, text) => id === Number(text),
  "container-id": ({ containerId }, text) => containerId === text,
  "cni-attachment-id": (endpoint, text) => attachmentOf(endpoint.containerId, endpoint.containerInterface) === text,
  ipv4: ({ address }, text) => formatIpv4(address) === text,
  "pod-name": ({ pod }, text) => pod !== undefined && `${pod.namespace}:${pod.name}` === text,
  "cep-name": ({ pod }, text) => pod !== undefined && `${pod.namespace}/${pod.name}` === text,
}
