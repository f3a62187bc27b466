/** Frames on their way, first in first out: each with the device it concerns and the time it is due. A ring: nothing is allocated a frame. */
import type { NetDevice } from "./netdev.ts"
import type { Skb } from "./skb.ts"

const FIRST_CAPACITY = 64

export class FrameQueue {
  // Three arrays, not one of objects: an object a frame would cost more than the frame's whole way through a bridge.
  #devices: (NetDevice | undefined)[] = new Array(FIRST_CAPACITY)
  #packets: (Skb | undefined)[] = new Array(FIRST_CAPACITY)
  #times = new Float64Array(FIRST_CAPACITY)
  #head = 0
  #size = 0

  get empty(): boolean {
    return this.#size === 0
  }

  push(dev: NetDevice, skb: Skb, time: number): void {
    if (this.#size === this.#times.length) this.#grow()
    const at = (this.#head + this.#size++) & (this.#times.length - 1)
    this.#devices[at] = dev
    this.#packets[at] = skb
    this.#times[at] = time
  }

  /** When the first frame is due; meaningless while {@link empty}. */
  get time(): number {
    return this.#times[this.#head] as number
  }

  /** The first frame's device. */
  get dev(): NetDevice {
    return this.#devices[this.#head] as NetDevice
  }

  /** Takes the first frame out. */
  take(): Skb {
    const at = this.#head
    const skb = this.#packets[at] as Skb
    this.#packets[at] = undefined
    this.#devices[at] = undefined
    this.#head = (at + 1) & (this.#times.length - 1)
    this.#size--
    return skb
  }

  #grow(): void {
    const capacity = this.#times.length
    const order = Array.from({ length: capacity }, (_, i) => (this.#head + i) & (capacity - 1))
    const times = new Float64Array(capacity * 2)
    times.set(order.map((at) => this.#times[at] as number))
    this.#devices = [...order.map((at) => this.#devices[at]), ...new Array<undefined>(capacity)]
    this.#packets = [...order.map((at) => this.#packets[at]), ...new Array<undefined>(capacity)]
    this.#times = times
    this.#head = 0
  }
}
