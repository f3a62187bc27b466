/** A case answered by packets through a simulated cluster on Cilium. */
import type { MonitorEvent } from "../../cni/cilium/monitor/event.ts"
import { openCells } from "./ambiguities.ts"
import { type Answer, type CaseReport, type Counts, noCounts, skippedReport } from "./answer.ts"
import { NO_ANSWER, VerdictRun } from "./by-verdict.ts"
import type { Case, CaseHttp, CaseStep } from "./case.ts"
import { type EchoServers, sendRequest } from "./http-probe.ts"
import { PacketWorld, Unapplied, worldKey } from "./packet-world.ts"
import { type Arrival, type Probe, Prober } from "./probe.ts"
import { type Question, questionsOf } from "./question.ts"
import { type MirrorServers, sendHello } from "./tls-probe.ts"

/** The cluster of the case before: most cases of a suite share one. */
let held: PacketWorld | undefined

export async function verifyByPackets(test: Case): Promise<CaseReport> {
  const skipped = whyNot(test)
  if (skipped !== undefined) return skippedReport(test, "packets", skipped)
  const kept = held?.key === worldKey(test) ? held : undefined
  held = undefined
  try {
    const world = kept ?? (await PacketWorld.create(test))
    const report = await new PacketRun(test, world).run()
    if (await world.reset(test)) held = world
    return report
  } catch (error) {
    if (!(error instanceof Unapplied)) throw error
    return skippedReport(test, "packets", error.message)
  }
}

/** A case that no CNI here can be asked. */
function whyNot({ profile }: Case): string | undefined {
  return profile === "network-policy-api"
    ? "no CNI of podwire implements AdminNetworkPolicy or ClusterNetworkPolicy"
    : undefined
}

/** Authentication is asked for after the verdict (corpus README, ambiguity 9). */
const AUTH_REQUIRED = 189

interface Asked {
  readonly question: Question
  readonly probe: Probe
  /** Where it has to arrive. */
  readonly net: number
}

interface Sent {
  readonly one: Asked
  readonly arrival: Arrival
  /** `proxy`: the sender's own proxy has it. */
  readonly mark: "." | "X" | "7" | "proxy"
}

class PacketRun {
  readonly #case: Case
  readonly #world: PacketWorld
  readonly #counts: Counts = noCounts()
  readonly #answers: Answer[] = []
  readonly #notes = new Map<string, number>()
  readonly #prober: Prober
  readonly #servers: EchoServers
  readonly #mirrors: MirrorServers
  /** For the words beside what packets found. */
  readonly #verdicts: VerdictRun

  constructor(test: Case, world: PacketWorld) {
    this.#case = test
    this.#world = world
    this.#prober = new Prober(world.cluster.sim)
    this.#servers = world.servers
    this.#mirrors = world.mirrors
    this.#verdicts = new VerdictRun(test)
  }

  async run(): Promise<CaseReport> {
    for (const step of this.#case.steps) await this.#step(step)
    const answers = this.#answers
    const notes = [...this.#notes].map(([note, times]) => `${times} not sent: ${note}`)
    return {
      case: this.#case,
      method: "packets",
      counts: this.#counts,
      failures: answers.filter(({ ok }) => !ok),
      answers,
      notes,
      ambiguous: openCells(this.#case),
    }
  }

  async #step(step: CaseStep): Promise<void> {
    await this.#world.apply(step.actions)
    this.#verdicts.enter(step)
    await this.#pairs(step)
    for (const question of questionsOf(step, "cilium")) {
      for (const { serverName, verdict } of question.flow?.tls ?? []) await this.#tls(question, serverName, verdict)
      for (const one of [...(question.flow?.http ?? []), ...(question.l7?.requests ?? [])])
        await this.#request(question, one)
    }
  }

  /** A TLS client that names a server. */
  async #tls(question: Question, serverName: string, verdict: string): Promise<void> {
    const from = this.#world.place(question.from, question.to)
    const to = this.#world.place(question.to, question.from)
    if (typeof from === "string" || typeof to === "string") return
    this.#mirrors.ensure(to.net, question.port)
    const got = (await sendHello(from, to, question.port, serverName)) ? "allow" : "deny"
    this.#answer(question, verdict, got, `TLS ${serverName}`)
  }

  /** One request of a pair, as a program would send it. */
  async #request(question: Question, { request, verdict, status, upstreamHeaders }: CaseHttp): Promise<void> {
    const from = this.#world.place(question.from, question.to)
    const to = this.#world.place(question.to, question.from)
    if (typeof from === "string" || typeof to === "string") {
      this.#skip(typeof from === "string" ? from : (to as string))
      return
    }
    this.#counts.requests++
    this.#servers.ensure(to.net, question.port)
    const answer = await sendRequest(from, to, question.port, request)
    const what = `${request.method} ${request.path}`
    const wanted = String(status ?? (verdict === "allow" ? 200 : 403))
    this.#answer(question, wanted, answer.status === 0 ? NO_ANSWER : String(answer.status), what, request)
    for (const [name, value] of Object.entries(upstreamHeaders ?? {})) {
      const seen = Object.entries(answer.headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
      this.#answer(question, value, seen ?? "nothing", `${what}, ${name} at the server`, request)
    }
  }

  #answer(question: Question, expected: string, got: string, request: string, sent?: CaseHttp["request"]): void {
    const ok = expected === got
    const why = ok ? {} : { why: this.#verdicts.why(question, sent) }
    this.#answers.push({ question, method: "packets", expected, got, ok, request, ...why })
  }

  #skip(note: string): void {
    this.#notes.set(note, (this.#notes.get(note) ?? 0) + 1)
  }

  async #pairs(step: CaseStep): Promise<void> {
    const asked = questionsOf(step, "cilium").flatMap((question) => this.#ask(question))
    for (const batch of batches(asked)) {
      const sent = await this.#send(batch)
      const handed = sent.filter(({ mark }) => mark === "proxy").map(({ one }) => one)
      const second = await this.#send(handed.map((one) => this.#byProxy(one)))
      if (batch.length === 1) this.#world.forgetConnections()
      for (const { one, mark, arrival } of sent) {
        if (mark !== "proxy") this.#record(one, mark, arrival)
        else {
          const further = second[handed.indexOf(one)] as Sent
          this.#record(one, further.mark === "X" ? "X" : "7", further.arrival)
        }
      }
    }
  }

  async #send(batch: readonly Asked[]): Promise<Sent[]> {
    if (batch.length === 0) return []
    this.#world.takeEvents()
    const results = await this.#prober.send(batch.map(({ probe }) => probe))
    const events = this.#world.takeEvents()
    return batch.map((one, i) => {
      const arrival = results[i] as Arrival
      return { one, arrival, mark: markOf(one, arrival, events) }
    })
  }

  /** The sender's proxy has taken the connection: its own one must get through, too. */
  #byProxy(one: Asked): Asked {
    const { question, probe } = one
    return { ...one, probe: { ...probe, ...this.#world.proxied(question.from, probe.destination) } }
  }

  #ask(question: Question): Asked[] {
    // Rules are compared by verdict; here their requests would be sent.
    if (question.l7 !== undefined) return []
    const from = this.#world.place(question.from, question.to)
    const to = this.#world.place(question.to, question.from)
    if (typeof from === "string" || typeof to === "string") {
      this.#skip(typeof from === "string" ? from : (to as string))
      return []
    }
    const { protocol, port } = question
    const probe = { from: from.net, source: from.address, destination: to.address, protocol, port }
    return [{ question, probe, net: to.net.id }]
  }

  #record({ question }: Asked, got: string, { dropped }: Arrival): void {
    if (question.flow === undefined) this.#counts.cells++
    else this.#counts.flows++
    const shown = question.flow !== undefined && got === "7" ? "." : got
    const ok = shown === question.expected
    const died = dropped === undefined ? "" : ` (the packet died: ${dropped})`
    const why = ok ? {} : { why: `${this.#verdicts.why(question)}${died}` }
    this.#answers.push({ question, method: "packets", expected: question.expected, got: shown, ok, ...why })
  }
}

/** Packets of one trace. */
const BATCH = 400
const ECHO = 8

/**
 * Connection tracking knows an ICMP message by its id, and only echoes have one: another message in the other direction would count as the
 * answer to the first. Those go alone.
 */
function batches(asked: readonly Asked[]): Asked[][] {
  const alone = asked.filter(({ probe }) => probe.protocol === "ICMP" && probe.port !== ECHO)
  const rest = asked.filter((one) => !alone.includes(one))
  const list = alone.map((one) => [one])
  for (let at = 0; at < rest.length; at += BATCH) list.push(rest.slice(at, at + BATCH))
  return list
}

/** What happened to a packet: arrived, handed to a proxy, or dropped by policy. */
function markOf({ probe, net }: Asked, { nets, port }: Arrival, events: readonly MonitorEvent[]): Sent["mark"] {
  const said = events.filter((event) => event.kind !== "l7" && ours(event.packet, probe, port))
  const redirect = said.find((event) => event.kind === "policy-verdict" && event.action === "redirect")
  if (redirect?.kind === "policy-verdict") return redirect.ingress ? "7" : "proxy"
  if (said.some((event) => event.kind === "drop" && event.reason === AUTH_REQUIRED)) return "."
  return nets.includes(net) ? "." : "X"
}

type Tuple = Extract<MonitorEvent, { kind: "trace" }>["packet"]

/** A machine's own packets may have been given the router's address on their way; their port stays. */
const ours = (packet: Tuple, probe: Probe, port: number): boolean =>
  packet.destination === probe.destination &&
  (packet.sourcePort === 0
    ? packet.source === probe.source
    : packet.sourcePort === port && packet.destinationPort === probe.port)
