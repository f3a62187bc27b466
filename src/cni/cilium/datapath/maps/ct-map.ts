/**
 * The connection tracker of a node's programs. Models bpf/lib/conntrack.h and pkg/maps/ctmap (cilium_ct4_global, cilium_ct_any4_global). Entries
 * are found by open addressing over typed keys; a packet of a known connection allocates nothing. Time is the virtual clock's.
 */

/** As `cilium-dbg bpf ct list` says it. SERVICE: the client's address and the frontend. */
export const CtDirection = { OUT: 0, IN: 1, SERVICE: 2 } as const
export type CtDirection = (typeof CtDirection)[keyof typeof CtDirection]

/** Models pkg/maps/ctmap/types.go. */
export const CtFlag = {
  RX_CLOSING: 0x1,
  TX_CLOSING: 0x2,
  LB_LOOPBACK: 0x8,
  SEEN_NON_SYN: 0x10,
  NODE_PORT: 0x20,
  PROXY_REDIRECT: 0x40,
  FROM_L7LB: 0x100,
  FROM_TUNNEL: 0x400,
} as const

/** One direction's view of a connection: OUT at the client's endpoint, IN at the server's. */
export class CtEntry {
  readonly source: number
  readonly destination: number
  readonly protocol: number
  readonly sourcePort: number
  readonly destinationPort: number
  readonly direction: CtDirection
  /** It stands for ICMP errors about a connection. */
  readonly related: boolean
  /** Virtual ns. */
  expires = 0
  flags = 0
  /** Flags of TCP headers seen so far: rx against the direction of the entry's packets, tx along it. */
  rxFlagsSeen = 0
  txFlagsSeen = 0
  /** Seconds of the virtual clock when an event was last told; minus infinity: never (listed as 0). */
  lastRxReport: number = Number.NEGATIVE_INFINITY
  lastTxReport: number = Number.NEGATIVE_INFINITY
  /** rev_nat_index of the service; 0 none. */
  revNat = 0
  sourceIdentity = 0
  /** Of a SERVICE entry. */
  backendId = 0
  /** Only counted when accounting is on (bpf-ct-accounting). */
  packets = 0
  bytes = 0

  constructor(key: CtKey) {
    this.source = key.source
    this.destination = key.destination
    this.protocol = key.protocol
    this.sourcePort = key.sourcePort
    this.destinationPort = key.destinationPort
    this.direction = key.direction
    this.related = key.related
  }
}

/** Source and destination as the first packet had them; for ICMP echo the identifier stands in a port, see programs/packet.ts. */
export interface CtKey {
  source: number
  destination: number
  protocol: number
  sourcePort: number
  destinationPort: number
  direction: CtDirection
  related: boolean
}

const FIRST_CAPACITY = 64
/** The agent's collector walks the map this often, ns; an entry that has expired still counts until then. */
export const CT_GC_INTERVAL = 300e9
/** Default bpf-ct-global-tcp-max and -any-max, together. */
const MAX_ENTRIES = 524288 + 262144

export class CtMap {
  generation = 0
  /** Position + 1 by hash, linear probing; 0 is free. */
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #entries: (CtEntry | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The entry with exactly this key, expired or not. */
  lookup(key: CtKey): CtEntry | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hashOf(key) & mask; ; slot = (slot + 1) & mask) {
      const position = slots[slot] as number
      if (position === 0) return undefined
      const entry = this.#entries[position - 1]
      if (entry !== undefined && same(entry, key)) return entry
    }
  }

  /** As {@link lookup}, after what the collector took away by now. */
  find(key: CtKey, now: number): CtEntry | undefined {
    const entry = this.lookup(key)
    if (entry === undefined || entry.expires > now - (now % CT_GC_INTERVAL)) return entry
    this.delete(entry)
    return undefined
  }

  /** A fresh entry in place of what is there; `undefined` when the map is full (drop 155). */
  create(key: CtKey, now: number): CtEntry | undefined {
    const old = this.lookup(key)
    if (old !== undefined) this.delete(old)
    if (this.#size >= MAX_ENTRIES) {
      this.collect(now)
      if (this.#size >= MAX_ENTRIES) return undefined
    }
    if (this.#entries.length * 2 >= this.#slots.length) this.#rebuild(now)
    const entry = new CtEntry(key)
    this.#entries.push(entry)
    this.#size++
    this.#enter(entry, this.#entries.length)
    this.generation++
    return entry
  }

  delete(entry: CtEntry): boolean {
    const at = this.#positionOf(entry)
    if (at < 0) return false
    this.#entries[at] = undefined
    this.#size--
    this.generation++
    return true
  }

  /** Forgets what has expired; returns how many. Models the agent's garbage collector (pkg/maps/ctmap/gc). */
  collect(now: number): number {
    let count = 0
    for (const entry of this.#entries)
      if (entry !== undefined && entry.expires <= now) {
        this.delete(entry)
        count++
      }
    return count
  }

  deleteWhere(doomed: (entry: CtEntry) => boolean): void {
    for (const entry of this.#entries) if (entry !== undefined && doomed(entry)) this.delete(entry)
  }

  /** In order of creation, as a dump at `now` shows them: also expired ones that no collector has met yet. */
  *entries(now: number): IterableIterator<CtEntry> {
    this.collect(now - (now % CT_GC_INTERVAL))
    for (const entry of this.#entries) if (entry !== undefined) yield entry
  }

  #positionOf(entry: CtEntry): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(entry) & mask; ; slot = (slot + 1) & mask) {
      const position = this.#slots[slot] as number
      if (position === 0) return -1
      if (this.#entries[position - 1] === entry) return position - 1
    }
  }

  #enter(entry: CtEntry, position: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(entry) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = position
  }

  /** Leaves out the deleted and the expired; grows when that was not enough. */
  #rebuild(now: number): void {
    const kept = this.#entries.filter((entry) => entry !== undefined && entry.expires > now) as CtEntry[]
    const length = kept.length * 4 > this.#slots.length ? this.#slots.length * 2 : this.#slots.length
    this.#slots = new Int32Array(length)
    this.#entries = kept
    this.#size = kept.length
    for (const [index, entry] of kept.entries()) this.#enter(entry, index + 1)
  }
}

const same = (a: CtKey, b: CtKey): boolean =>
  a.source === b.source &&
  a.destination === b.destination &&
  a.sourcePort === b.sourcePort &&
  a.destinationPort === b.destinationPort &&
  a.protocol === b.protocol &&
  a.direction === b.direction &&
  a.related === b.related

function hashOf(key: CtKey): number {
  let hash = Math.imul(key.source | 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ key.destination, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ ((key.sourcePort << 16) | key.destinationPort), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16) ^ (key.protocol * 8 + key.direction * 2 + (key.related ? 1 : 0)), 0x9e3779b1)
  return (hash ^ (hash >>> 15)) >>> 0
}
