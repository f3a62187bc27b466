/** Questions to a cluster's policies. */
import type { ApiServer } from "../../kube/api/server.ts"
import { IPPROTO } from "../../policy/rule.ts"
import type { MatrixCell } from "../../view/matrix.ts"
import { PolicyAnswer } from "./answer.ts"
import { explain } from "./explain.ts"
import { Reachability } from "./reachability.ts"
import { type HttpQuestion, type PolicySettings, PolicyView } from "./world.ts"

/** What is asked about a pair. */
export interface LookupOptions {
  /** Destination port; for ICMP the type (8, an echo request). */
  readonly port?: number
  /** `tcp`, `udp`, `sctp` or `icmp` ("tcp"). */
  readonly protocol?: "tcp" | "udp" | "sctp" | "icmp"
  /** A request over the connection, judged by L7 rules. */
  readonly http?: HttpQuestion
}

/** What {@link reachability} is asked for. */
export interface ReachabilityOptions {
  readonly port: number
  /** ("tcp") */
  readonly protocol?: LookupOptions["protocol"]
  /** Only pods of this namespace (all). */
  readonly namespace?: string
}

const ECHO_REQUEST = 8
const number = { tcp: IPPROTO.TCP, udp: IPPROTO.UDP, icmp: IPPROTO.ICMP, sctp: IPPROTO.SCTP } as const

export interface Asked extends PolicySettings {
  /** Whether the cluster's network plugin enforces what policies say. */
  readonly enforced: boolean
}

export function lookup(
  server: ApiServer,
  settings: Asked,
  from: string,
  to: string,
  options: LookupOptions,
): PolicyAnswer {
  const { protocol = "tcp", http } = options
  if (!Object.hasOwn(number, protocol))
    throw new TypeError(`protocol ${JSON.stringify(protocol)}: there are ${Object.keys(number).join(", ")}`)
  const written = /^(.*):(\d+)$/.exec(to)
  const name = written?.[1] ?? to
  const port =
    options.port ??
    (written === null ? undefined : Number(written[2])) ??
    (protocol === "icmp" ? ECHO_REQUEST : undefined)
  if (port === undefined) throw new TypeError(`which port of ${to}? Say "${to}:80", or { port: 80 }`)
  const view = new PolicyView(server, settings)
  const verdict = view.lookup(from, name, { protocol: number[protocol], port }, http)
  const request = http === undefined ? "" : ` ${http.method} ${http.path}`
  return new PolicyAnswer(`${from} -> ${name}:${port}/${protocol}${request}`, verdict, view.locate, settings.enforced)
}

export function reachability(server: ApiServer, settings: Asked, options: ReachabilityOptions): Reachability {
  const { port, protocol = "tcp", namespace } = options
  const view = new PolicyView(server, settings)
  const pods = view.pods.filter((name) => namespace === undefined || name.startsWith(`${namespace}/`)).sort()
  const short = (name: string): string => name.replace(/^default\//, "")
  const cells = pods.flatMap((from) =>
    pods.map((to): MatrixCell => {
      const pair = { from: short(from), to: short(to) }
      if (from === to) return { ...pair, verdict: "none" }
      const found = view.lookup(from, to, { protocol: number[protocol], port })
      const verdict =
        !settings.enforced || found.verdict === "allow" ? "allow" : found.verdict === "deny" ? "deny" : "l7"
      return { ...pair, verdict, reason: explain(found, view.locate, settings.enforced) }
    }),
  )
  return new Reachability(`${port}/${protocol.toUpperCase()}`, pods.map(short), cells)
}
