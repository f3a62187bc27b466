/**
 * The receive backlog of a machine: frames that veth, loopback and the like hand over wait here for the NET_RX softirq, a few microseconds.
 * One FIFO with one pending event. Models net/core/dev.c netif_rx and process_backlog.
 */
import type { EventHandler } from "../sim/event-queue.ts"
import { MICROSECOND, type Simulation } from "../sim/simulation.ts"
import { ethTypeTrans, type NetDevice, netifReceiveSkb } from "./netdev.ts"
import type { Skb } from "./skb.ts"

/** What a softirq's turn costs here; two hops of it are a veth pair's share of a ping on a small VM. */
export const SOFTIRQ_DELAY: number = 10 * MICROSECOND

export class Backlog implements EventHandler {
  readonly #sim: Simulation
  #devices: NetDevice[] = []
  #packets: Skb[] = []
  #times: number[] = []
  #head = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Queues a frame that stands at its Ethernet header, for reception on `dev`. */
  enqueue(dev: NetDevice, skb: Skb): void {
    const idle = this.#head === this.#packets.length
    this.#devices.push(dev)
    this.#packets.push(skb)
    this.#times.push(this.#sim.now + SOFTIRQ_DELAY)
    if (idle) this.#sim.schedule(SOFTIRQ_DELAY, this, 0)
  }

  /** Receives everything that is due. */
  fire(): void {
    const now = this.#sim.now
    while (this.#head < this.#packets.length && (this.#times[this.#head] as number) <= now) {
      const dev = this.#devices[this.#head] as NetDevice
      const skb = this.#packets[this.#head++] as Skb
      ethTypeTrans(skb, dev)
      netifReceiveSkb(dev, skb)
    }
    if (this.#head === this.#packets.length) {
      this.#devices.length = this.#packets.length = this.#times.length = this.#head = 0
      return
    }
    this.#sim.schedule((this.#times[this.#head] as number) - now, this, 0)
    if (this.#head > 1024) this.#compact()
  }

  #compact(): void {
    this.#devices = this.#devices.slice(this.#head)
    this.#packets = this.#packets.slice(this.#head)
    this.#times = this.#times.slice(this.#head)
    this.#head = 0
  }
}
