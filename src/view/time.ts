/** Relative times in the unit that suits the longest. */

const UNITS: readonly (readonly [name: string, nanoseconds: number])[] = [
  ["s", 1_000_000_000],
  ["ms", 1_000_000],
  ["µs", 1_000],
]

export interface TimeScale {
  readonly unit: string
  /** Nanoseconds in, digits out: `0.412`. */
  readonly format: (time: number) => string
}

/** A scale for times (nanoseconds) that counts from the earliest. */
export function timeScale(times: readonly number[]): TimeScale {
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const span = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - first
  const [unit, size] = UNITS.find(([, nanoseconds]) => span >= nanoseconds) ?? ["µs", 1_000]
  const digits = times.every((time) => (time - first) % size === 0) ? 0 : 3
  return { unit, format: (time) => ((time - first) / size).toFixed(digits) }
}
