/**
 * The policy map of an endpoint: longest prefix match over protocol and port, exact over identity and direction.
 * Models bpf/lib/policy.h __policy_can_access (Cilium 1.18).
 */
import {
  DROP_POLICY,
  DROP_POLICY_AUTH_REQUIRED,
  DROP_POLICY_DENY,
  type MatchType,
  type PolicyEntry,
  type PolicyMap,
} from "./api.ts"
import { FULL_PREFIX, PROTOCOL_PREFIX, packKey } from "./policy-key.ts"
import type { AuthMode, Direction, RuleRef } from "./rule.ts"

/** An entry as the map owns it. */
export interface MapEntry extends PolicyEntry {
  deny: boolean
  proxyPort: number
  proxyPriority: number
  auth: AuthMode
  /** The auth mode is a rule's own, not taken over from a wider entry. */
  explicitAuth: boolean
  rules: readonly RuleRef[]
  labels: readonly string[]
}

const FIRST_CAPACITY = 16

export class MapState implements PolicyMap {
  /** Three words a slot: identity, packed key, position + 1 in #entries (0 is free). Linear probing, no tombstones. */
  #slots = new Int32Array(FIRST_CAPACITY * 3)
  #mask = FIRST_CAPACITY - 1
  #entries: MapEntry[] = []
  /** How many entries have a prefix length, by direction: a lookup probes only lengths that exist. */
  readonly #lengths = { ingress: new Int32Array(FULL_PREFIX + 1), egress: new Int32Array(FULL_PREFIX + 1) }
  readonly #lengthMask = { ingress: 0, egress: 0 }
  #generation = 0

  get size(): number {
    return this.#entries.length
  }

  get generation(): number {
    return this.#generation
  }

  [Symbol.iterator](): Iterator<MapEntry> {
    return this.#entries[Symbol.iterator]()
  }

  lookup(identity: number, direction: Direction, protocol: number, port: number): MapEntry | undefined {
    const own = this.#longest(identity, direction, protocol, port)
    if (identity === 0 || own?.deny === true) return own
    const any = this.#longest(0, direction, protocol, port)
    return any === undefined || (own !== undefined && !beats(any, own)) ? own : any
  }

  canAccess(identity: number, direction: Direction, protocol: number, port: number): number {
    const entry = this.lookup(identity, direction, protocol, port)
    if (entry === undefined) return -DROP_POLICY
    if (entry.deny) return -DROP_POLICY_DENY
    return entry.auth === "disabled" ? entry.proxyPort : -DROP_POLICY_AUTH_REQUIRED
  }

  get(
    identity: number,
    direction: Direction,
    prefixLength: number,
    protocol: number,
    port: number,
  ): MapEntry | undefined {
    return this.#find(identity, packKey(direction, prefixLength, protocol, port))
  }

  /** Adds an entry under a key that is free. */
  add(entry: MapEntry): void {
    if ((this.#entries.length + 1) * 2 > this.#mask + 1) this.#grow()
    this.#entries.push(entry)
    this.#place(entry, this.#entries.length)
    const { direction, prefixLength } = entry
    const lengths = this.#lengths[direction]
    lengths[prefixLength] = (lengths[prefixLength] as number) + 1
    this.#lengthMask[direction] |= 1 << prefixLength
    this.#generation++
  }

  /** Removes the entries the test picks; whether there were any. */
  remove(test: (entry: MapEntry) => boolean): boolean {
    const kept = this.#entries.filter((entry) => !test(entry))
    if (kept.length === this.#entries.length) return false
    this.#entries = []
    this.#slots.fill(0)
    for (const direction of ["ingress", "egress"] as const) {
      this.#lengths[direction].fill(0)
      this.#lengthMask[direction] = 0
    }
    for (const entry of kept) this.add(entry)
    return true
  }

  /** Entries whose key is the same or wider: of the identity and of any. */
  *broaderOrEqual(key: PolicyEntry): Generator<MapEntry> {
    for (let length = key.prefixLength; length >= 0; length--) {
      if ((this.#lengthMask[key.direction] & (1 << length)) === 0) continue
      const packed = packKey(key.direction, length, key.protocol, key.port)
      const own = this.#find(key.identity, packed)
      if (own !== undefined) yield own
      const any = key.identity === 0 ? undefined : this.#find(0, packed)
      if (any !== undefined) yield any
    }
  }

  #longest(identity: number, direction: Direction, protocol: number, port: number): MapEntry | undefined {
    let lengths = this.#lengthMask[direction]
    while (lengths !== 0) {
      const length = 31 - Math.clz32(lengths)
      const entry = this.#find(identity, packKey(direction, length, protocol, port))
      if (entry !== undefined) return entry
      lengths &= ~(1 << length)
    }
    return undefined
  }

  #find(identity: number, packed: number): MapEntry | undefined {
    const slots = this.#slots
    for (let slot = hash(identity, packed) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const position = slots[slot * 3 + 2] as number
      if (position === 0) return undefined
      if (slots[slot * 3] === identity && slots[slot * 3 + 1] === packed) return this.#entries[position - 1]
    }
  }

  #place(entry: MapEntry, position: number): void {
    const packed = packKey(entry.direction, entry.prefixLength, entry.protocol, entry.port)
    let slot = hash(entry.identity, packed) & this.#mask
    while (this.#slots[slot * 3 + 2] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot * 3] = entry.identity
    this.#slots[slot * 3 + 1] = packed
    this.#slots[slot * 3 + 2] = position
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2
    this.#slots = new Int32Array(capacity * 3)
    this.#mask = capacity - 1
    for (const [index, entry] of this.#entries.entries()) this.#place(entry, index + 1)
  }
}

/** Whether the entry of any identity is taken before the identity's own: deny, then proxy priority, then the longer prefix. */
function beats(any: MapEntry, own: MapEntry): boolean {
  if (any.deny) return true
  if (any.proxyPriority !== own.proxyPriority) return any.proxyPriority > own.proxyPriority
  return any.prefixLength > own.prefixLength
}

/** What kind of key decided, as policy verdict events name it. */
export function matchType(entry: PolicyEntry | undefined): MatchType {
  if (entry === undefined) return "none"
  const { identity, prefixLength } = entry
  if (prefixLength === 0) return identity === 0 ? "all" : "L3-Only"
  if (prefixLength === PROTOCOL_PREFIX) return identity === 0 ? "Proto-Only" : "L3-Proto"
  return identity === 0 ? "L4-Only" : "L3-L4"
}

function hash(identity: number, packed: number): number {
  const mixed = Math.imul(identity ^ Math.imul(packed, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
