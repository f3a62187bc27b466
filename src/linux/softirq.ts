/**
 * The receive backlog of a machine: frames that veth, loopback and the like hand over wait here for the NET_RX softirq, a few microseconds.
 * One FIFO with one pending event. Models net/core/dev.c netif_rx and process_backlog.
 */
import type { EventHandler } from "../sim/event-queue.ts"
import { MICROSECOND, type Simulation } from "../sim/simulation.ts"
import { FrameQueue } from "./frame-queue.ts"
import { ethTypeTrans, type NetDevice, netifReceiveSkb } from "./netdev.ts"
import type { Skb } from "./skb.ts"

/** What a softirq's turn costs here; two hops of it are a veth pair's share of a ping on a small VM. */
export const SOFTIRQ_DELAY: number = 10 * MICROSECOND

export class Backlog implements EventHandler {
  readonly #sim: Simulation
  readonly #queue = new FrameQueue()
  /** An event is pending. One is enough, however many frames wait. */
  #armed = false

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Queues a frame that stands at its Ethernet header, for reception on `dev`. */
  enqueue(dev: NetDevice, skb: Skb): void {
    if (this.#queue.empty) this.#arm(SOFTIRQ_DELAY)
    this.#queue.push(dev, skb, this.#sim.now + SOFTIRQ_DELAY)
  }

  /** Receives everything that is due. */
  fire(): void {
    const queue = this.#queue
    const now = this.#sim.now
    this.#armed = false
    while (!queue.empty && queue.time <= now) {
      const dev = queue.dev
      const skb = queue.take()
      ethTypeTrans(skb, dev)
      netifReceiveSkb(dev, skb)
    }
    // The frame that came last may have armed the queue itself.
    if (!queue.empty && !this.#armed) this.#arm(queue.time - now)
  }

  #arm(delay: number): void {
    this.#armed = true
    this.#sim.schedule(delay, this, 0)
  }
}
