/**
 * Packet buffers. All bytes of a world live in one arena; a packet is a pooled handle with integer offsets into it:
 *
 *     head        data            tail        end
 *      |  headroom |  bytes in use  |  tailroom |
 *
 * Headers are added by moving `data` down ({@link Skb.push}) and removed by moving it up ({@link Skb.pull}); encapsulation copies nothing.
 * Models include/linux/skbuff.h.
 */

import type { Route } from "./fib/route.ts"
import type { TcpSock } from "./inet/tcp-sock.ts"
import type { TcpListenEndpoint } from "./inet/tcp-table.ts"
import type { UdpEndpoint } from "./inet/udp-table.ts"
import type { NetDevice } from "./netdev.ts"
import type { NfConn } from "./netfilter/conntrack/entry.ts"

/** Room in front of a transport header for: outer Ethernet, IPv4, UDP, VXLAN, inner Ethernet and IPv4, rounded up. */
export const MAX_HEADER = 128
const BLOCK_SHIFT = 11
const BLOCK = 1 << BLOCK_SHIFT
/** Sizes a buffer can have, in blocks: a frame, a jumbo frame, a whole IPv4 datagram. */
const CLASSES = [1, 5, 34] as const

/**
 * How far the transport checksum has got. Models skbuff.h CHECKSUM_*. PROMISED is podwire's own: as PARTIAL, on the far side of a device that
 * finishes sums. Everybody may take the sum for right, and the bytes are completed when somebody looks at them.
 */
export const IpSummed = { NONE: 0, UNNECESSARY: 1, COMPLETE: 2, PARTIAL: 3, PROMISED: 4 } as const
/** To whom a received frame was addressed. Models if_packet.h PACKET_*. */
export const PacketType = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHERHOST: 3, OUTGOING: 4 } as const

// An exported constant is fetched at every use, one that stays here is compiled in.
const { HOST } = PacketType
const { NONE } = IpSummed

const EMPTY = new Uint8Array(0)
/** Small, because a piece that is kept keeps its neighbours. */
const KEPT = 1 << 15

/** The memory of all packets of a world. */
export class Arena {
  /** Replaced when the arena grows: never keep it across an allocation. */
  view: DataView
  bytes: Uint8Array
  #used = BLOCK
  #references: Int32Array
  readonly #freeSlots: [number[], number[], number[]] = [[], [], []]
  readonly #freeHandles: Skb[] = []
  /** Where {@link copyOut} puts what it copies, and how far it has got. */
  #kept: Uint8Array = EMPTY
  #keptUsed = 0
  #nextId = 1
  #serial = 0

  constructor(size: number = 1 << 20) {
    this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
    this.#references = new Int32Array(size >> BLOCK_SHIFT)
  }

  /** A number for the next thing worth ordering. */
  nextSerial(): number {
    return ++this.#serial
  }

  /** Packets whose bytes are held by somebody. */
  get inUse(): number {
    return this.#references.reduce((count, references) => count + (references > 0 ? 1 : 0), 0)
  }

  /** A fresh packet with `headroom` bytes in front and room for `size` behind. Models net/core/skbuff.c alloc_skb. */
  alloc(size: number, headroom: number = MAX_HEADER): Skb {
    const skb = this.#handle()
    const sizeClass = classOf(size + headroom)
    const slot = this.#freeSlots[sizeClass]?.pop() ?? this.#grow(sizeClass)
    this.#references[slot >> BLOCK_SHIFT] = 1
    skb.reset(slot, slot + (CLASSES[sizeClass] as number) * BLOCK, sizeClass)
    skb.data = skb.tail = slot + headroom
    skb.id = this.#nextId++
    return skb
  }

  /** A second handle on the same bytes. Models skb_clone. */
  clone(skb: Skb): Skb {
    const copy = this.#handle()
    copy.copyFrom(skb)
    const block = skb.head >> BLOCK_SHIFT
    this.#references[block] = (this.#references[block] as number) + 1
    return copy
  }

  /** True when another handle reads the same bytes: call {@link cow} before writing. */
  shared(skb: Skb): boolean {
    return (this.#references[skb.head >> BLOCK_SHIFT] as number) > 1
  }

  /** Gives `skb` bytes of its own if they are shared. Models skb_cow. */
  cow(skb: Skb): void {
    if ((this.#references[skb.head >> BLOCK_SHIFT] as number) > 1) this.#copy(skb)
  }

  #copy(skb: Skb): void {
    const block = skb.head >> BLOCK_SHIFT
    this.#references[block] = (this.#references[block] as number) - 1
    const slot = this.#freeSlots[skb.sizeClass]?.pop() ?? this.#grow(skb.sizeClass)
    this.#references[slot >> BLOCK_SHIFT] = 1
    // The headers that were passed on the way in count too: they are looked at, and stripped ones come back (pskb_expand_head).
    this.bytes.copyWithin(slot, skb.head, skb.tail)
    skb.move(slot)
  }

  /** Gives a handle, and its bytes when it was the last one, back. */
  free(skb: Skb): void {
    const block = skb.head >> BLOCK_SHIFT
    const references = (this.#references[block] as number) - 1
    if (references < 0) throw broken(skb, "was freed twice")
    this.#references[block] = references
    if (references === 0) this.#freeSlots[skb.sizeClass]?.push(skb.head)
    // Block 0 belongs to nobody: freed once more, the handle finds no reference.
    skb.head = 0
    skb.dev = undefined
    skb.route = undefined
    skb.forget()
    this.#freeHandles.push(skb)
  }

  /** Gives `skb` the bytes and the offsets of `other`, whose handle goes back. Models skb_morph. */
  morph(skb: Skb, other: Skb): void {
    const block = skb.head >> BLOCK_SHIFT
    const references = (this.#references[block] as number) - 1
    this.#references[block] = references
    if (references === 0) this.#freeSlots[skb.sizeClass]?.push(skb.head)
    skb.copyFrom(other)
    other.head = 0
    other.dev = undefined
    other.route = undefined
    other.forget()
    this.#freeHandles.push(other)
  }

  /** Bytes to keep. Pieces of a larger array: an ArrayBuffer a segment would cost more than all the rest of its way. */
  copyOut(from: number, to: number): Uint8Array {
    const length = to - from
    if (length === 0) return EMPTY
    if (this.#keptUsed + length > this.#kept.length) {
      this.#kept = new Uint8Array(Math.max(KEPT, length))
      this.#keptUsed = 0
    }
    const piece = this.#kept.subarray(this.#keptUsed, this.#keptUsed + length)
    piece.set(this.bytes.subarray(from, to))
    this.#keptUsed += length
    return piece
  }

  #handle(): Skb {
    return this.#freeHandles.pop() ?? new Skb(this)
  }

  #grow(sizeClass: number): number {
    const slot = this.#used
    this.#used += (CLASSES[sizeClass] as number) * BLOCK
    if (this.#used > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.#used))
      bytes.set(this.bytes)
      this.bytes = bytes
      this.view = new DataView(bytes.buffer)
      const references = new Int32Array((bytes.length >> BLOCK_SHIFT) + 1)
      references.set(this.#references)
      this.#references = references
    }
    return slot
  }
}

function classOf(size: number): number {
  if (size <= CLASSES[0] * BLOCK) return 0
  if (size <= CLASSES[1] * BLOCK) return 1
  if (size <= CLASSES[2] * BLOCK) return 2
  throw new RangeError(`a packet of ${size} bytes is longer than an IPv4 datagram can be`)
}

const broken = (skb: Skb, how: string): Error => new Error(`packet ${skb.id} ${how}`)

/** A packet on its way. Offsets are absolute positions in the arena. */
export class Skb {
  readonly arena: Arena
  /** Identity for traces; clones and encapsulation keep it. */
  id = 0
  head = 0
  data = 0
  tail = 0
  end = 0
  sizeClass = 0
  dev: NetDevice | undefined = undefined
  /** EtherType of what starts at the network header. */
  protocol = 0
  packetType: number = HOST
  macHeader = -1
  networkHeader = -1
  transportHeader = -1
  ipSummed: number = NONE
  /** With CHECKSUM_PARTIAL: where the sum starts, and where in it the field is. */
  csumStart = 0
  csumOffset = 0
  /** skb->mark: what rules, sockets (SO_MARK) and programs write on a packet. It stays with the packet inside one namespace. */
  mark = 0
  /** The connection it belongs to, and how: see netfilter/conntrack. */
  nfct: NfConn | undefined = undefined
  ctinfo = 0
  /** The socket that a rule or a program chose for it before routing (TPROXY, bpf_sk_assign). */
  sk: TcpSock | TcpListenEndpoint | UdpEndpoint | undefined = undefined
  /** The ports of a bridge it passes: there while br_netfilter has it (skb->nf_bridge). */
  physIn: NetDevice | undefined = undefined
  physOut: NetDevice | undefined = undefined
  /** The length of the largest fragment it was put together from, 0 for a packet that came whole (IPCB(skb)->frag_max_size). */
  fragMaxSize = 0
  /** Of a collect-metadata tunnel (struct ip_tunnel_key): the VNI it came with or goes with, and to whom (0: it has not been sent anywhere). */
  tunnelId = 0
  tunnelRemote = 0
  /** The flow hash, or 0 when none was computed. A TCP socket sets its own (sk_txhash). */
  hash = 0
  route: Route | undefined = undefined
  /** The next hop chosen by the route, in network numbers. */
  nexthop = 0
  /** The sender allows the IP layer to fragment although DF stands in the header (skb->ignore_df). */
  ignoreDf = false

  constructor(arena: Arena) {
    this.arena = arena
  }

  get view(): DataView {
    return this.arena.view
  }

  /** Bytes in use. */
  get length(): number {
    return this.tail - this.data
  }

  get headroom(): number {
    return this.data - this.head
  }

  /** Makes room for `count` bytes in front; returns the new `data`. */
  push(count: number): number {
    this.data -= count
    if (this.data < this.head) throw broken(this, `has no headroom for ${count} more bytes`)
    return this.data
  }

  /** Drops `count` bytes in front; returns the new `data`. */
  pull(count: number): number {
    this.data += count
    return this.data
  }

  /** Appends room for `count` bytes; returns where they start. */
  put(count: number): number {
    const at = this.tail
    this.tail += count
    if (this.tail > this.end) throw broken(this, `has no tailroom for ${count} more bytes`)
    return at
  }

  /** Shortens the packet to `length` bytes. */
  trim(length: number): void {
    if (this.data + length < this.tail) this.tail = this.data + length
  }

  /** The bytes in use, copied. */
  copyBytes(): Uint8Array {
    return this.arena.bytes.slice(this.data, this.tail)
  }

  clone(): Skb {
    return this.arena.clone(this)
  }

  /** To be called before writing to bytes that may be shared. */
  cow(): void {
    this.arena.cow(this)
  }

  free(): void {
    this.arena.free(this)
  }

  reset(head: number, end: number, sizeClass: number): void {
    this.head = head
    this.end = end
    this.sizeClass = sizeClass
    this.protocol = 0
    this.packetType = HOST
    this.macHeader = this.networkHeader = this.transportHeader = -1
    this.ipSummed = NONE
    this.csumStart = this.csumOffset = 0
    this.mark = 0
    this.tunnelId = this.tunnelRemote = 0
    this.hash = 0
    this.nexthop = 0
    this.ignoreDf = false
    this.fragMaxSize = 0
  }

  /** Lets go of what netfilter tied to the packet. */
  forget(): void {
    // Mostly nothing is: four questions cost less than five answers.
    if (this.nfct === undefined && this.ctinfo === 0 && this.sk === undefined && this.physIn === undefined) return
    this.nfct = undefined
    this.ctinfo = 0
    this.sk = undefined
    this.physIn = undefined
    this.physOut = undefined
  }

  /** The packet goes over to another device, and perhaps to another namespace, which knows neither its mark. Models skb_scrub_packet. */
  scrub(xnet: boolean): void {
    this.forget()
    this.ignoreDf = false
    if (xnet) this.mark = 0
  }

  copyFrom(other: Skb): void {
    this.id = other.id
    this.head = other.head
    this.data = other.data
    this.tail = other.tail
    this.end = other.end
    this.sizeClass = other.sizeClass
    this.dev = other.dev
    this.protocol = other.protocol
    this.packetType = other.packetType
    this.macHeader = other.macHeader
    this.networkHeader = other.networkHeader
    this.transportHeader = other.transportHeader
    this.ipSummed = other.ipSummed
    this.csumStart = other.csumStart
    this.csumOffset = other.csumOffset
    this.mark = other.mark
    this.tunnelId = other.tunnelId
    this.tunnelRemote = other.tunnelRemote
    this.nfct = other.nfct
    this.ctinfo = other.ctinfo
    this.sk = other.sk
    this.physIn = other.physIn
    this.physOut = other.physOut
    this.fragMaxSize = other.fragMaxSize
    this.hash = other.hash
    this.route = other.route
    this.nexthop = other.nexthop
    this.ignoreDf = other.ignoreDf
  }

  /** Shifts every offset to a new slot. */
  move(head: number): void {
    const by = head - this.head
    this.head += by
    this.data += by
    this.tail += by
    this.end += by
    if (this.macHeader >= 0) this.macHeader += by
    if (this.networkHeader >= 0) this.networkHeader += by
    if (this.transportHeader >= 0) this.transportHeader += by
    this.csumStart += by
  }
}
