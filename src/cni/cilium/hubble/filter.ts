/**
 * The filters of `hubble observe`. A flag for both ends (`--pod`) makes two filters, one for each end; a flow passes when one of them
 * holds whole. Models hubble/cmd/observe/flows_filter.go and pkg/hubble/filters.
 */
import { ipv4 } from "../../../wire/address.ts"
import type { Flow, FlowEndpoint } from "./flow.ts"
import { MessageType, reservedName } from "./names.ts"
import { flowType } from "./print.ts"

type Test = (flow: Flow) => boolean
type End = "source" | "destination"

/** What cannot be a filter. */
export class FilterError extends Error {}

/** One filter: for each field one of its tests must hold. */
class Conjunction {
  readonly #fields = new Map<string, Test[]>()

  add(field: string, test: Test): void {
    this.#fields.set(field, [...(this.#fields.get(field) ?? []), test])
  }

  get empty(): boolean {
    return this.#fields.size === 0
  }

  holds(flow: Flow): boolean {
    for (const tests of this.#fields.values()) if (!tests.some((test) => test(flow))) return false
    return true
  }
}

class Side {
  readonly left: Conjunction = new Conjunction()
  readonly right: Conjunction = new Conjunction()
  /** A flag for both ends was given: the two filters differ. */
  split = false

  add(field: string, left: Test, right: Test | undefined): void {
    this.left.add(field, left)
    this.right.add(field, right ?? left)
    if (right !== undefined) this.split = true
  }

  get empty(): boolean {
    return this.left.empty
  }

  holds(flow: Flow): boolean {
    return this.left.holds(flow) || (this.split && this.right.holds(flow))
  }
}

/** Collects filters in the order of the command line. */
export class FlowFilters {
  readonly #allow = new Side()
  readonly #deny = new Side()

  /** `name` as of the flag: `from-pod`, `verdict`. Throws {@link FilterError}. */
  add(name: string, value: string, not: boolean): void {
    const side = not ? this.#deny : this.#allow
    const made = testsOf(name, value)
    side.add(made.field, made.left, made.right)
  }

  pass(flow: Flow): boolean {
    return (this.#allow.empty || this.#allow.holds(flow)) && (this.#deny.empty || !this.#deny.holds(flow))
  }
}

interface Made {
  readonly field: string
  readonly left: Test
  readonly right?: Test
}

/** Flags that look at one end, by what follows `from-`, `to-` or nothing. */
const END_TESTS: Readonly<Record<string, (value: string) => (flow: Flow, end: End) => boolean>> = {
  pod: (value) => (flow, end) => matchName(flow[end]?.namespace, flow[end]?.pod_name, value, true),
  namespace: (value) => (flow, end) => flow[end]?.namespace === value,
  "all-namespaces": () => () => true,
  ip: (value) => {
    const within = range(value)
    return (flow, end) => within(flow.IP?.[end] ?? "")
  },
  port: (value) => {
    const port = portOf(value)
    return (flow, end) => portAt(flow, end) === port
  },
  identity: (value) => {
    const number = identityOf(value)
    return (flow, end) => flow[end]?.identity === number
  },
  label: (value) => {
    const test = labelTest(value)
    return (flow, end) => test(flow[end])
  },
  service: (value) => (flow, end) => {
    const service = end === "source" ? flow.source_service : flow.destination_service
    return service !== undefined && matchName(service.namespace, service.name, value, true)
  },
  fqdn: (value) => {
    const pattern = wildcard(value)
    return (flow, end) =>
      ((end === "source" ? flow.source_names : flow.destination_names) ?? []).some((name) => pattern.test(name))
  },
  workload: (value) => {
    const [kind, name] = value.includes("/") ? (value.split("/") as [string, string]) : [undefined, value]
    return (flow, end) =>
      (flow[end]?.workloads ?? []).some(
        (workload) =>
          workload.name === name && (kind === undefined || workload.kind.toLowerCase() === kind.toLowerCase()),
      )
  },
  cluster: (value) => {
    const pattern = wildcard(value)
    return (flow, end) => pattern.test(flow[end]?.cluster_name ?? "")
  },
}

const FLOW_TESTS: Readonly<Record<string, (value: string) => Test>> = {
  verdict: (value) => {
    const wanted = value.toUpperCase()
    if (!VERDICTS.includes(wanted))
      throw new FilterError(`invalid --verdict value ${JSON.stringify(value)}: expected one of ${VERDICTS.join(", ")}`)
    return (flow) => flow.verdict === wanted
  },
  "drop-reason-desc": (value) => (flow) => flow.drop_reason_desc === value.toUpperCase(),
  protocol: protocolTest,
  type: typeTest,
  "tcp-flags": (value) => {
    const names = value.toUpperCase().split(",")
    return (flow) => names.every((name) => (flow.l4?.TCP?.flags as Record<string, true> | undefined)?.[name] === true)
  },
  "http-status": (value) => {
    if (!/^[1-5](\+|\d\+|\d\d)$/.test(value))
      throw new FilterError(`invalid http status code prefix: ${JSON.stringify(value)}`)
    const prefix = value.replace("+", "")
    return (flow) => flow.l7?.http?.code !== undefined && String(flow.l7.http.code).startsWith(prefix)
  },
  "http-method": (value) => (flow) => flow.l7?.http?.method.toLowerCase() === value.toLowerCase(),
  "http-path": (value) => {
    const pattern = regex("http-path", value)
    return (flow) => flow.l7?.http !== undefined && pattern.test(pathOf(flow.l7.http.url))
  },
  "http-url": (value) => {
    const pattern = regex("http-url", value)
    return (flow) => flow.l7?.http !== undefined && pattern.test(flow.l7.http.url)
  },
  "http-header": (value) => {
    const [key = "", text = ""] = value.split(/:(.*)/s)
    return (flow) =>
      (flow.l7?.http?.headers ?? []).some(
        (header) => header.key.toLowerCase() === key.toLowerCase() && header.value === text,
      )
  },
  "node-name": (value) => {
    const pattern = wildcard(value)
    return (flow) => pattern.test(flow.node_name)
  },
  "traffic-direction": (value) => (flow) => (flow.traffic_direction ?? "").toLowerCase() === value.toLowerCase(),
  uuid: (value) => (flow) => flow.uuid === value,
}

const VERDICTS = ["FORWARDED", "DROPPED", "AUDIT", "REDIRECTED", "ERROR", "TRACED", "TRANSLATED"]

/** The names of all filter flags. */
export const FILTER_FLAGS: readonly string[] = [
  ...Object.keys(END_TESTS).flatMap((name) => [name, `from-${name}`, `to-${name}`]),
  ...Object.keys(FLOW_TESTS),
]

function testsOf(name: string, value: string): Made {
  const whole = FLOW_TESTS[name]
  if (whole !== undefined) return { field: name, left: whole(value) }
  const from = name.startsWith("from-")
  const bare = name.replace(/^(from|to)-/, "")
  const make = END_TESTS[bare]
  if (make === undefined) throw new FilterError(`unknown flag: --${name}`)
  const test = make(value)
  const source: Test = (flow) => test(flow, "source")
  const destination: Test = (flow) => test(flow, "destination")
  if (bare === name) return { field: bare, left: source, right: destination }
  return { field: `${from ? "source" : "destination"} ${bare}`, left: from ? source : destination }
}

/** `ns/prefix`, `prefix` (namespace default), `ns/`. */
function matchName(namespace: string | undefined, name: string | undefined, wanted: string, prefix: boolean): boolean {
  const slash = wanted.indexOf("/")
  const [space, text] = slash < 0 ? ["default", wanted] : [wanted.slice(0, slash), wanted.slice(slash + 1)]
  if (name === undefined || namespace !== space) return false
  return prefix ? name.startsWith(text) : name === text
}

function range(text: string): (ip: string) => boolean {
  const [address = "", length] = text.split("/")
  const parts = /^\d+\.\d+\.\d+\.\d+$/.test(address)
  const bits = length === undefined ? 32 : Number(length)
  if (!parts || !(bits >= 0 && bits <= 32))
    throw new FilterError(`invalid IP address in filter: ${JSON.stringify(text)}`)
  const mask = bits === 0 ? 0 : -1 << (32 - bits)
  const wanted = ipv4(address) & mask
  return (ip) => ip !== "" && (ipv4(ip) & mask) === wanted
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new FilterError(`invalid port: ${JSON.stringify(text)}`)
  return port
}

function portAt(flow: Flow, end: End): number | undefined {
  const l4 = flow.l4?.TCP ?? flow.l4?.UDP ?? flow.l4?.SCTP
  return end === "source" ? l4?.source_port : l4?.destination_port
}

function identityOf(text: string): number {
  for (let id = 0; id <= 10; id++) if (reservedName(id) === text) return id
  if (!/^\d+$/.test(text))
    throw new FilterError(
      `invalid security identity, expected one of [host world unmanaged health init remote-node kube-apiserver ingress] or a numeric value`,
    )
  return Number(text)
}

/** `app=web`, `app!=web`, `app`, `!app`, comma-joined; a key without a source matches any. */
function labelTest(text: string): (endpoint: FlowEndpoint | undefined) => boolean {
  const terms = text.split(",").map((term) => {
    const match = /^\s*(!?)([^=!\s]+)\s*(?:(=|==|!=)\s*(.*?))?\s*$/.exec(term)
    if (match === null) throw new FilterError(`invalid label selector: ${JSON.stringify(text)}`)
    return { absent: match[1] === "!", key: match[2] as string, operator: match[3], value: match[4] ?? "" }
  })
  return (endpoint) => {
    const labels = endpoint?.labels ?? []
    return terms.every(({ absent, key, operator, value }) => {
      const found = labels.find((label) => {
        const name = label.split("=")[0] as string
        return name === key || name.slice(name.indexOf(":") + 1) === key
      })
      if (operator === undefined) return absent ? found === undefined : found !== undefined
      const actual = found === undefined ? undefined : found.includes("=") ? found.slice(found.indexOf("=") + 1) : ""
      return operator === "!=" ? actual !== value : actual === value
    })
  }
}

const wildcard = (text: string): RegExp =>
  new RegExp(
    `^${text
      .toLowerCase()
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replace(/\*/g, "[-.0-9a-z]*")}\\.?$`,
    "i",
  )

function regex(flag: string, text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    throw new FilterError(`invalid regular expression for --${flag}: ${JSON.stringify(text)}`)
  }
}

const pathOf = (url: string): string => url.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/[?#].*$/s, "")

function protocolTest(value: string): Test {
  switch (value.toLowerCase()) {
    case "tcp":
      return (flow) => flow.l4?.TCP !== undefined
    case "udp":
      return (flow) => flow.l4?.UDP !== undefined
    case "sctp":
      return (flow) => flow.l4?.SCTP !== undefined
    case "icmp":
    case "icmpv4":
      return (flow) => flow.l4?.ICMPv4 !== undefined
    case "icmpv6":
      return () => false
    case "http":
      return (flow) => flow.l7?.http !== undefined
    case "dns":
      return (flow) => flow.l7?.dns !== undefined
    case "kafka":
      return () => false
    default:
      throw new FilterError(`unrecognized protocol: ${JSON.stringify(value)}`)
  }
}

const TYPES: Readonly<Record<string, number>> = {
  drop: MessageType.DROP,
  trace: MessageType.TRACE,
  l7: MessageType.ACCESS_LOG,
  "policy-verdict": MessageType.POLICY_VERDICT,
}

function typeTest(value: string): Test {
  const [type = "", sub] = value.split(":")
  const number = TYPES[type]
  if (number === undefined)
    throw new FilterError(
      `unable to parse type ${JSON.stringify(value)}: expected one of ${Object.keys(TYPES).join(", ")}`,
    )
  return (flow) => flow.event_type.type === number && (sub === undefined || flowType(flow) === sub)
}
