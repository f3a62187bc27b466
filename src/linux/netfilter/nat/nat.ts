/** NAT at the hooks: first packets meet the rules of the nat table, all packets are rewritten. Models nf_nat_core.c nf_nat_inet_fn and nf_nat_proto.c. */
import * as ipv4 from "../../../wire/ipv4.ts"
import { routeMeHarder } from "../../ip/route-me-harder.ts"
import type { NetDevice } from "../../netdev.ts"
import type { NetNamespace } from "../../netns.ts"
import type { Skb } from "../../skb.ts"
import { CtInfo, ctDirection, type NfConn, type Tuple } from "../conntrack/entry.ts"
import { type NfCause, NfHook, type NfHookOps, NfVerdict } from "../hook.ts"
import { natInitialized, natNullBinding } from "./core.ts"
import { forgetMasqueraded } from "./masquerade.ts"
import { manipOf, natIcmpReply, natPacket } from "./packet.ts"
import { stateOf } from "./state.ts"

const { PRE_ROUTING, LOCAL_IN, LOCAL_OUT, POST_ROUTING } = NfHook
/** NF_IP_PRI_NAT_DST and _SRC. */
const PRIORITIES: readonly (readonly [NfHook, number])[] = [
  [PRE_ROUTING, -100],
  [LOCAL_IN, 100],
  [LOCAL_OUT, -100],
  [POST_ROUTING, 100],
]

export class Nat {
  readonly #net: NetNamespace
  /** Chains of the nat table by hook. */
  readonly #chains = new Map<NfHook, readonly NfHookOps[]>()
  /** Mapped connections by their source. */
  readonly #bySource = new Map<number, NfConn[]>()
  #registered = false
  #watching = false

  constructor(net: NetNamespace) {
    this.#net = net
  }

  /** A chain of first packets. The first one brings NAT into the namespace, at all four hooks. */
  addChain(hook: NfHook, ops: NfHookOps): void {
    const chains = this.#chains.get(hook) ?? []
    this.#chains.set(
      hook,
      [...chains, ops].sort((a, b) => a.priority - b.priority),
    )
    if (this.#registered) return
    this.#registered = true
    stateOf(this.#net).conntrack.onDestroy = (ct) => this.forget(ct)
    for (const [at, priority] of PRIORITIES) this.#net.hooks.register(at, new NatHook(this, priority))
  }

  removeChain(hook: NfHook, ops: NfHookOps): void {
    this.#chains.set(
      hook,
      this.chains(hook).filter((other) => other !== ops),
    )
  }

  chains(hook: NfHook): readonly NfHookOps[] {
    return this.#chains.get(hook) ?? []
  }

  remember(ct: NfConn): void {
    const key = sourceKey(ct.original)
    const list = this.#bySource.get(key)
    if (list === undefined) this.#bySource.set(key, [ct])
    else list.push(ct)
  }

  forget(ct: NfConn): void {
    const key = sourceKey(ct.original)
    const left = this.#bySource.get(key)?.filter((other) => other !== ct) ?? []
    if (left.length === 0) this.#bySource.delete(key)
    else this.#bySource.set(key, left)
  }

  /** Connections of the same source, the last first. */
  bySource(tuple: Tuple): readonly NfConn[] {
    return [...(this.#bySource.get(sourceKey(tuple)) ?? [])].reverse()
  }

  /** From now on devices and addresses that go take their masqueraded connections along. */
  watchDevices(): void {
    if (this.#watching) return
    this.#watching = true
    this.#net.kernel.netlinkListeners.push((net, event) => {
      if (net === this.#net && (event === "link" || event === "addr")) forgetMasqueraded(net)
    })
  }
}

const sourceKey = ({ source, sourcePort, protocol }: Tuple): number =>
  (source * 0x1_0000 + sourcePort) * 32 + (protocol & 31)

class NatHook implements NfHookOps {
  readonly name = "nat"
  readonly priority: number
  readonly #nat: Nat
  #decided: NfHookOps | undefined

  constructor(nat: Nat, priority: number) {
    this.#nat = nat
    this.priority = priority
  }

  get decided(): NfCause | undefined {
    return this.#decided?.decided
  }

  hook(
    net: NetNamespace,
    hook: NfHook,
    skb: Skb,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): NfVerdict {
    const ct = skb.nfct
    if (ct === undefined) return NfVerdict.ACCEPT
    const { ctinfo } = skb
    const related = ctinfo === CtInfo.RELATED || ctinfo === CtInfo.RELATED_REPLY
    if (related && ipv4.protocol(skb.view, skb.networkHeader) === ipv4.IpProtocol.ICMP)
      return natIcmpReply(ct, ctinfo, hook, skb) ? NfVerdict.ACCEPT : NfVerdict.DROP
    const manip = manipOf(hook)
    if ((related || ctinfo === CtInfo.NEW) && !natInitialized(ct, manip)) {
      const verdict = this.#bind(net, ct, hook, skb, input, output, manip)
      if (verdict !== NfVerdict.ACCEPT) return verdict
    } else if (movedAway(ct, ctinfo, hook, output)) {
      stateOf(net).conntrack.kill(ct)
      return NfVerdict.DROP
    }
    natPacket(ct, ctinfo, hook, skb)
    return hook === LOCAL_OUT ? reroute(net, ct, ctinfo, skb) : NfVerdict.ACCEPT
  }

  /** The rules decide about the first packet; without any, everything stays as it is. */
  #bind(
    net: NetNamespace,
    ct: NfConn,
    hook: NfHook,
    skb: Skb,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
    manip: number,
  ): NfVerdict {
    for (const chain of this.#nat.chains(hook)) {
      const verdict = chain.hook(net, hook, skb, input, output)
      if (verdict !== NfVerdict.ACCEPT) {
        this.#decided = chain
        return verdict
      }
      if (natInitialized(ct, manip)) return NfVerdict.ACCEPT
    }
    return natNullBinding(net, ct, manip)
  }
}

/** A masqueraded connection now leaves by another device: it cannot go on. Models nf_nat_oif_changed. */
const movedAway = (ct: NfConn, ctinfo: number, hook: NfHook, output: NetDevice | undefined): boolean =>
  ct.masqueradeIndex !== 0 &&
  hook === POST_ROUTING &&
  ctDirection(ctinfo) === 0 &&
  output !== undefined &&
  output.ifindex !== ct.masqueradeIndex

/** A packet of this machine whose destination changed needs another way. Models nf_nat_ipv4_local_fn. */
function reroute(net: NetNamespace, ct: NfConn, ctinfo: number, skb: Skb): NfVerdict {
  const direction = ctDirection(ctinfo)
  if (ct.tuple(direction).destination === ct.tuple(1 - direction).source) return NfVerdict.ACCEPT
  return routeMeHarder(net, skb) ? NfVerdict.ACCEPT : NfVerdict.DROP
}
