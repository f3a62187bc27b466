/**
 * One packet being printed: the text so far and reads that end it where the captured bytes end. Models netdissect.h: a read past the snapshot
 * jumps out of every printer, and ` [|protocol]` says which one was at work.
 */
import { formatIpv4 } from "../../wire/address.ts"
import { readMac } from "../../wire/ethernet.ts"
import type { PrintOptions } from "./options.ts"

/** Thrown by a read past the captured bytes. */
export class Truncated {}

/** What is remembered between packets: first sequence numbers of conversations. */
export type Conversations = Map<string, { seq: number; ack: number }>

/** The printers that a tunnel or a quoted packet comes back to. */
interface Layers {
  ether(d: Dissection, at: number, length: number): unknown
  ip(d: Dissection, at: number, length: number): void
}

/** Where a transport's header stands and what IP said about it. */
export interface IpPayload {
  /** Of the IP header. */
  readonly ip: number
  /** Of the payload. */
  readonly at: number
  /** The payload's length as the IP header says. */
  readonly length: number
  /** More fragments follow. */
  readonly fragmented: boolean
}

export class Dissection {
  readonly view: DataView
  readonly layers: Layers
  readonly options: PrintOptions
  readonly conversations: Conversations
  text = ""
  /** The protocol being printed, as ` [|tcp]` names it. */
  protocol = ""
  /** Where the captured bytes of the layer in hand end. */
  end: number
  readonly #ends: number[] = []

  constructor(bytes: Uint8Array, options: PrintOptions, conversations: Conversations, layers: Layers) {
    this.layers = layers
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.end = bytes.length
    this.options = options
    this.conversations = conversations
  }

  get verbose(): number {
    return this.options.verbose ?? 0
  }

  get quiet(): boolean {
    return this.options.quiet === true
  }

  /** True when these bytes were captured. */
  has(at: number, size: number): boolean {
    return at >= 0 && at + size <= this.end
  }

  need(at: number, size: number): void {
    if (!this.has(at, size)) throw new Truncated()
  }

  u8(at: number): number {
    this.need(at, 1)
    return this.view.getUint8(at)
  }

  u16(at: number): number {
    this.need(at, 2)
    return this.view.getUint16(at)
  }

  u24(at: number): number {
    this.need(at, 3)
    return this.view.getUint16(at) * 256 + this.view.getUint8(at + 2)
  }

  u32(at: number): number {
    this.need(at, 4)
    return this.view.getUint32(at)
  }

  ipv4(at: number): string {
    return formatIpv4(this.u32(at))
  }

  mac(at: number): number {
    this.need(at, 6)
    return readMac(this.view, at)
  }

  print(text: string): void {
    this.text += text
  }

  truncated(): void {
    this.text += ` [|${this.protocol}]`
  }

  invalid(): void {
    this.text += " (invalid)"
  }

  /** The layer at `at` has `length` bytes: what is behind them is not its own. */
  push(at: number, length: number): void {
    this.#ends.push(this.end)
    if (at + length < this.end) this.end = at + length
  }

  pop(): void {
    this.end = this.#ends.pop() ?? this.end
  }
}

/** `10.244.1.2 > 10.244.2.2` of the IP header at `ip`. */
export const addresses = (d: Dissection, ip: number): string => `${d.ipv4(ip + 12)} > ${d.ipv4(ip + 16)}`

/** What the real tcpdump takes apart and podwire does not: said in the line, never guessed. */
export function notDecoded(d: Dissection, protocol: string, length: number): void {
  d.print(`[podwire does not decode ${protocol}], length ${length}`)
}
