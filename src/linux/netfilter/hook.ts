/** The five places where netfilter looks at an IPv4 packet. Models net/netfilter/core.c. */
import { TraceKind } from "../../sim/trace.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { checksumHelp, type NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, type Skb } from "../skb.ts"

export const NfHook = { PRE_ROUTING: 0, LOCAL_IN: 1, FORWARD: 2, LOCAL_OUT: 3, POST_ROUTING: 4 } as const
export type NfHook = (typeof NfHook)[keyof typeof NfHook]

/** STOLEN: the function took the packet and will free it or send it on itself. */
export const NfVerdict = { DROP: 0, ACCEPT: 1, STOLEN: 2 } as const
export type NfVerdict = (typeof NfVerdict)[keyof typeof NfVerdict]

/** What inside a hook dropped a packet: a rule, a chain's policy. */
export interface NfCause {
  /** As a command would have made it: `-t filter -A FORWARD -p tcp -j DROP`. */
  readonly text: string
  /** What made the rule: a command, a controller. */
  readonly origin: string | undefined
}

export interface NfHookOps {
  /** Lower runs first: conntrack -200, mangle -150, dstnat -100, filter 0, srcnat 100. */
  readonly priority: number
  /** `nat`, `filter/FORWARD`: for explanations. */
  readonly name?: string
  /** What inside it dropped the last packet it dropped. */
  readonly decided?: NfCause | undefined
  /** `skb.networkHeader` stands at the IPv4 header. */
  hook(
    net: NetNamespace,
    hook: NfHook,
    skb: Skb,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): NfVerdict
}

export class NfHooks {
  /** Replaced, never changed: a function may register others while a packet is being looked at. */
  readonly #chains: (readonly NfHookOps[])[] = [[], [], [], [], []]
  /** A bit a hook point that has functions. */
  #active = 0

  /** Some hook point has functions. */
  get any(): boolean {
    return this.#active !== 0
  }

  register(hook: NfHook, ops: NfHookOps): void {
    const chain = this.#chains[hook] as readonly NfHookOps[]
    this.#chains[hook] = [...chain, ops].sort((a, b) => a.priority - b.priority)
    this.#active |= 1 << hook
  }

  unregister(hook: NfHook, ops: NfHookOps): void {
    const left = (this.#chains[hook] as readonly NfHookOps[]).filter((other) => other !== ops)
    this.#chains[hook] = left
    if (left.length === 0) this.#active &= ~(1 << hook)
  }

  /** True when the packet goes on. A dropped packet has been freed. Small, so that a hook point without functions costs one test. */
  pass(
    net: NetNamespace,
    hook: NfHook,
    skb: Skb,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): boolean {
    return (this.#active & (1 << hook)) === 0 || this.#run(net, hook, skb, input, output)
  }

  #run(
    net: NetNamespace,
    hook: NfHook,
    skb: Skb,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): boolean {
    // Functions may look at the bytes.
    if (skb.ipSummed === IpSummed.PROMISED) checksumHelp(skb)
    for (const ops of this.#chains[hook] as readonly NfHookOps[]) {
      const verdict = ops.hook(net, hook, skb, input, output)
      if (verdict === NfVerdict.ACCEPT) continue
      const trace = net.trace
      if (trace.on !== 0) trace.emit(TraceKind.NF_HOOK, skb.id, net.id, skb.dev?.ifindex ?? 0, hook, ops)
      if (verdict === NfVerdict.DROP) drop(net, skb, ops)
      return false
    }
    return true
  }
}

/** Who reads the trace is told what decided; for nobody it is not written. */
function drop(net: NetNamespace, skb: Skb, ops: NfHookOps): void {
  kfreeSkb(net, skb, DropReason.NETFILTER_DROP, net.trace.on === 0 ? undefined : (ops.decided ?? ops))
}
