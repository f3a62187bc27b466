/** Keys of a policy map, packed into two words: the identity, and direction, prefix length, protocol and port. */
import type { Direction } from "./rule.ts"

/** Bits of an LPM key that are matched by prefix: protocol (8) and port (16). */
export const FULL_PREFIX = 24
export const PROTOCOL_PREFIX = 8

/** 1 bit direction, 5 bits prefix length, 8 bits protocol, 16 bits port. */
export function packKey(direction: Direction, prefixLength: number, protocol: number, port: number): number {
  const wanted = (protocol << 16) | port
  const kept = prefixLength === 0 ? 0 : wanted & (0xffffff << (FULL_PREFIX - prefixLength))
  return (direction === "egress" ? 1 << 29 : 0) | (prefixLength << 24) | (kept & 0xffffff)
}

/** A key's protocol and port block. */
export interface PortBlock {
  readonly prefixLength: number
  readonly protocol: number
  readonly port: number
}

/** Ports of a protocol as prefix blocks; port 0 is all of them, protocol 0 everything. */
export function portBlocks(protocol: number, port: number, endPort: number): PortBlock[] {
  if (protocol === 0) return [{ prefixLength: 0, protocol: 0, port: 0 }]
  if (port === 0 && endPort === 0) return [{ prefixLength: PROTOCOL_PREFIX, protocol, port: 0 }]
  const blocks: PortBlock[] = []
  for (let first = port; first <= endPort; ) {
    // The largest aligned block that starts here and does not pass the end.
    let size = first === 0 ? 0x10000 : first & -first
    while (first + size - 1 > endPort) size >>>= 1
    blocks.push({ prefixLength: FULL_PREFIX - Math.log2(size), protocol, port: first })
    first += size
  }
  return blocks
}

export function lastPort({ prefixLength, port }: PortBlock): number {
  return prefixLength <= PROTOCOL_PREFIX ? 0xffff : port + (1 << (FULL_PREFIX - prefixLength)) - 1
}
