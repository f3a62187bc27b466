/** Flows as `hubble observe` prints them. Models hubble/pkg/printer. */
import { MONTHS } from "../../../calendar.ts"
import type { Flow } from "./flow.ts"
import { dropReason, MessageType, reservedName } from "./names.ts"

export type FlowFormat = "compact" | "dict" | "tab" | "json" | "jsonpb"

export interface PrintOptions {
  readonly format: FlowFormat
  readonly ipTranslation: boolean
  readonly nodeName: boolean
  readonly policyNames: boolean
  /** Turns an RFC 3339 time into the text of a line. */
  readonly time: (timestamp: string) => string
}

/** `Nov 22 20:31:07.118`, Go's StampMilli. */
export function stampMilli(timestamp: string): string {
  const [date = "", rest = ""] = timestamp.split("T")
  const [, month = "1", day = "1"] = date.split("-")
  return `${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${rest.slice(0, 8)}.${`${rest.slice(9).replace(/Z$/, "")}000`.slice(0, 3)}`
}

/** Prints one flow after another; a table is printed whole at the end. */
export class FlowPrinter {
  readonly #options: PrintOptions
  readonly #rows: string[][] = []
  #count = 0

  constructor(options: PrintOptions) {
    this.#options = options
  }

  /** The text of a flow; empty while a table is collected. */
  print(flow: Flow): string {
    const first = this.#count++ === 0
    const { format, nodeName, time } = this.#options
    if (format === "jsonpb" || format === "json") return `${goJson(format === "json" ? flow : wrapped(flow))}\n`
    const [source, destination] = this.#hosts(flow)
    const type = flowType(flow)
    const verdict = verdictText(flow)
    const summary = this.#summary(flow)
    if (format === "compact") return this.#compact(flow, source, destination)
    if (format === "dict")
      return `${first ? "" : "------------\n"}  TIMESTAMP: ${time(flow.time)}\n${nodeName ? `       NODE: ${flow.node_name}\n` : ""}     SOURCE: ${source}\nDESTINATION: ${destination}\n       TYPE: ${type}\n    VERDICT: ${verdict}\n    SUMMARY: ${summary}\n`
    const node = nodeName ? [flow.node_name] : []
    this.#rows.push([time(flow.time), ...node, source, destination, type, verdict, summary])
    return ""
  }

  /** What is left to print. */
  end(): string {
    if (this.#rows.length === 0) return ""
    const node = this.#options.nodeName ? ["NODE"] : []
    const rows = [["TIMESTAMP", ...node, "SOURCE", "DESTINATION", "TYPE", "VERDICT", "SUMMARY"], ...this.#rows]
    const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)))
    return rows
      .map(
        (row) =>
          `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] as number) + 3))).join("")}\n`,
      )
      .join("")
  }

  #compact(flow: Flow, source: string, destination: string): string {
    const node = this.#options.nodeName ? ` [${flow.node_name}]` : ""
    const from = `${source} ${identityText(flow.source?.identity)}`
    const to = `${destination} ${identityText(flow.destination?.identity)}`
    const arrow = flow.is_reply === undefined ? "<>" : flow.is_reply ? "<-" : "->"
    const [left, right] = flow.is_reply === true ? [to, from] : [from, to]
    return `${this.#options.time(flow.time)}${node}: ${left} ${arrow} ${right} ${flowType(flow)} ${verdictText(flow)} (${this.#summary(flow)})${this.#by(flow)}\n`
  }

  /** `--print-policy-names`. */
  #by(flow: Flow): string {
    if (!this.#options.policyNames) return ""
    const policies = [flow.egress_allowed_by, flow.ingress_allowed_by, flow.egress_denied_by, flow.ingress_denied_by]
    const names = policies
      .flatMap((list) => list ?? [])
      .map((policy) => `${policy.name}${policy.kind === undefined ? "" : ` (${policy.kind})`}`)
    return names.length === 0 ? "" : ` BY ${names.join(", ")}`
  }

  #summary(flow: Flow): string {
    return flow.Summary
  }

  #hosts(flow: Flow): [string, string] {
    const [from, to] = ports(flow)
    return [
      this.#host(flow.IP?.source ?? "", from, flow.source, flow.source_service, flow.source_names),
      this.#host(flow.IP?.destination ?? "", to, flow.destination, flow.destination_service, flow.destination_names),
    ]
  }

  #host(
    ip: string,
    port: number,
    endpoint: Flow["source"],
    service: Flow["source_service"],
    names: readonly string[] | undefined,
  ): string {
    const host = this.#options.ipTranslation ? (named(endpoint, service, names) ?? ip) : ip
    return port === 0 ? host : `${host}:${port}`
  }
}

function named(
  endpoint: Flow["source"],
  service: Flow["source_service"],
  names: readonly string[] | undefined,
): string | undefined {
  if (endpoint?.pod_name !== undefined) return `${service?.namespace ?? endpoint.namespace ?? ""}/${endpoint.pod_name}`
  if (service !== undefined) return `${service.namespace}/${service.name}`
  return names === undefined ? undefined : names.join(",")
}

function ports(flow: Flow): [number, number] {
  const l4 = flow.l4?.TCP ?? flow.l4?.UDP ?? flow.l4?.SCTP
  return l4 === undefined ? [0, 0] : [l4.source_port, l4.destination_port]
}

/** `(ID:38211)`, `(world)`. */
export function identityText(identity = 0): string {
  const name = reservedName(identity)
  return name === undefined ? `(ID:${identity})` : `(${name})`
}

const MATCH_NAMES = ["none", "L3-Only", "L3-L4", "L4-Only", "all", "L3-Proto", "Proto-Only"] as const

export function flowType(flow: Flow): string {
  if (flow.l7 !== undefined) {
    const type = flow.l7.type.toLowerCase()
    return flow.l7.dns === undefined ? `http-${type}` : `dns-${type} ${flow.l7.dns.observation_source}`
  }
  const { type, sub_type = 0 } = flow.event_type
  if (type === MessageType.DROP) return dropReason(sub_type)
  if (type === MessageType.POLICY_VERDICT)
    return `policy-verdict:${MATCH_NAMES[flow.policy_match_type ?? 0]} ${flow.traffic_direction ?? "TRAFFIC_DIRECTION_UNKNOWN"}`
  return (flow.trace_observation_point ?? "").toLowerCase().replace("_", "-")
}

export function verdictText(flow: Flow): string {
  if (flow.event_type.type !== MessageType.POLICY_VERDICT) return flow.verdict
  if (flow.verdict === "FORWARDED" || flow.verdict === "REDIRECTED") return "ALLOWED"
  if (flow.verdict === "DROPPED" || flow.verdict === "ERROR") return "DENIED"
  return flow.verdict === "AUDIT" ? "AUDITED" : flow.verdict
}

const wrapped = (flow: Flow): object => ({ flow, node_name: flow.node_name, time: flow.time })

/** encoding/json escapes what HTML would read. */
function goJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}
