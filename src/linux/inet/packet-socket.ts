/** Packet sockets: frames as the devices see them, copied once. Models net/packet/af_packet.c. */
import { WaitQueue } from "../../sim/task.ts"
import { csumFold, csumPartial } from "../../wire/checksum.ts"
import type { NetDevice, PacketTap } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, type Skb } from "../skb.ts"
import type { Process } from "../task/process.ts"

/** A frame as it was seen. */
export interface PacketFrame {
  /** Virtual nanoseconds. */
  readonly time: number
  /** The captured bytes, from the Ethernet header on. */
  readonly bytes: Uint8Array
  /** The frame's own length. */
  readonly length: number
  readonly ifindex: number
  readonly device: string
  /** PacketType.*: 4 is outgoing. */
  readonly packetType: number
  /** The packet's identity, the same at every place it passes. */
  readonly packet: number
  /** Rises with every frame seen anywhere on the machines of one world: the order within one instant. */
  readonly serial: number
}

export interface PacketSocketOptions {
  /** One device, or every device of the namespace (`any`). */
  device?: NetDevice
  /** The device takes frames for others too while the socket is open (PACKET_MR_PROMISC). */
  promiscuous?: boolean
  /** Bytes kept of each frame (262144). */
  snaplen?: number
  /** Checksums that are left to whoever puts the frame on a wire are finished in the copy (false: shown as they are, as the kernel shows them). */
  finishChecksums?: boolean
  /** How many bytes of a frame to keep: 0 drops it. Runs in the kernel, before the copy. */
  filter?: (bytes: Uint8Array, offset: number, length: number, dev: NetDevice, outgoing: boolean) => boolean
  /** Frames waiting to be read before new ones are dropped (unlimited: a simulated capture loses nothing). */
  ring?: number
}

export class PacketSocket implements PacketTap {
  readonly net: NetNamespace
  readonly options: PacketSocketOptions
  /** Frames that matched, and those that found the ring full. */
  received = 0
  dropped = 0
  readonly frames: PacketFrame[] = []
  readonly #arrived = new WaitQueue()
  #interrupted = false

  constructor(net: NetNamespace, options: PacketSocketOptions = {}) {
    this.net = net
    this.options = options
    if (options.device === undefined) net.taps.push(this)
    else {
      options.device.addTap(this)
      if (options.promiscuous === true) options.device.promiscuity++
    }
  }

  deliver(dev: NetDevice, skb: Skb, outgoing: boolean): void {
    const { filter, snaplen = 262144, ring = Number.POSITIVE_INFINITY, finishChecksums } = this.options
    const { bytes } = skb.arena
    const length = skb.length
    if (filter !== undefined && !filter(bytes, skb.data, length, dev, outgoing)) return
    this.received++
    // lo shows a frame when it is received. Sent it would be seen twice: libpcap drops that one, which the kernel has counted.
    if (outgoing && dev === this.net.loopback) return
    if (this.frames.length >= ring) {
      this.dropped++
      return
    }
    const copy = bytes.slice(skb.data, skb.data + Math.min(length, snaplen))
    if (finishChecksums === true && skb.ipSummed === IpSummed.PARTIAL && copy.length === length)
      finishChecksum(copy, skb.csumStart - skb.data, skb.csumOffset)
    this.frames.push({
      time: this.net.kernel.sim.now,
      bytes: copy,
      length,
      ifindex: dev.ifindex,
      device: dev.name,
      packetType: outgoing ? 4 : skb.packetType,
      packet: skb.id,
      serial: skb.arena.nextSerial(),
    })
    this.#arrived.wake()
  }

  /** Everything that has arrived, waiting for the first frame; empty after {@link interrupt}. */
  async read(proc: Process): Promise<PacketFrame[]> {
    while (this.frames.length === 0 && !this.#interrupted) await proc.task.wait(this.#arrived)
    this.#interrupted = false
    return this.frames.splice(0)
  }

  /** Ends a {@link read} that waits: a signal's handler cannot. */
  interrupt(): void {
    this.#interrupted = true
    this.#arrived.wake()
  }

  close(): void {
    const { device, promiscuous } = this.options
    if (device !== undefined) {
      device.removeTap(this)
      if (promiscuous === true) device.promiscuity--
    } else {
      const at = this.net.taps.indexOf(this)
      if (at >= 0) this.net.taps.splice(at, 1)
    }
  }
}

/** As netdev.ts checksumHelp, in a copy: the field holds the pseudo-header's sum. */
function finishChecksum(frame: Uint8Array, start: number, offset: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const sum = csumFold(csumPartial(view, start, frame.length - start, 0))
  view.setUint16(start + offset, sum === 0 ? 0xffff : sum)
}
