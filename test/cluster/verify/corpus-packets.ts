/** A suite of the conformance corpus by packets through simulated clusters: what `podwire verify --by packets` does. */
import { expect, test } from "vitest"
import { verifyByPackets } from "../../../src/cluster/verify/by-packets.ts"
import { answerText, checkedIn } from "../../../src/cluster/verify/report.ts"
import { corpusCases, SUITES } from "../../support/corpus.ts"

export interface Wanted {
  /** Cells, flows and requests that packets answered. */
  readonly checked: number
  /** Cases that no cluster here can be asked, by the reason's beginning. */
  readonly notRun?: Readonly<Record<string, number>>
  /** Questions within cases that are no packets here, by the reason. */
  readonly notSent?: Readonly<Record<string, number>>
}

/** All cases of a suite in one test: they share clusters. */
export function suiteByPackets(suite: keyof typeof SUITES, wanted: Wanted): void {
  test(`${suite} by packets`, { timeout: 300_000 }, async () => {
    const cases = corpusCases(suite)
    expect(cases).toHaveLength(SUITES[suite].cases)
    const wrong: string[] = []
    const notRun: Record<string, number> = {}
    const notSent: Record<string, number> = {}
    let checked = 0
    for (const one of cases) {
      const report = await verifyByPackets(one)
      checked += checkedIn(report.counts)
      wrong.push(...report.failures.map((failure) => `${one.id}: ${answerText(failure)} ${failure.why ?? ""}`))
      if (report.skipped !== undefined) add(notRun, reasonOf(report.skipped), 1)
      for (const note of report.notes) {
        const [, times = "1", reason = note] = /^(\d+) not sent: (.*)$/.exec(note) ?? []
        add(notSent, reason, Number(times))
      }
    }
    expect(wrong.slice(0, 10), `${wrong.length} wrong`).toEqual([])
    expect({ checked, notRun, notSent }).toEqual({
      checked: wanted.checked,
      notRun: wanted.notRun ?? {},
      notSent: wanted.notSent ?? {},
    })
  })
}

function add(counts: Record<string, number>, key: string, times: number): void {
  counts[key] = (counts[key] ?? 0) + times
}

/** Without the object's name and what the server says at length. */
const reasonOf = (text: string): string => text.replace(/^(the API server refuses \w+).*$/s, "$1")
