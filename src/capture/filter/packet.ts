/** What a filter looks at, and how it reads. Models the loads of a BPF program: one past the captured bytes rejects the packet. */
import { LinkType } from "../frame.ts"

/** A frame being tested. One object is used for every frame. */
export class Packet {
  view: DataView
  /** Of the link-layer header. */
  start = 0
  captured = 0
  /** On the wire. */
  length = 0
  outgoing = false
  ifindex = 0
  /** A read went past the captured bytes: the packet does not pass, whatever the rest says. */
  failed = false

  constructor() {
    this.view = new DataView(new ArrayBuffer(0))
  }

  u8(offset: number): number {
    return this.#holds(offset, 1) ? this.view.getUint8(this.start + offset) : 0
  }

  u16(offset: number): number {
    return this.#holds(offset, 2) ? this.view.getUint16(this.start + offset) : 0
  }

  u32(offset: number): number {
    return this.#holds(offset, 4) ? this.view.getUint32(this.start + offset) : 0
  }

  #holds(offset: number, size: number): boolean {
    if (offset >= 0 && offset + size <= this.captured) return true
    this.failed = true
    return false
  }
}

export type Value = (packet: Packet) => number

/**
 * Where things stand on a link. "cooked" is what `any` captures, looked at before its header has been made: an Ethernet frame with the names
 * of LINUX_SLL2.
 */
export interface Link {
  readonly name: "ethernet" | "cooked" | "sll2" | "raw" | "ipv4"
  /** As libpcap describes the type in errors. */
  readonly description: string
  /** Of the type field; `undefined` where the link has none. */
  readonly type: number | undefined
  /** Of the payload. */
  readonly payload: number
  /** The type and the direction can be asked of the kernel: a capture, not a file. */
  readonly live: boolean
}

export function linkOf(linkType: number, live: boolean): Link | undefined {
  if (linkType === LinkType.ETHERNET) return { name: "ethernet", description: "Ethernet", type: 12, payload: 14, live }
  if (linkType === LinkType.LINUX_SLL2)
    return live
      ? { name: "cooked", description: "Linux cooked v2", type: 12, payload: 14, live }
      : { name: "sll2", description: "Linux cooked v2", type: 0, payload: 20, live }
  if (linkType === LinkType.RAW) return { name: "raw", description: "Raw IP", type: undefined, payload: 0, live }
  if (linkType === LinkType.IPV4) return { name: "ipv4", description: "Raw IPv4", type: undefined, payload: 0, live }
  return undefined
}
