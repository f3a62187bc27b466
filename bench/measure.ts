/** Rounds in turn, medians, and the lines they end up in. */

/** One line of bench/results.jsonl. */
export interface Result {
  bench: string
  case: string
  median: number
  min: number
  max: number
  unit: string
}

/** One competitor: measures once and says how much it got, in the unit of its case. */
export interface Contender {
  /** What stands in the result's `case`. */
  name: string
  measure(): number | Promise<number>
}

export const ROUNDS = 5

/** Milliseconds of wall time. */
export const wall = (): number => performance.now()

/** How often `unit` pieces of work get done a second, when `work` does `count` of them. */
export function rate(count: number, work: () => void): number {
  const start = wall()
  work()
  return (count * 1000) / (wall() - start)
}

/**
 * Measures every contender in turn, A B A B, so that a slow minute of the machine hits them all. The first round of each is warm-up and
 * does not count.
 */
export async function inTurn(contenders: readonly Contender[], rounds: number = ROUNDS): Promise<number[][]> {
  const samples: number[][] = contenders.map(() => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const sample = await contender.measure()
      if (round > 0) samples[i]?.push(sample)
    }
  return samples
}

export function summary(bench: string, name: string, unit: string, samples: readonly number[]): Result {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (index: number): number => rounded(sorted[index] ?? Number.NaN)
  return { bench, case: name, median: at(sorted.length >> 1), min: at(0), max: at(sorted.length - 1), unit }
}

/** The first contender against another, round by round: what a machine's mood cancels out of. */
export function ratio(bench: string, name: string, ours: readonly number[], theirs: readonly number[]): Result {
  return summary(
    bench,
    name,
    "x",
    ours.map((value, i) => value / (theirs[i] ?? Number.NaN)),
  )
}

/** Contenders' own figures, and the first one's ratio to each of the others. */
export async function compare(bench: string, unit: string, contenders: readonly Contender[]): Promise<Result[]> {
  const samples = await inTurn(contenders)
  const own = contenders.map(({ name }, i) => summary(bench, name, unit, samples[i] ?? []))
  const ratios = contenders
    .slice(1)
    .map(({ name }, i) =>
      ratio(bench, `${contenders[0]?.name ?? ""} / ${name}`, samples[0] ?? [], samples[i + 1] ?? []),
    )
  return [...own, ...ratios]
}

/** Four significant digits: more would be noise. */
function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}
