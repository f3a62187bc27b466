/** Tables of rules and how packets go through them. Models ip_tables' ipt_do_table on nf_tables' chains. */

import { routeMeHarder } from "../../ip/route-me-harder.ts"
import type { NetDevice } from "../../netdev.ts"
import type { NetNamespace } from "../../netns.ts"
import type { Skb } from "../../skb.ts"
import { type NfCause, NfHook, type NfHookOps, NfVerdict } from "../hook.ts"
import { netfilterOf } from "../netfilter.ts"
import { type BaseChain, Chain } from "./chain.ts"
import { XtPacket } from "./packet.ts"
import { type Rule, XtVerdict } from "./rule.ts"
import { ruleText } from "./save.ts"

export interface TableSpec {
  readonly name: string
  readonly chains: readonly BaseChain[]
}

const { PRE_ROUTING, LOCAL_IN, FORWARD, LOCAL_OUT, POST_ROUTING } = NfHook
const NAMES = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] as const

const bases = (priority: number, ...hooks: NfHook[]): BaseChain[] =>
  hooks.map((hook) => ({ name: NAMES[hook] as string, hook, priority }))

/** In the order in which iptables-save writes them. */
export const TABLES: readonly TableSpec[] = [
  { name: "mangle", chains: bases(-150, PRE_ROUTING, LOCAL_IN, FORWARD, LOCAL_OUT, POST_ROUTING) },
  { name: "security", chains: bases(50, LOCAL_IN, FORWARD, LOCAL_OUT) },
  { name: "raw", chains: bases(-300, PRE_ROUTING, LOCAL_OUT) },
  { name: "filter", chains: bases(0, LOCAL_IN, FORWARD, LOCAL_OUT) },
  {
    name: "nat",
    chains: [
      ...bases(-100, PRE_ROUTING),
      ...bases(100, LOCAL_IN),
      ...bases(-100, LOCAL_OUT),
      ...bases(100, POST_ROUTING),
    ],
  },
]

/** Packets being judged, one inside the other: a rule may send a packet, which meets the rules again. */
const packets: XtPacket[] = []
let depth = 0

/** What decided about the packet that was dropped last. */
const decision: { rule: Rule | undefined; chain: Chain | undefined } = { rule: undefined, chain: undefined }

function causeOf(table: string, chain: Chain): NfCause {
  const { rule } = decision
  if (rule === undefined) return { text: `-t ${table} -P ${chain.name} ${chain.policy}`, origin: undefined }
  return { text: `-t ${table} -A ${chain.name}${ruleText(rule)}`, origin: rule.origin }
}

/** Sends a packet through a chain of a hook; an NfVerdict. */
export function runChain(
  chain: Chain,
  net: NetNamespace,
  hook: NfHook,
  skb: Skb,
  input: NetDevice | undefined,
  output: NetDevice | undefined,
): NfVerdict {
  const packet = (packets[depth] ??= new XtPacket())
  depth++
  packet.set(net, hook, skb, input, output)
  const verdict = walk(chain, packet)
  depth--
  if (verdict >= 0) return verdict as NfVerdict
  if (chain.counting) {
    chain.packets++
    chain.bytes += skb.tail - skb.networkHeader
  }
  if (chain.policy === "ACCEPT") return NfVerdict.ACCEPT
  decision.rule = undefined
  decision.chain = chain
  return NfVerdict.DROP
}

/** OUTPUT of the mangle table: a packet whose mark changed is routed anew. Models nf_route_table_hook4. */
function runRouteChain(
  chain: Chain,
  net: NetNamespace,
  hook: NfHook,
  skb: Skb,
  input: NetDevice | undefined,
  output: NetDevice | undefined,
): NfVerdict {
  const { mark } = skb
  const verdict = runChain(chain, net, hook, skb, input, output)
  if (verdict !== NfVerdict.ACCEPT || skb.mark === mark) return verdict
  return routeMeHarder(net, skb) ? NfVerdict.ACCEPT : NfVerdict.DROP
}

function walk(start: Chain, packet: XtPacket): number {
  let rules = start.rules
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as Rule
    if (!rule.fits(packet)) continue
    rule.packets++
    rule.bytes += packet.skb.tail - packet.skb.networkHeader
    const { action } = rule
    let verdict: number = XtVerdict.CONTINUE
    if (action.kind === "verdict") verdict = action.verdict
    else if (action.kind === "target") verdict = action.target.apply(packet)
    else if (action.kind === "jump") {
      if (action.goto) {
        // The other chain's end is this one's.
        rules = action.chain.rules
        i = -1
        continue
      }
      verdict = walk(action.chain, packet)
      if (verdict === XtVerdict.RETURN) continue
      if (verdict >= 0) return verdict
    }
    if (verdict === XtVerdict.CONTINUE) continue
    if (verdict === XtVerdict.DROP) {
      decision.rule = rule
      decision.chain = start
    }
    return verdict
  }
  return XtVerdict.RETURN
}

/** A table to be shown. */
export interface TableView {
  readonly name: string
  readonly chains: ReadonlyMap<string, Chain>
  listed(): Chain[]
}

/** The hooks' chains in their order, then the others by name. */
export function listedChains(spec: TableSpec, chains: ReadonlyMap<string, Chain>): Chain[] {
  const own: Chain[] = []
  for (const chain of chains.values()) if (chain.base === undefined) own.push(chain)
  own.sort((a, b) => (a.name < b.name ? -1 : 1))
  return [...spec.chains.map(({ name }) => chains.get(name) as Chain), ...own]
}

export class XtTable implements TableView {
  readonly name: string
  readonly spec: TableSpec
  /** All chains, those of hooks too, in order of birth. */
  chains: Map<string, Chain> = new Map()
  /** It was made in the kernel, by a first command. */
  present = false
  readonly #hooked = new Map<Chain, NfHookOps>()

  constructor(spec: TableSpec) {
    this.spec = spec
    this.name = spec.name
    for (const base of spec.chains) this.chains.set(base.name, new Chain(base.name, base))
  }

  listed(): Chain[] {
    return listedChains(this.spec, this.chains)
  }

  /** The chain was made in the kernel. */
  isHooked(chain: Chain): boolean {
    return this.#hooked.has(chain)
  }

  /** Registers a hook's chain with netfilter. */
  hookUp(net: NetNamespace, chain: Chain): void {
    const { base } = chain
    if (base === undefined || this.#hooked.has(chain)) return
    const table = this.name
    const run = this.name === "mangle" && base.hook === LOCAL_OUT ? runRouteChain : runChain
    const ops: NfHookOps = {
      priority: base.priority,
      name: `${this.name}/${chain.name}`,
      hook: (_net, hook, skb, input, output) => run(chain, net, hook, skb, input, output),
      get decided(): NfCause {
        return causeOf(table, decision.chain ?? chain)
      },
    }
    this.#hooked.set(chain, ops)
    if (this.name === "nat") netfilterOf(net).nat.addChain(base.hook, ops)
    else net.hooks.register(base.hook, ops)
  }
  /** Takes a hook's chain out again; it begins anew. */
  unhook(net: NetNamespace, chain: Chain): void {
    const ops = this.#hooked.get(chain)
    const { base } = chain
    if (ops === undefined || base === undefined) return
    this.#hooked.delete(chain)
    Object.assign(chain, { counting: false, packets: 0, bytes: 0 })
    if (this.name === "nat") netfilterOf(net).nat.removeChain(base.hook, ops)
    else net.hooks.unregister(base.hook, ops)
  }
}
