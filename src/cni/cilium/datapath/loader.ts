/** Loading programs and hanging them on devices. Models pkg/datapath/loader: tcx links, one program a device and direction. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { NetDevice } from "../../../linux/netdev.ts"
import type { Skb } from "../../../linux/skb.ts"
import { type TcAct, type TcCause, type TcProgram, tcAttach, tcDetach } from "../../../linux/tc/hook.ts"
import type { DropNotify } from "../monitor/event.ts"
import { dropText } from "./drop.ts"
import type { ProgramContext } from "./programs/context.ts"

type Run = (skb: Skb, dev: NetDevice) => TcAct

/** Tail calls load along with an entry program and take ids too. */
const TAIL_CALLS = 12

const causeOf = (event: DropNotify | undefined): TcCause | undefined =>
  event === undefined ? undefined : { text: dropText(event.reason), object: event }

export class Loader {
  readonly #kernel: Kernel
  readonly #context: ProgramContext
  #nextId: number
  #nextLink = 1

  constructor(kernel: Kernel, context: ProgramContext) {
    this.#kernel = kernel
    this.#context = context
    // The system's own programs (systemd's, the container runtime's) came first.
    this.#nextId = 100 + kernel.prng.fork("bpf/ids").below(400)
  }

  /** Attaches a program, in place of one of the same name. */
  attach(dev: NetDevice, ingress: boolean, name: string, run: Run): void {
    this.detach(dev, ingress, name)
    this.#nextId += 1 + TAIL_CALLS
    const program: TcProgram = {
      name,
      id: this.#nextId,
      tag: this.#kernel.prng.fork(`bpf/tag/${name}`).hex(16),
      linkId: this.#nextLink++,
      run,
      cause: () => causeOf(this.#context.lastDrop),
    }
    tcAttach(dev, ingress, program)
  }

  detach(dev: NetDevice, ingress: boolean, name: string): void {
    const programs = (ingress ? dev.tcIngress : dev.tcEgress)?.programs ?? []
    for (const program of [...programs]) if (program.name === name) tcDetach(dev, ingress, program)
  }
}
