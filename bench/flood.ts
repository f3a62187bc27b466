/** The two machines of test/support/world.ts with their neighbours resolved, and a flood through them. */

import { UdpSocket } from "../src/linux/inet/udp-socket.ts"
import type { UdpEndpoint } from "../src/linux/inet/udp-table.ts"
import type { Skb } from "../src/linux/skb.ts"
import { MILLISECOND } from "../src/sim/simulation.ts"
import { ipv4 } from "../src/wire/address.ts"
import { createWorld, ok, type World } from "../test/support/world.ts"

/** Packets on their way at once: what a sender of the real kernel has in the queues of a veth pair, about. */
const IN_FLIGHT = 48
const PORT = 9000

/** Counts what arrives: the receiving program's own time is not the network's. */
class Counter implements UdpEndpoint {
  localAddress = 0
  localPort = PORT
  remoteAddress = 0
  remotePort = 0
  readonly mark = 0
  readonly transparent = false
  readonly reuse = false
  received = 0
  bytes = 0

  receive(skb: Skb): void {
    this.received++
    this.bytes += skb.length
    skb.free()
  }

  error(errno: string): void {
    throw new Error(`the flood was refused: ${errno}`)
  }
}

/** A UDP flood from the first machine's pod to the second's. */
export class Flood {
  readonly world: World
  readonly #socket: UdpSocket
  readonly #counter = new Counter()
  readonly #data: Uint8Array

  constructor(payload: number, world: World = createWorld()) {
    this.world = world
    const [a, b] = world.machines
    ok(b.pod.udp.bind(this.#counter) === undefined ? undefined : { errno: "EADDRINUSE" })
    this.#socket = new UdpSocket(a.pod)
    this.#data = new Uint8Array(payload).fill(0x55)
    const refused = this.#socket.connect(ipv4("10.244.2.2"), PORT)
    if (refused !== undefined) throw new Error(refused)
    this.run(1)
    this.world.sim.runFor(100 * MILLISECOND)
  }

  /** Sends `count` datagrams in bursts and sees every one of them arrive. */
  run(count: number): void {
    const { sim } = this.world
    const before = this.#counter.received
    for (let left = count; left > 0; left -= IN_FLIGHT) {
      for (let i = Math.min(left, IN_FLIGHT); i > 0; i--) this.#socket.send(this.#data)
      sim.runFor(MILLISECOND)
    }
    if (count > 1 && this.#counter.received - before !== count)
      throw new Error(`${count} sent, ${this.#counter.received - before} arrived: this is no measurement`)
  }
}
