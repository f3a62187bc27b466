/** A case answered by the policy engine alone. */
import { CiliumEvaluator } from "../../policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../policy/kubernetes.ts"
import { changedHeaders } from "../../policy/l7/http.ts"
import { sniMatches } from "../../policy/l7/sni.ts"
import type { Peer } from "../../policy/peer.ts"
import { type Direction, IPPROTO, originKey, type RuleRef } from "../../policy/rule.ts"
import { manifestLine } from "../../policy/source.ts"
import type { FlowPort, Verdict } from "../../policy/verdict.ts"
import { explain } from "../policy/explain.ts"
import { openCells } from "./ambiguities.ts"
import { type Answer, type CaseReport, type Counts, noCounts } from "./answer.ts"
import type { Case, CaseHttp, CaseL7Side, CaseStep } from "./case.ts"
import { sameRules } from "./l7-rules.ts"
import { type Question, questionsOf } from "./question.ts"
import { CaseWorld } from "./world.ts"

/** Answers every question of a case with `lookup`. */
export function verifyByVerdict(test: Case): CaseReport {
  return new VerdictRun(test).run()
}

/** Where the part of a policy stands that a verdict names: `deny.yaml:12`. */
function locator(world: CaseWorld): (ref: RuleRef) => string | undefined {
  return ({ origin, path }) => {
    const source = world.sources.get(originKey(origin))
    if (source === undefined) return undefined
    const line = manifestLine(source.text, source.document, path)
    return line === undefined ? source.file : `${source.file}:${line}`
  }
}

interface Evaluator {
  lookup(from: Peer, to: Peer, flow: FlowPort, request?: CaseHttp["request"]): Verdict
}

/** Authentication is asked for after the verdict: policy allows, the packet waits (corpus README, ambiguity 9). */
const AUTH_REQUIRED = 189
const DROP_NAMES: Readonly<Record<number, string>> = { 133: "default-deny", 181: "policy-deny", 189: "auth-required" }

/** What a client of HTTP gets whose connection nobody answers. */
export const NO_ANSWER = "no answer"

function markOf({ verdict, reason }: Pick<Verdict, "verdict" | "reason">): "." | "X" | "7" {
  if (verdict === "deny") return reason === AUTH_REQUIRED ? "." : "X"
  return verdict === "redirect" ? "7" : "."
}

/** One case on its way, step by step. */
export class VerdictRun {
  readonly #case: Case
  readonly #world: CaseWorld
  readonly #answers: Answer[] = []
  readonly #notes = new Set<string>()
  readonly #counts: Counts = noCounts()
  #evaluator: Evaluator = { lookup: () => ({ verdict: "deny", reason: 133 }) }
  #cilium: CiliumEvaluator | undefined

  constructor(test: Case) {
    this.#case = test
    this.#world = new CaseWorld(test)
  }

  run(): CaseReport {
    for (const step of this.#case.steps) this.#step(step)
    const answers = this.#answers
    const failures = answers.filter(({ ok }) => !ok)
    return {
      case: this.#case,
      method: "verdict",
      counts: this.#counts,
      failures,
      answers,
      notes: [...this.#notes],
      ambiguous: openCells(this.#case),
    }
  }

  /** The step's changes, and the policies resolved anew. */
  enter(step: CaseStep): void {
    for (const action of step.actions) this.#world.apply(action)
    this.#resolve()
  }

  /** Drop reasons have numbers on Cilium. */
  get #hasCodes(): boolean {
    return this.#case.profile === "cilium"
  }

  /** What decides a pair's packets, in words. */
  why(question: Question, request?: CaseHttp["request"]): string {
    return explain(this.#lookup(question, request), locator(this.#world), this.#hasCodes)
  }

  #step(step: CaseStep): void {
    this.enter(step)
    for (const note of this.#world.refused) this.#notes.add(`${note}: it has no effect`)
    for (const question of questionsOf(step, "api")) {
      if (question.l7 !== undefined) this.#l7(question, question.l7)
      else this.#pair(question)
    }
  }

  #resolve(): void {
    const rules = this.#world.rules()
    if (this.#case.profile !== "cilium") {
      this.#evaluator = new KubernetesEvaluator(rules, [...this.#world.objects.values()])
      return
    }
    const enforcement = (this.#case.config["policyEnforcement"] ?? "default") as "default" | "always" | "never"
    const cilium = new CiliumEvaluator({ enforcement })
    cilium.repository.followCorpusRelease()
    cilium.repository.upsert(rules)
    for (const tier of this.#world.tiers()) cilium.repository.upsertTier(tier)
    this.#cilium = cilium
    this.#evaluator = {
      lookup: (from, to, flow, request) =>
        cilium.lookup(from, to, flow, request, (secret) => this.#world.secret(secret)),
    }
  }

  #lookup({ from, to, protocol, port }: Question, request?: CaseHttp["request"]): Verdict {
    return this.#evaluator.lookup(
      this.#world.peer(from),
      this.#world.peer(to),
      { protocol: IPPROTO[protocol], port },
      request,
    )
  }

  #pair(question: Question): void {
    const verdict = this.#lookup(question)
    const { direction, expected, flow } = question
    const side =
      direction === undefined ? verdict : (verdict[direction] ?? { verdict: "allow" as const, reason: 0 as const })
    const mark = markOf(side)
    if (flow === undefined) this.#counts.cells++
    else this.#counts.flows++
    // A flow says allow or deny; who judges its requests is not its matter.
    const got = flow !== undefined && mark === "7" ? "." : mark
    this.#answer(question, verdict, expected, got)
    if (flow?.drop !== undefined) {
      const found = `${verdict.direction} ${DROP_NAMES[verdict.reason]}`
      this.#answer(question, verdict, `${flow.drop.direction} ${flow.drop.reason}`, found, "drop")
    }
    for (const one of flow?.http ?? []) this.#request(question, one)
    for (const { serverName, verdict: wanted } of flow?.tls ?? []) {
      const names = this.#side(question, "egress").serverNames
      const allowed = names.some((name) => sniMatches(name, serverName)) ? "allow" : "deny"
      this.#answer(question, verdict, wanted, allowed, `TLS ${serverName}`)
    }
  }

  #request(question: Question, { request, verdict, status, upstreamHeaders }: CaseHttp): void {
    this.#counts.requests++
    const found = this.#lookup(question, request)
    const allowed = found.verdict !== "deny" && (found.http?.allowed ?? true)
    const what = `${request.method} ${request.path}`
    const refused = found.http === undefined ? NO_ANSWER : "403"
    this.#answer(question, found, String(status ?? (verdict === "allow" ? 200 : 403)), allowed ? "200" : refused, what)
    if (upstreamHeaders === undefined) return
    const given = request.headers ?? {}
    const headers = changedHeaders(given, found.http?.changes ?? [])
    this.#answer(
      question,
      found,
      JSON.stringify({ ...given, ...upstreamHeaders }),
      JSON.stringify(headers),
      `${what}, headers`,
    )
  }

  #l7(question: Question, l7: NonNullable<Question["l7"]>): void {
    for (const direction of ["ingress", "egress"] as const) {
      const wanted = l7[direction]
      if (wanted === undefined) continue
      this.#counts.l7++
      const found = this.#side(question, direction)
      const same = sameRules(found, wanted)
      const verdict = this.#lookup(question)
      this.#answer(
        question,
        verdict,
        JSON.stringify(wanted),
        same ? JSON.stringify(wanted) : JSON.stringify(found),
        `${direction} rules`,
      )
    }
    for (const one of l7.requests ?? []) this.#request(question, one)
  }

  #side({ from, to, protocol, port }: Question, direction: Direction): CaseL7Side & { serverNames: readonly string[] } {
    const [subject, peer] = direction === "ingress" ? [to, from] : [from, to]
    const cilium = this.#cilium
    if (cilium === undefined) return { parser: "", wildcard: true, serverNames: [] }
    const identity = cilium.identity(this.#world.peer(peer))
    const { rules: _, ...l7 } = cilium
      .policy(this.#world.peer(subject))
      .l7(identity, direction, IPPROTO[protocol], port)
    return { parser: "", ...l7 } as unknown as CaseL7Side & { serverNames: readonly string[] }
  }

  #answer(question: Question, verdict: Verdict, expected: string, got: string, request?: string): void {
    const world = this.#world
    const codes = this.#hasCodes
    this.#answers.push({
      question,
      method: "verdict",
      expected,
      got,
      ok: expected === got,
      ...(request === undefined ? {} : { request }),
      // Asked for by people, not by those who count.
      get why() {
        return explain(verdict, locator(world), codes)
      },
    })
  }
}
