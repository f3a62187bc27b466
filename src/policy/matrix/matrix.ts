/**
 * Who may talk to whom, for every pair of pods at once. Classes of pods (classes.ts) are the columns; each set of rules that selects a class is
 * a row, shared by all classes that the same rules select, and rows of equal parts are one. A verdict is a few bit tests; a change of one
 * object makes new rows for the classes it selects and for no others.
 */
import type { EnforcementMode } from "../api.ts"
import { CiliumEvaluator } from "../cilium-evaluator.ts"
import type { Peer } from "../peer.ts"
import { portMatches } from "../port-match.ts"
import { type Direction, originKey, type Rule, type RuleEntry } from "../rule.ts"
import type { Selector } from "../selector.ts"
import type { FlowPort } from "../verdict.ts"
import { andInto, andNotInto, type BitRow, bitsOf, orInto, setBit, testBit, wordsFor } from "./bit-row.ts"
import { type MatrixPod, PodClasses } from "./classes.ts"
import { distinctionsOf } from "./distinctions.ts"

export type MatrixVerdict = "allow" | "deny" | "l7"

export interface MatrixOptions {
  readonly pods: readonly MatrixPod[]
  readonly rules: readonly Rule[]
  /** Whose semantics: Cilium's, with denials and L7 rules, or the plain API's, where address blocks select pods, too. */
  readonly engine: "cilium" | "kubernetes"
  /** policy-enforcement-mode of Cilium (default). */
  readonly enforcement?: EnforcementMode
  /** Rules that will be compared with these, or come later: pods are told apart by them as well. */
  readonly others?: readonly Rule[]
}

/** Rules that select the same classes, seen from one direction. */
interface Side {
  /** One of the classes. */
  readonly subject: number
  readonly rules: readonly Rule[]
  readonly isolated: boolean
  /** Effective rows by port: who is let in (out); who by a proxy. */
  readonly ports: Map<string, Effect>
}

export interface Effect {
  readonly isolated: boolean
  readonly allow: BitRow
  /** Who meets a proxy. */
  readonly l7: BitRow | undefined
}

type Sides = Readonly<Record<Direction, Int32Array>>

export class ReachabilityMatrix {
  readonly classes: PodClasses
  readonly #engine: MatrixOptions["engine"]
  readonly #enforcement: EnforcementMode
  /** By origin. */
  readonly #rules = new Map<string, readonly Rule[]>()
  /** The side of each class. */
  readonly #sideOf: Sides
  readonly #sides: Readonly<Record<Direction, Side[]>> = { ingress: [], egress: [] }
  readonly #known: Readonly<Record<Direction, Map<string, number>>> = { ingress: new Map(), egress: new Map() }
  /** Rules of each class. */
  readonly #selecting: Rule[][]
  readonly #number = new Map<Rule, number>()
  readonly #shared = new Map<string, BitRow>()
  readonly #rowIds = new Map<BitRow, number>()
  #next = 0

  /** @example const matrix = ReachabilityMatrix.build({ pods, rules, engine: "cilium" }) */
  static build(options: MatrixOptions): ReachabilityMatrix {
    return new ReachabilityMatrix(options)
  }

  private constructor({ pods, rules, engine, enforcement = "default", others = [] }: MatrixOptions) {
    this.#engine = engine
    this.#enforcement = enforcement
    this.classes = new PodClasses(pods, distinctionsOf([...rules, ...others], engine === "kubernetes"))
    const { count } = this.classes
    this.#sideOf = { ingress: new Int32Array(count), egress: new Int32Array(count) }
    this.#selecting = Array.from({ length: count }, () => [])
    for (const [key, list] of Map.groupBy(rules, (rule) => originKey(rule.ref.origin))) this.#rules.set(key, list)
    const bits = new Int32Array(count)
    for (const list of this.#rules.values()) this.#select(list, bits)
    for (let id = 0; id < count; id++) this.#assign(id)
  }

  // ── answers ─────────────────────────────────────────────────────────────────────────────────

  /** The verdict of a pair of pods, by their positions in `pods`. A pod always reaches itself. */
  verdict(from: number, to: number, port: FlowPort): MatrixVerdict {
    if (from === to) return "allow"
    const a = this.classes.of[from] as number
    const b = this.classes.of[to] as number
    return this.verdictOfClasses(a, b, port)
  }

  allowed(from: number, to: number, port: FlowPort): boolean {
    return this.verdict(from, to, port) !== "deny"
  }

  verdictOfClasses(from: number, to: number, port: FlowPort): MatrixVerdict {
    const out = this.#effect("egress", from, port)
    const into = this.#effect("ingress", to, port)
    if (!testBit(out.allow, to) || !testBit(into.allow, from)) return "deny"
    const proxied = (out.l7 !== undefined && testBit(out.l7, to)) || (into.l7 !== undefined && testBit(into.l7, from))
    return proxied ? "l7" : "allow"
  }

  /** A port for many questions: its rows are looked up once. */
  port(port: FlowPort): PortMatrix {
    const { count } = this.classes
    const effects = (direction: Direction): Effect[] =>
      this.#sides[direction].map((side) => this.#effectOf(side, direction, port))
    return new PortMatrix(this.classes, count, this.#sideOf, effects("egress"), effects("ingress"))
  }

  /** How many ordered pairs of different pods may talk on a port. */
  count(port: FlowPort): number {
    return this.port(port).count()
  }

  /** Pods that no rule of either direction selects. */
  get unselected(): readonly string[] {
    return this.classes.pods
      .filter((_, i) => this.#selecting[this.classes.of[i] as number]?.length === 0)
      .map(({ name }) => name)
  }

  /** Classes that an object's rules select. */
  selectedBy(key: string): number[] {
    const classes = new Set<number>()
    const bits = new Int32Array(this.classes.count)
    for (const rule of this.#rules.get(key) ?? []) this.#each(rule, bits, (id) => classes.add(id))
    return [...classes]
  }

  /** What holds for some classes on some ports, in both directions. */
  effects(classes: readonly number[], ports: readonly FlowPort[]): Effect[] {
    return classes.flatMap((id) =>
      (["ingress", "egress"] as const).flatMap((direction) => ports.map((port) => this.#effect(direction, id, port))),
    )
  }

  get rules(): readonly Rule[] {
    return [...this.#rules.values()].flat()
  }

  // ── changes ─────────────────────────────────────────────────────────────────────────────────

  /**
   * The rules of one object are others now (none: it is gone). Only the classes that the old or the new rules select get new rows.
   * False when the new rules tell pods apart that were one class until now: build again, with them among `others`.
   */
  update(key: string, rules: readonly Rule[]): boolean {
    if (!this.classes.tell(distinctionsOf(rules, this.#engine === "kubernetes"))) return false
    const bits = new Int32Array(this.classes.count)
    const touched = new Set<number>()
    for (const rule of this.#rules.get(key) ?? [])
      this.#each(rule, bits, (id) => {
        touched.add(id)
        const list = this.#selecting[id] as Rule[]
        list.splice(list.indexOf(rule), 1)
      })
    if (rules.length === 0) this.#rules.delete(key)
    else this.#rules.set(key, rules)
    for (const rule of rules)
      this.#each(rule, bits, (id) => {
        touched.add(id)
        ;(this.#selecting[id] as Rule[]).push(rule)
      })
    for (const id of touched) this.#assign(id)
    return true
  }

  /** A pod has other labels now. False when no pod like it was there: build again. */
  relabel(pod: number, now: MatrixPod): boolean {
    const id = this.classes.find(now)
    if (id === undefined) return false
    this.classes.move(pod, id)
    return true
  }

  // ── rows ────────────────────────────────────────────────────────────────────────────────────

  #select(rules: readonly Rule[], bits: Int32Array): void {
    for (const rule of rules) this.#each(rule, bits, (id) => (this.#selecting[id] as Rule[]).push(rule))
  }

  #each(rule: Rule, bits: Int32Array, visit: (id: number) => void): void {
    if (rule.node || this.#enforcement === "never") return
    const count = bitsOf(this.#row(rule.subject), bits)
    for (let i = 0; i < count; i++) visit(bits[i] as number)
  }

  #row(selector: Selector): BitRow {
    return this.classes.row(selector, this.#engine === "kubernetes")
  }

  #assign(id: number): void {
    const rules = this.#selecting[id] as Rule[]
    for (const direction of ["ingress", "egress"] as const) {
      const own = rules.filter((rule) => this.#concerns(rule, direction))
      // Named ports of the one that serves: pods of one class agree on them.
      const names = direction === "ingress" ? this.classes.namesOf(id) : ""
      const signature = `${own
        .map((rule) => this.#numberOf(rule))
        .sort((a, b) => a - b)
        .join(" ")}|${names}`
      const known = this.#known[direction]
      let side = known.get(signature)
      if (side === undefined) {
        side = this.#sides[direction].length
        known.set(signature, side)
        this.#sides[direction].push({
          subject: id,
          rules: own,
          isolated: this.#isolates(own, direction),
          ports: new Map(),
        })
      }
      this.#sideOf[direction][id] = side
    }
  }

  #concerns(rule: Rule, direction: Direction): boolean {
    return rule.enableDefaultDeny[direction] || rule.entries.some((entry) => entry.direction === direction)
  }

  #isolates(rules: readonly Rule[], direction: Direction): boolean {
    if (this.#enforcement === "always") return true
    return rules.some(
      ({ enableDefaultDeny, entries, ref }) =>
        enableDefaultDeny[direction] &&
        (ref.origin.kind === "NetworkPolicy" || entries.some((entry) => entry.direction === direction)),
    )
  }

  #numberOf(rule: Rule): number {
    let number = this.#number.get(rule)
    if (number === undefined) this.#number.set(rule, (number = this.#next++))
    return number
  }

  #effect(direction: Direction, id: number, port: FlowPort): Effect {
    return this.#effectOf(this.#sides[direction][this.#sideOf[direction][id] as number] as Side, direction, port)
  }

  #effectOf(side: Side, direction: Direction, port: FlowPort): Effect {
    const key = `${port.protocol}/${port.port}`
    let effect = side.ports.get(key)
    if (effect === undefined) side.ports.set(key, (effect = this.#compile(side, direction, port)))
    return effect
  }

  /** Who a set of rules lets through on a port: allowances or everybody, less denials; and who of them meets a proxy. */
  #compile({ subject, rules, isolated }: Side, direction: Direction, port: FlowPort): Effect {
    const entries = rules.flatMap(({ entries: all }) => all.filter((entry) => entry.direction === direction))
    if (entries.some(({ authentication }) => authentication !== undefined))
      return { isolated, ...this.#ask(subject, direction, port) }
    const requires = entries.flatMap((entry) => entry.requires)
    const allows: BitRow[] = isolated ? [] : [this.classes.full]
    const denies: BitRow[] = []
    const proxies: BitRow[] = []
    for (const entry of entries) {
      if (this.#engine === "kubernetes" && !isolated) continue
      const rows = this.#peers(entry, requires)
      for (const row of rows)
        for (const served of this.#served(entry, direction === "ingress" ? subject : undefined, port)) {
          const both = served.row === undefined ? row : this.#meet(row, served.row)
          ;(entry.deny ? denies : allows).push(both)
          if (served.l7 && !entry.deny) proxies.push(both)
        }
    }
    const allow = this.#together(allows, denies)
    return { isolated, allow, l7: proxies.length === 0 ? undefined : this.#together(proxies, []) }
  }

  /** How authentication is inherited depends on which entry of the policy map is how wide: the evaluator knows, class by class. */
  #ask(subject: number, direction: Direction, { protocol, port }: FlowPort): Pick<Effect, "allow" | "l7"> {
    const evaluator = new CiliumEvaluator({ enforcement: this.#enforcement })
    evaluator.repository.upsert(this.rules)
    const policy = evaluator.policy(this.#peer(subject))
    const allow = new Uint32Array(wordsFor(this.classes.count))
    const l7 = new Uint32Array(allow.length)
    for (let id = 0; id < this.classes.count; id++) {
      const code = policy.map.canAccess(evaluator.identity(this.#peer(id)), direction, protocol, port)
      if (code >= 0) setBit(allow, id)
      if (code > 0) setBit(l7, id)
    }
    return { allow, l7 }
  }

  #peer(id: number): Peer {
    const { name, labels, addresses = [], namedPorts } = this.classes.exampleOf(id)
    return { name, endpoint: true, labels, addresses, ...(namedPorts === undefined ? {} : { namedPorts }) }
  }

  #peers(entry: RuleEntry, requires: readonly Selector[]): readonly BitRow[] {
    if (entry.peers === undefined) return [this.classes.full]
    return entry.peers.map((peer) => {
      if (requires.length === 0 || !entry.byEndpoints || peer.cidr !== undefined) return this.#row(peer)
      return requires.reduce((row, selector) => this.#meet(row, this.#row(selector)), this.#row(peer))
    })
  }

  /** Whether an entry covers a port, and for whom alone where its ports have names and the peers (no `server` is given) serve them. */
  *#served(
    entry: RuleEntry,
    server: number | undefined,
    port: FlowPort,
  ): Generator<{ row: BitRow | undefined; l7: boolean }> {
    if (entry.ports === undefined) {
      yield { row: undefined, l7: false }
      return
    }
    for (const { ports, l7, serverNames = [], listener, tls } of entry.ports)
      for (const spec of ports) {
        if (spec.protocol !== 0 && spec.protocol !== port.protocol) continue
        const http = spec.protocol === 6 && (l7?.http?.length ?? 0) > 0
        const proxied =
          http || (l7?.dns?.length ?? 0) > 0 || listener !== undefined || serverNames.length > 0 || tls === true
        if (spec.name === undefined) {
          if (portMatches(spec, undefined, port.protocol, port.port)) yield { row: undefined, l7: proxied }
        } else if (server === undefined)
          yield { row: this.classes.named(`${spec.name}/${port.protocol}`, port.port), l7: proxied }
        else if (this.classes.calls(server, `${spec.name}/${port.protocol}`, port.port))
          yield { row: undefined, l7: proxied }
      }
  }

  #meet(a: BitRow, b: BitRow): BitRow {
    if (a === this.classes.full) return b
    if (b === this.classes.full) return a
    return this.#memo(`${this.#id(a)}&${this.#id(b)}`, () => {
      const row = a.slice()
      andInto(row, b)
      return row
    })
  }

  /** Any of `rows`, none of `less`; rows of the same parts are one. */
  #together(rows: readonly BitRow[], less: readonly BitRow[]): BitRow {
    if (rows.length === 1 && less.length === 0) return rows[0] as BitRow
    const ids = (list: readonly BitRow[]): string =>
      [...new Set(list.map((row) => this.#id(row)))].sort((a, b) => a - b).join("|")
    return this.#memo(`${ids(rows)}-${ids(less)}`, () => {
      const row = new Uint32Array(wordsFor(this.classes.count))
      for (const one of rows) orInto(row, one)
      for (const one of less) andNotInto(row, one)
      return row
    })
  }

  #id(row: BitRow): number {
    let id = this.#rowIds.get(row)
    if (id === undefined) this.#rowIds.set(row, (id = this.#rowIds.size))
    return id
  }

  #memo(key: string, make: () => BitRow): BitRow {
    let row = this.#shared.get(key)
    if (row === undefined) this.#shared.set(key, (row = make()))
    return row
  }
}

/** One port of a matrix. */
export class PortMatrix {
  readonly #classes: PodClasses
  readonly #count: number
  readonly #sideOf: Sides
  readonly #out: readonly Effect[]
  readonly #into: readonly Effect[]

  constructor(classes: PodClasses, count: number, sideOf: Sides, out: readonly Effect[], into: readonly Effect[]) {
    this.#classes = classes
    this.#count = count
    this.#sideOf = sideOf
    this.#out = out
    this.#into = into
  }

  /** Two bit tests. */
  allowed(from: number, to: number): boolean {
    const a = this.#classes.of[from] as number
    const b = this.#classes.of[to] as number
    const out = (this.#out[this.#sideOf.egress[a] as number] as Effect).allow
    const into = (this.#into[this.#sideOf.ingress[b] as number] as Effect).allow
    return from === to || (testBit(out, b) && testBit(into, a))
  }

  /**
   * Ordered pairs of different pods that may talk. For each row of receivers its senders are summed up by their own rows, so that a pair of rows is
   * multiplied once, however many pods it stands for.
   */
  count(): number {
    const { sizes } = this.#classes
    const members: number[][] = this.#into.map(() => [])
    for (let id = 0; id < this.#count; id++) members[this.#sideOf.ingress[id] as number]?.push(id)
    const weight = new Float64Array(this.#out.length)
    const bits = new Int32Array(this.#count)
    const touched = new Int32Array(this.#out.length)
    let sum = 0
    for (const [side, receivers] of members.entries()) {
      if (receivers.length === 0) continue
      const senders = bitsOf((this.#into[side] as Effect).allow, bits)
      let many = 0
      for (let i = 0; i < senders; i++) {
        const id = bits[i] as number
        // All its pods have moved.
        if (sizes[id] === 0) continue
        const out = this.#sideOf.egress[id] as number
        if (weight[out] === 0) touched[many++] = out
        weight[out] = (weight[out] as number) + (sizes[id] as number)
      }
      for (let i = 0; i < many; i++) {
        const out = touched[i] as number
        const row = (this.#out[out] as Effect).allow
        let reached = 0
        for (const id of receivers) if (testBit(row, id)) reached += sizes[id] as number
        sum += (weight[out] as number) * reached
        weight[out] = 0
      }
    }
    return sum - this.#selfPairs()
  }

  /** Pods of a class that may talk to their like count themselves, too. */
  #selfPairs(): number {
    const { sizes } = this.#classes
    let sum = 0
    for (let id = 0; id < this.#count; id++) {
      const out = (this.#out[this.#sideOf.egress[id] as number] as Effect).allow
      const into = (this.#into[this.#sideOf.ingress[id] as number] as Effect).allow
      if (testBit(out, id) && testBit(into, id)) sum += sizes[id] as number
    }
    return sum
  }
}
