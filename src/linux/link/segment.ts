/**
 * A shared Ethernet: the switch that joins the machines' NICs. Time passes here and nowhere else on the way: every frame takes the
 * segment's delay. Loss, corruption and jitter (netem's terms) come from the segment's own random stream.
 */

import type { EventHandler } from "../../sim/event-queue.ts"
import type { Prng } from "../../sim/prng.ts"
import { MICROSECOND, type Simulation } from "../../sim/simulation.ts"
import * as ethernetHeader from "../../wire/ethernet.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { FrameQueue } from "../frame-queue.ts"
import { countTx, type DeviceOps, ethTypeTrans, type NetDevice, netifReceiveSkb } from "../netdev.ts"
import { NumberMap } from "../number-map.ts"
import type { Skb } from "../skb.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }

export interface SegmentOptions {
  /** One way, in nanoseconds (100 µs). */
  delay?: number
  /** Share of frames lost, 0 to 1 (0). */
  loss?: number
  /** Added to the delay, uniformly between 0 and this, in nanoseconds; reorders frames (0). */
  jitter?: number
  /** Share of frames delivered twice, 0 to 1 (0). */
  duplicate?: number
}

export class Segment implements EventHandler {
  readonly sim: Simulation
  readonly name: string
  options: Required<SegmentOptions>
  readonly #prng: Prng
  readonly #ports: NetDevice[] = []
  /** Where each MAC address was last seen. */
  readonly #fdb = new NumberMap<NetDevice>()
  /** Frames on their way, in order of arrival while there is no jitter. */
  readonly #flying = new FrameQueue()

  constructor(sim: Simulation, name: string, options: SegmentOptions = {}) {
    this.sim = sim
    this.name = name
    this.options = { delay: 100 * MICROSECOND, loss: 0, jitter: 0, duplicate: 0, ...options }
    this.#prng = sim.prng.fork(`segment/${name}`)
  }

  attach(dev: NetDevice): void {
    this.#ports.push(dev)
  }

  detach(dev: NetDevice): void {
    const at = this.#ports.indexOf(dev)
    if (at >= 0) this.#ports.splice(at, 1)
    this.#fdb.deleteWhere((port) => port === dev)
  }

  /** Takes a frame from one of the NICs. */
  transmit(from: NetDevice, skb: Skb): void {
    const { loss, jitter, duplicate, delay } = this.options
    if (loss > 0 && this.#prng.unit() < loss) {
      kfreeSkb(from.net, skb, DropReason.NOT_SPECIFIED, this)
      return
    }
    if (duplicate > 0 && this.#prng.unit() < duplicate) this.#fly(from, skb.clone(), delay)
    this.#fly(from, skb, jitter > 0 ? delay + this.#prng.below(jitter) : delay)
  }

  #fly(from: NetDevice, skb: Skb, delay: number): void {
    if (this.options.jitter > 0) {
      this.sim.schedule(delay, { fire: () => this.#arrive(from, skb) }, 0)
      return
    }
    if (this.#flying.empty) this.sim.schedule(delay, this, 0)
    this.#flying.push(from, skb, this.sim.now + delay)
  }

  /** The frame that left first arrives; the next one's arrival is the next event. */
  fire(): void {
    const flying = this.#flying
    if (flying.empty) return
    const from = flying.dev
    const skb = flying.take()
    if (!flying.empty) this.sim.schedule(flying.time - this.sim.now, this, 0)
    this.#arrive(from, skb)
  }

  #arrive(from: NetDevice, skb: Skb): void {
    const to = ethernet.destination(skb.view, skb.data)
    this.#fdb.set(ethernet.source(skb.view, skb.data), from)
    const port = ethernet.isGroup(skb.view, skb.data) ? undefined : this.#fdb.get(to)
    if (port !== undefined) {
      if (port === from) skb.free()
      else receive(port, skb)
      return
    }
    for (const other of this.#ports) if (other !== from) receive(other, skb.clone())
    skb.free()
  }
}

function receive(dev: NetDevice, skb: Skb): void {
  if (!dev.up) {
    kfreeSkb(dev.net, skb, DropReason.DEV_READY)
    return
  }
  ethTypeTrans(skb, dev)
  netifReceiveSkb(dev, skb)
}

/** A network card on a segment. Its wire carries finished checksums: nothing is left to offload. */
export const ethernetOps: DeviceOps = {
  kind: "",
  startXmit(dev, skb) {
    countTx(dev, skb.length)
    // A wire carries bytes and nothing else.
    skb.scrub(true)
    ;(dev.priv as Segment).transmit(dev, skb)
  },
  uninit(dev) {
    ;(dev.priv as Segment).detach(dev)
  },
}
