/** Seeded randomness. Every consumer forks its own stream by name, so that a new consumer never shifts the others. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus"
import type { RandomGenerator } from "pure-rand/types/RandomGenerator"

/** FNV-1a over UTF-16 code units, folded into a running 32-bit hash. */
function hashText(text: string, start: number): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export class Prng {
  readonly seed: number
  readonly #rng: RandomGenerator

  constructor(seed: number) {
    this.seed = seed
    this.#rng = xoroshiro128plus(seed | 0)
  }

  /** An independent stream that depends on this one's seed and `name` only, not on what was drawn so far. */
  fork(name: string): Prng {
    return new Prng(hashText(name, (0x811c9dc5 ^ this.seed) >>> 0))
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    return this.#rng.next() >>> 0
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit)
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** `count` hexadecimal digits. */
  hex(count: number): string {
    let text = ""
    while (text.length < count) text += this.uint32().toString(16).padStart(8, "0")
    return text.slice(0, count)
  }

  /** A version 4 UUID (RFC 9562). */
  uuid(): string {
    const hex = this.hex(32)
    const variant = "89ab"[Number.parseInt(hex[16] as string, 16) & 3]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }

  /** A locally administered unicast MAC address. Models include/linux/etherdevice.h eth_random_addr. */
  mac(): number {
    const high = (this.uint32() & 0xfeff) | 0x0200
    return high * 0x1_0000_0000 + this.uint32()
  }
}
