/** Tests of a packet, and whether any packet at all can pass them: libpcap's optimizer finds that out and refuses such a filter. */
import type { Packet, Value } from "./packet.ts"

/** What is known of a test without running it. */
type Shape =
  | { readonly kind: "known"; readonly value: boolean }
  | { readonly kind: "opaque" }
  /** The value read under this name equals a number. */
  | { readonly kind: "equal"; readonly key: string; readonly value: number }
  | { readonly kind: "and" | "or"; readonly left: Shape; readonly right: Shape }
  | { readonly kind: "not"; readonly of: Shape }

export interface Test {
  readonly run: (packet: Packet) => boolean
  readonly shape: Shape
}

/** Nothing is known of it. */
export const opaque = (run: (packet: Packet) => boolean): Test => ({ run, shape: { kind: "opaque" } })
export const known = (value: boolean): Test => ({ run: () => value, shape: { kind: "known", value } })
/** `key` names what `read` reads: equal names read equal values. */
export const equal = (key: string, value: number, read: Value): Test => ({
  run: (p) => read(p) === value,
  shape: { kind: "equal", key, value },
})
export const byte = (at: number, value: number): Test => equal(`b${at}`, value, (p) => p.u8(at))
export const half = (at: number, value: number): Test => equal(`h${at}`, value, (p) => p.u16(at))
export const word = (at: number, value: number, mask = 0xffffffff): Test =>
  mask === 0 ? known(true) : equal(`w${at}&${mask}`, value, (p) => (p.u32(at) & mask) >>> 0)

export const and = ({ run: a, shape: left }: Test, { run: b, shape: right }: Test): Test => ({
  run: (p) => a(p) && b(p),
  shape: { kind: "and", left, right },
})
export const or = ({ run: a, shape: left }: Test, { run: b, shape: right }: Test): Test => ({
  run: (p) => a(p) || b(p),
  shape: { kind: "or", left, right },
})
export const not = ({ run, shape: of }: Test): Test => ({ run: (p) => !run(p), shape: { kind: "not", of } })

/** What a way through the tests has found out: the values that are certain, and those that are excluded. */
interface Facts {
  readonly equal: ReadonlyMap<string, number>
  readonly unequal: ReadonlySet<string>
}

/** Ways tried before giving up: a filter that long is taken. */
const WAYS_MAX = 20_000

/** Whether the test can be true of some packet, as far as comparisons with constants tell. */
export function satisfiable({ shape }: Test): boolean {
  let ways = 0
  /** Is there a way on which `of` comes out as `wanted` and `then` agrees? */
  const search = (of: Shape, wanted: boolean, facts: Facts, then: (facts: Facts) => boolean): boolean => {
    if (++ways > WAYS_MAX) return true
    switch (of.kind) {
      case "known":
        return of.value === wanted && then(facts)
      case "opaque":
        return then(facts)
      case "not":
        return search(of.of, !wanted, facts, then)
      case "equal":
        return compare(of, wanted, facts, then)
      default: {
        // Both sides as wanted, or the left one alone settles it.
        const both = (of.kind === "and") === wanted
        if (both) return search(of.left, wanted, facts, (found) => search(of.right, wanted, found, then))
        return (
          search(of.left, wanted, facts, then) ||
          search(of.left, !wanted, facts, (found) => search(of.right, wanted, found, then))
        )
      }
    }
  }
  return search(shape, true, { equal: new Map(), unequal: new Set() }, () => true)
}

function compare(
  { key, value }: { key: string; value: number },
  wanted: boolean,
  facts: Facts,
  then: (facts: Facts) => boolean,
): boolean {
  const certain = facts.equal.get(key)
  if (certain !== undefined) return (certain === value) === wanted && then(facts)
  const name = `${key}=${value}`
  if (facts.unequal.has(name)) return !wanted && then(facts)
  if (wanted) return then({ ...facts, equal: new Map([...facts.equal, [key, value]]) })
  return then({ ...facts, unequal: new Set([...facts.unequal, name]) })
}
