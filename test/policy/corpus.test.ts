/** The conformance corpus by lookup: every asserted cell, flow, request and merged rule of every reachability suite. */
import { describe, expect, test } from "vitest"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../src/policy/kubernetes.ts"
import { changedHeaders } from "../../src/policy/l7/http.ts"
import { sniMatches } from "../../src/policy/l7/sni.ts"
import type { Peer } from "../../src/policy/peer.ts"
import type { FlowPort, Verdict } from "../../src/policy/verdict.ts"
import {
  type CorpusCase,
  type CorpusFlow,
  type CorpusL7,
  type CorpusL7Side,
  type CorpusRequest,
  type CorpusTable,
  CorpusWorld,
  corpusCases,
  PROTOCOL,
} from "../support/corpus.ts"

/** What a suite holds; a case that vanishes, or is skipped, changes a number here. */
const SUITES = {
  "k8s-e2e": { cases: 34, cells: 17_712, flows: 0, requests: 0, l7: 0 },
  cyclonus: { cases: 161, cells: 78_408, flows: 0, requests: 0, l7: 0 },
  "network-policy-api": { cases: 31, cells: 26_400, flows: 233, requests: 0, l7: 0 },
  recipes: { cases: 12, cells: 200, flows: 25, requests: 0, l7: 0 },
  "np-guard": { cases: 58, cells: 30_564, flows: 0, requests: 0, l7: 0 },
  "cilium-knp": { cases: 10, cells: 830, flows: 49, requests: 0, l7: 0 },
  "cilium-connectivity": { cases: 48, cells: 38_136, flows: 320, requests: 31, l7: 376 },
  "cilium-examples": { cases: 33, cells: 5_776, flows: 0, requests: 84, l7: 26 },
  "cilium-unit": { cases: 209, cells: 63_578, flows: 46, requests: 1864, l7: 461 },
  "cilium-semantics": { cases: 124, cells: 170_128, flows: 0, requests: 1544, l7: 286 },
} as const

describe.each(Object.entries(SUITES))("%s", (suite, wanted) => {
  const counts = { cases: 0, cells: 0, flows: 0, requests: 0, l7: 0 }
  test.each(corpusCases(suite).map((one): [string, CorpusCase] => [one.id, one]))("%s", (_, one) => {
    const wrong = new CaseRun(one, counts).run()
    counts.cases++
    expect(wrong.slice(0, 20), `${wrong.length} wrong`).toEqual([])
  })
  test("every case, cell, flow and request was asked", () => {
    expect(counts).toEqual(wanted)
  })
})

type Counts = { -readonly [key in keyof (typeof SUITES)["recipes"]]: number }

interface Evaluator {
  lookup(from: Peer, to: Peer, flow: FlowPort, request?: CorpusRequest["request"]): Verdict
}

class CaseRun {
  readonly #one: CorpusCase
  readonly #counts: Counts
  readonly #world: CorpusWorld
  readonly #wrong: string[] = []
  #evaluator: Evaluator = { lookup: () => ({ verdict: "deny", reason: 133 }) }
  #cilium: CiliumEvaluator | undefined

  constructor(one: CorpusCase, counts: Counts) {
    this.#one = one
    this.#counts = counts
    this.#world = new CorpusWorld(one)
  }

  run(): string[] {
    for (const { name, actions, expect: wanted } of this.#one.steps) {
      for (const action of actions) this.#world.apply(action)
      this.#resolve()
      for (const table of wanted.tables ?? [])
        this.#table(table, table.from ?? wanted.from ?? [], table.to ?? wanted.to ?? [], name)
      for (const flow of wanted.flows ?? []) this.#flow(flow, name)
      for (const l7 of wanted.l7 ?? []) this.#l7(l7, name)
    }
    return this.#wrong
  }

  #resolve(): void {
    if (this.#one.profile !== "cilium") {
      this.#evaluator = new KubernetesEvaluator(this.#world.rules(), [...this.#world.objects.values()])
      return
    }
    const cilium = new CiliumEvaluator({ enforcement: this.#one.config.policyEnforcement ?? "default" })
    cilium.repository.upsert(this.#world.rules())
    for (const tier of this.#world.tiers()) cilium.repository.upsertTier(tier)
    this.#cilium = cilium
    this.#evaluator = {
      lookup: (from, to, flow, request) =>
        cilium.lookup(from, to, flow, request, (secret) => this.#world.secret(secret)),
    }
  }

  #lookup(
    from: string,
    to: string,
    protocol: CorpusTable["protocol"],
    port: number,
    request?: CorpusRequest["request"],
  ): Verdict {
    return this.#evaluator.lookup(
      this.#world.peer(from),
      this.#world.peer(to),
      { protocol: PROTOCOL[protocol], port },
      request,
    )
  }

  #same(what: string, got: unknown, wanted: unknown): void {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)]
    if (a !== b) this.#wrong.push(`${what}: ${a}, not ${b}`)
  }

  #table({ protocol, port, direction, rows }: CorpusTable, from: string[], to: string[], step: string): void {
    for (const [row, cells] of rows.entries())
      for (const [column, wanted] of [...cells].entries()) {
        if (wanted === "-") continue
        this.#counts.cells++
        const [a, b] = [from[row] as string, to[column] as string]
        const verdict = this.#lookup(a, b, protocol, port)
        const side =
          direction === undefined ? verdict : (verdict[direction] ?? { verdict: "allow" as const, reason: 0 as const })
        const what = `${step}: ${a} -> ${b} ${protocol}/${port} ${direction ?? ""}`
        this.#same(what, markOf(side), wanted)
      }
  }

  #flow({ from, to, protocol, port, verdict, drop, http = [], tls = [] }: CorpusFlow, step: string): void {
    this.#counts.flows++
    const got = this.#lookup(from, to, protocol, port)
    const what = `${step}: ${from} -> ${to} ${protocol}/${port}`
    this.#same(what, got.verdict === "deny" && got.reason !== AUTH ? "deny" : "allow", verdict)
    if (drop !== undefined) this.#same(`${what} drop`, { direction: got.direction, reason: REASONS[got.reason] }, drop)
    for (const one of http) this.#request(from, to, protocol, port, one, what)
    for (const { serverName, verdict: wanted } of tls) {
      const names = this.#side(from, to, "egress", protocol, port).serverNames
      this.#same(`${what} ${serverName}`, names.some((name) => sniMatches(name, serverName)) ? "allow" : "deny", wanted)
    }
  }

  #request(
    from: string,
    to: string,
    protocol: CorpusTable["protocol"],
    port: number,
    one: CorpusRequest,
    what: string,
  ): void {
    this.#counts.requests++
    const { request, verdict, upstreamHeaders } = one
    const got = this.#lookup(from, to, protocol, port, request).http
    this.#same(`${what} ${JSON.stringify(request)}`, got?.allowed === true ? "allow" : "deny", verdict)
    if (upstreamHeaders === undefined) return
    const headers = changedHeaders(request.headers ?? {}, got?.changes ?? [])
    this.#same(`${what} headers`, headers, { ...request.headers, ...upstreamHeaders })
  }

  #l7({ pairs, protocol, port, requests = [], ...sides }: CorpusL7, step: string): void {
    for (const [from, to] of pairs) {
      const what = `${step}: l7 ${from} -> ${to} ${protocol}/${port}`
      for (const direction of ["ingress", "egress"] as const) {
        const wanted = sides[direction]
        if (wanted === undefined) continue
        this.#counts.l7++
        this.#same(`${what} ${direction}`, l7Text(this.#side(from, to, direction, protocol, port)), l7Text(wanted))
      }
      for (const one of requests) this.#request(from, to, protocol, port, one, what)
    }
  }

  #side(from: string, to: string, direction: "ingress" | "egress", protocol: CorpusTable["protocol"], port: number) {
    const [subject, peer] = (direction === "ingress" ? [to, from] : [from, to]).map((name) => this.#world.peer(name))
    const cilium = this.#cilium as CiliumEvaluator
    const identity = cilium.identity(peer as Peer)
    return cilium.policy(subject as Peer).l7(identity, direction, PROTOCOL[protocol], port)
  }
}

const AUTH = 189
const REASONS = { 0: undefined, 133: "default-deny", 181: "policy-deny", 189: "auth-required" } as const

/** Authentication is asked for after the verdict: the tables say allowed (README, ambiguity 9). */
function markOf({ verdict, reason }: Pick<Verdict, "verdict" | "reason">): string {
  if (verdict === "deny") return reason === AUTH ? "." : "X"
  return verdict === "redirect" ? "7" : "."
}

type L7Part = Pick<CorpusL7Side, "wildcard"> & {
  http?: readonly object[]
  dns?: readonly object[]
  serverNames?: readonly string[]
}

/** Rules in any order, each once; of a rule only what it says. */
function l7Text({ wildcard, http = [], dns = [], serverNames = [] }: L7Part): unknown {
  const sorted = (list: readonly object[]): string[] =>
    [...new Set(list.map((rule) => JSON.stringify(ordered(rule))))].sort()
  return { wildcard, http: sorted(http), dns: sorted(dns), serverNames: [...serverNames].sort() }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}
