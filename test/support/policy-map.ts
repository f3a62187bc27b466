/** A policy map from a short list, for tests of those who ask it. */
import type { PolicyEntry, PolicyMap } from "../../src/policy/api.ts"
import type { Direction } from "../../src/policy/rule.ts"

export interface Row {
  /** 0: any. */
  identity?: number
  direction: Direction
  /** 0: any. */
  protocol?: number
  /** A port, or an ICMP type; absent: any. */
  port?: number
  deny?: boolean
  proxyPort?: number
}

class TestPolicyMap implements PolicyMap {
  readonly generation = 0
  readonly #entries: readonly PolicyEntry[]

  constructor(rows: readonly Row[]) {
    this.#entries = rows.map((row) => ({
      identity: row.identity ?? 0,
      direction: row.direction,
      protocol: row.protocol ?? 0,
      port: row.port ?? 0,
      prefixLength: row.port !== undefined ? 24 : row.protocol !== undefined ? 8 : 0,
      deny: row.deny ?? false,
      proxyPort: row.proxyPort ?? 0,
      proxyPriority: row.proxyPort === undefined ? 0 : 26,
      auth: "disabled",
      rules: [],
      labels: [],
      packets: 0,
      bytes: 0,
    }))
  }

  get size(): number {
    return this.#entries.length
  }

  [Symbol.iterator](): Iterator<PolicyEntry> {
    return this.#entries[Symbol.iterator]()
  }

  lookup(identity: number, direction: Direction, protocol: number, port: number): PolicyEntry | undefined {
    const fits = this.#entries.filter(
      (entry) =>
        entry.direction === direction &&
        (entry.identity === 0 || entry.identity === identity) &&
        (entry.prefixLength === 0 || entry.protocol === protocol) &&
        (entry.prefixLength < 24 || entry.port === port),
    )
    const rank = (entry: PolicyEntry): number =>
      (entry.deny ? 1e6 : 0) + entry.proxyPriority * 1e3 + entry.prefixLength * 2 + (entry.identity === 0 ? 0 : 1)
    return fits.sort((a, b) => rank(b) - rank(a))[0]
  }

  canAccess(): number {
    throw new Error("not asked by programs")
  }
}

export const policyMap = (rows: readonly Row[]): PolicyMap => new TestPolicyMap(rows)

/** Nothing enforced: anything goes both ways. */
export const ALLOW_ALL: Row[] = [{ direction: "ingress" }, { direction: "egress" }]
