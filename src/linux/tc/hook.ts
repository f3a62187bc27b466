/**
 * Programs at a device's door: on ingress after the packet taps and before the bridge and IP, on egress before queueing and the taps.
 * Models tcx (kernel 6.6 and newer) and, for what they may answer, net/sched/cls_bpf.c direct action. See net/core/dev.c sch_handle_ingress
 * and sch_handle_egress.
 */

import { TraceKind } from "../../sim/trace.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import type { NetDevice } from "../netdev.ts"
import type { Skb } from "../skb.ts"

/** What a program answers. Models include/uapi/linux/pkt_cls.h TC_ACT_*; UNSPEC (TCX_NEXT) asks the next program. */
export const TcAct = { UNSPEC: -1, OK: 0, SHOT: 2, STOLEN: 4, REDIRECT: 7 } as const
export type TcAct = (typeof TcAct)[keyof typeof TcAct]

/** A loaded program, as `bpftool net` and `tc filter show` list it. */
export interface TcProgram {
  /** `cil_from_container`: as in the source; listings cut it at 15 characters where the kernel does. */
  readonly name: string
  /** Given by the machine when it is loaded. */
  readonly id: number
  /** The program's tag: 16 hexadecimal digits of its instructions' hash. */
  readonly tag: string
  /** The id of the link that holds it (tcx). */
  readonly linkId: number
  /**
   * `skb.data` stands at the Ethernet header, and the program may change the bytes (after `skb.cow()`) and the mark. REDIRECT takes the packet
   * over: the program has sent it on, as bpf_redirect would once it returns. SHOT leaves it to the caller to be dropped.
   */
  run(skb: Skb, dev: NetDevice): TcAct
  /** What the last SHOT was about, for the trace. */
  cause?(): TcCause | undefined
}

/** Why a program dropped a packet. */
export interface TcCause {
  /** In the program's own words: `Policy denied`. */
  readonly text: string
  /** What decided: an event, a map's entry. */
  readonly object: unknown
}

/** The programs of one direction, in the order they run. */
export class TcHook {
  readonly programs: TcProgram[] = []

  /** Runs the programs; true when the packet goes on. A packet that does not is no longer the caller's. */
  run(dev: NetDevice, skb: Skb, ingress: boolean): boolean {
    for (const program of this.programs) {
      const { id } = skb
      const act = program.run(skb, dev)
      const { trace } = dev.net
      if (trace.on !== 0) trace.emit(TraceKind.TC_PROGRAM, id, dev.net.id, dev.ifindex, act, program)
      if (act === TcAct.UNSPEC) continue
      if (act === TcAct.OK) return true
      if (act === TcAct.SHOT) shoot(dev, skb, ingress, program)
      return false
    }
    return true
  }
}

function shoot(dev: NetDevice, skb: Skb, ingress: boolean, program: TcProgram): void {
  const cause = program.cause?.() ?? program
  kfreeSkb(dev.net, skb, ingress ? DropReason.TC_INGRESS : DropReason.TC_EGRESS, cause)
}

/** Appends a program. Models BPF_LINK_CREATE with BPF_TCX_INGRESS or BPF_TCX_EGRESS. */
export function tcAttach(dev: NetDevice, ingress: boolean, program: TcProgram): void {
  const hook = (ingress ? dev.tcIngress : dev.tcEgress) ?? new TcHook()
  hook.programs.push(program)
  if (ingress) dev.tcIngress = hook
  else dev.tcEgress = hook
}

/** Takes a program away; false when it is not there. */
export function tcDetach(dev: NetDevice, ingress: boolean, program: TcProgram): boolean {
  const hook = ingress ? dev.tcIngress : dev.tcEgress
  const at = hook?.programs.indexOf(program) ?? -1
  if (hook === undefined || at < 0) return false
  hook.programs.splice(at, 1)
  if (hook.programs.length > 0) return true
  if (ingress) dev.tcIngress = undefined
  else dev.tcEgress = undefined
  return true
}

/** One attached program, for listings. */
export interface TcAttachment {
  readonly dev: NetDevice
  readonly ingress: boolean
  readonly program: TcProgram
}

/** What hangs on a device, ingress first. */
export function tcAttachments(dev: NetDevice): TcAttachment[] {
  return [
    ...(dev.tcIngress?.programs ?? []).map((program) => ({ dev, ingress: true, program })),
    ...(dev.tcEgress?.programs ?? []).map((program) => ({ dev, ingress: false, program })),
  ]
}
