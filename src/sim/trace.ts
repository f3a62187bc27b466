/**
 * The record of what happened to packets. Off, it costs one integer test a stage; on, each stage writes one typed record, and text is
 * made only when somebody reads it.
 */

/** What a record says. Names follow the kernel's tracepoints and functions. */
export const TraceKind = {
  NET_DEV_XMIT: 1,
  NETIF_RECEIVE_SKB: 2,
  FIB_LOOKUP: 3,
  NEIGH_OUTPUT: 4,
  BR_FORWARD: 5,
  BR_FLOOD: 6,
  VXLAN_XMIT: 7,
  VXLAN_RCV: 8,
  IP_FORWARD: 9,
  IP_LOCAL_DELIVER: 10,
  KFREE_SKB: 11,
  NF_HOOK: 12,
  TC_PROGRAM: 13,
} as const
export type TraceKind = (typeof TraceKind)[keyof typeof TraceKind]

/** One record as it is read back. */
export interface TraceEvent {
  /** Virtual nanoseconds. */
  time: number
  kind: TraceKind
  /** The packet's identity, kept through clones and encapsulation. */
  packet: number
  /** The namespace's id, unique in the simulation. */
  net: number
  /** The device's ifindex, 0 when none is concerned. */
  ifindex: number
  /** A drop reason, an ifindex, a VNI: what the kind says. */
  value: number
  /** What decided: a route, an FDB row, a neighbour, a rule. */
  object: unknown
}

export class Trace {
  /** 0: nothing is recorded. Test it before calling {@link emit}. */
  on = 0
  readonly #clock: { readonly now: number }
  #records: TraceEvent[] = []

  constructor(clock: { readonly now: number }) {
    this.#clock = clock
  }

  /** Records until {@link stop}. Several may listen at once, each from its own beginning. Returns what stop wants. */
  start(): number {
    if (this.on++ === 0) this.#records = []
    return this.#records.length
  }

  /** Ends one recording and returns what happened since it began. */
  stop(from: number): readonly TraceEvent[] {
    if (this.on > 0) this.on--
    return this.#records.slice(from)
  }

  emit(kind: TraceKind, packet: number, net: number, ifindex: number, value: number, object?: unknown): void {
    this.#records.push({ time: this.#clock.now, kind, packet, net, ifindex, value, object })
  }
}
