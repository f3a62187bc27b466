/** Questions to a cluster's policies. */
import type { ApiServer } from "../../kube/api/server.ts"
import { PolicyConflict } from "../../policy/l4-filter.ts"
import { redundant } from "../../policy/matrix/difference.ts"
import { IPPROTO } from "../../policy/rule.ts"
import type { Verdict } from "../../policy/verdict.ts"
import type { MatrixCell } from "../../view/matrix.ts"
import { PolicyAnswer } from "./answer.ts"
import { explain } from "./explain.ts"
import { type Findings, Reachability } from "./reachability.ts"
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

/** What {@link Cluster.reachability} is asked for. */
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
  const verdict = merged(() => view.lookup(from, name, { protocol: number[protocol], port }, http))
  const request = http === undefined ? "" : ` ${http.method} ${http.path}`
  return new PolicyAnswer(`${from} -> ${name}:${port}/${protocol}${request}`, verdict, view.locate, settings.enforced)
}

const KEPT = ": the endpoint keeps the policy that it had before, so the order of application decides"

/** Rules that cannot be merged have no answer of their own. */
function merged(ask: () => Verdict): Verdict {
  try {
    return ask()
  } catch (error) {
    if (error instanceof PolicyConflict) error.message += KEPT
    throw error
  }
}

export function reachability(server: ApiServer, settings: Asked, options: ReachabilityOptions): Reachability {
  const { port, protocol = "tcp", namespace } = options
  const flow = { protocol: number[protocol], port }
  const view = new PolicyView(server, settings)
  const pods = view.pods.filter((name) => namespace === undefined || name.startsWith(`${namespace}/`)).sort()
  const short = (name: string): string => name.replace(/^default\//, "")
  const matrix = view.matrix(pods)
  const conflicts = conflictsOf(view, pods, (i) => matrix.classes.of[i] as number)
  const cells = pods.flatMap((from, i) =>
    pods.map((to, j): MatrixCell => {
      const pair = { from: short(from), to: short(to) }
      if (i === j) return { ...pair, verdict: "none" }
      const torn = [from, to].find((name) => conflicts.has(name))
      if (torn !== undefined) return { ...pair, verdict: "none", reason: `${short(torn)}: ${conflicts.get(torn)}` }
      return {
        ...pair,
        verdict: settings.enforced ? matrix.verdict(i, j, flow) : "allow",
        // In words only where somebody reads them.
        get reason() {
          return explain(view.lookup(from, to, flow), view.locate, settings.enforced)
        },
      }
    }),
  )
  const torn = new Map([...conflicts].map(([name, why]) => [short(name), why]))
  return new Reachability(`${port}/${protocol.toUpperCase()}`, pods.map(short), cells, new PolicyFindings(view, torn))
}

/** Pods whose rules cannot be merged, and why. Pods of a class have the same rules. */
function conflictsOf(view: PolicyView, pods: readonly string[], classOf: (i: number) => number): Map<string, string> {
  const known = new Map<number, string | undefined>()
  const result = new Map<string, string>()
  for (const [i, pod] of pods.entries()) {
    const id = classOf(i)
    if (!known.has(id)) known.set(id, view.conflict(pod))
    const why = known.get(id)
    if (why !== undefined) result.set(pod, `${why}${KEPT}`)
  }
  return result
}

/** What the policies of a cluster as a whole are good for; worked out when somebody asks. */
class PolicyFindings implements Findings {
  readonly #view: PolicyView
  #matrix: ReturnType<PolicyView["matrix"]> | undefined

  readonly conflicts: ReadonlyMap<string, string>

  constructor(view: PolicyView, conflicts: ReadonlyMap<string, string>) {
    this.#view = view
    this.conflicts = conflicts
  }

  get #all(): ReturnType<PolicyView["matrix"]> {
    this.#matrix ??= this.#view.matrix([...this.#view.pods].sort())
    return this.#matrix
  }

  get redundant(): readonly string[] {
    return redundant(this.#all).map((key) => {
      const [kind = "", namespace = "", name = ""] = key.split("/")
      return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`
    })
  }

  get unselected(): readonly string[] {
    const pods = new Set(this.#view.pods)
    return this.#all.unselected.filter((name) => pods.has(name)).map((name) => name.replace(/^default\//, ""))
  }
}
