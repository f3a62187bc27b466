/** What netfilter keeps of a namespace, made when somebody first asks for it: tables, connections, mappings. */
import type { Prng } from "../../sim/prng.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import { Conntrack } from "./conntrack/core.ts"
import { NfHook, type NfHookOps, NfVerdict } from "./hook.ts"
import { Nat } from "./nat/nat.ts"
import type { XtTable } from "./xtables/table.ts"

const { PRE_ROUTING, LOCAL_IN, LOCAL_OUT, POST_ROUTING } = NfHook
const DEFRAG = -400
const CONNTRACK = -200
/** After everything else: NF_IP_PRI_CONNTRACK_CONFIRM. */
const CONFIRM = 0x7fffffff

export class Netfilter {
  readonly net: NetNamespace
  readonly conntrack: Conntrack
  readonly nat: Nat
  /** For `statistic --mode random` and for ports. */
  readonly prng: Prng
  tables: readonly XtTable[] | undefined
  /** How many rules, and other users, need connections to be tracked. */
  #users = 0
  readonly #hooks: readonly (readonly [NfHook, NfHookOps])[]

  constructor(net: NetNamespace) {
    this.net = net
    this.conntrack = new Conntrack(net)
    this.nat = new Nat(net)
    this.prng = net.prng.fork("netfilter")
    const { conntrack } = this
    const defrag: NfHookOps = { name: "defrag", priority: DEFRAG, hook: (where, _hook, skb) => defragment(where, skb) }
    const track: NfHookOps = {
      name: "conntrack",
      priority: CONNTRACK,
      hook: (_net, hook, skb) => conntrack.track(hook, skb),
    }
    const confirm: NfHookOps = {
      name: "conntrack",
      priority: CONFIRM,
      hook: (_net, _hook, skb) => (skb.nfct === undefined ? NfVerdict.ACCEPT : conntrack.confirm(skb)),
    }
    this.#hooks = [
      [PRE_ROUTING, defrag],
      [PRE_ROUTING, track],
      [LOCAL_OUT, track],
      [POST_ROUTING, confirm],
      [LOCAL_IN, confirm],
    ]
  }

  /** Somebody more, or fewer, wants connections tracked; the hooks come with the first and go with the last. Models nf_ct_netns_get and _put. */
  use(change: number): void {
    const before = this.#users
    this.#users += change
    if (before === 0 && this.#users > 0) for (const [hook, ops] of this.#hooks) this.net.hooks.register(hook, ops)
    else if (before > 0 && this.#users === 0)
      for (const [hook, ops] of this.#hooks) this.net.hooks.unregister(hook, ops)
  }
}

/** A namespace's netfilter. Code that only asks whether there is any reads `net.netfilter`. */
export function netfilterOf(net: NetNamespace): Netfilter {
  net.netfilter ??= new Netfilter(net)
  return net.netfilter
}

/** Trackers look at whole datagrams. Models nf_defrag_ipv4.c ipv4_conntrack_defrag. */
function defragment(net: NetNamespace, skb: Skb): NfVerdict {
  if (!ipv4.isFragment(skb.view, skb.networkHeader)) return NfVerdict.ACCEPT
  return net.fragments.defrag(skb) ? NfVerdict.ACCEPT : NfVerdict.STOLEN
}
