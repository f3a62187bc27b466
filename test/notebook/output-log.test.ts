/** What a kernel keeps of a cell's outputs. */
import { describe, expect, test } from "vitest"
import { canonicalOutputs, STREAM_MAX } from "../../src/notebook/canonical.ts"
import type { Output } from "../../src/notebook/ipynb.ts"
import { OUTPUTS_MAX, OutputLog, PRINTED_MAX } from "../../src/notebook/kernel/output-log.ts"

const stream = (text: string, name: "stdout" | "stderr" = "stdout"): Output => ({ output_type: "stream", name, text })
const figure = (text: string): Output => ({ output_type: "display_data", data: { "text/plain": text }, metadata: {} })

function logOf(outputs: readonly Output[]): OutputLog {
  const log = new OutputLog()
  for (const output of outputs) log.add(output)
  return log
}

describe("outputs of a cell", () => {
  test("what fits is what a notebook would have", () => {
    const outputs = [stream("a\n"), stream("b\n"), stream("c\n", "stderr"), figure("d"), stream("e")]
    expect(logOf(outputs).canonical()).toEqual(canonicalOutputs(outputs, {}))
    expect(logOf(outputs).whole().size).toBe(0)
  })

  test("what is cut is kept aside", () => {
    const line = `${"x".repeat(99)}\n`
    const outputs = [figure("first"), ...Array.from({ length: 1000 }, () => stream(line))]
    const log = logOf(outputs)
    expect(log.canonical()).toEqual(canonicalOutputs(outputs, {}))
    expect([...log.whole()]).toEqual([[1, line.repeat(1000)]])
  })

  test("of a flood the first million characters are kept; the count is of all", () => {
    const line = `${"x".repeat(99)}\n`
    const outputs = Array.from({ length: 20_000 }, () => stream(line))
    const log = logOf(outputs)
    expect(log.canonical()).toEqual(canonicalOutputs(outputs, {}))
    const kept = Math.floor(PRINTED_MAX / 100) * 100
    expect(log.whole().get(0)).toBe(`${line.repeat(kept / 100)}… ${2_000_000 - kept} more characters\n`)
  })

  test("what comes after a flood says how much it was", () => {
    const log = logOf([stream("x".repeat(PRINTED_MAX)), stream("gone\n", "stderr")])
    expect(log.canonical()[1]).toEqual(stream("… 5 more characters\n", "stderr"))
  })

  test("outputs beyond a thousand are counted; an error is always told", () => {
    const error: Output = { output_type: "error", ename: "Error", evalue: "late", traceback: [] }
    const log = logOf([...Array.from({ length: OUTPUTS_MAX + 7 }, (_, i) => figure(`${i}`)), error])
    expect(log.canonical().slice(-2)).toEqual([error, stream("… 7 more outputs were not kept\n", "stderr")])
    expect(log.canonical().length).toBe(OUTPUTS_MAX + 2)
  })

  test("a cut text ends with a line", () => {
    for (const text of ["a\n".repeat(STREAM_MAX), "a".repeat(2 * STREAM_MAX)]) {
      const [output] = logOf([stream(text)]).canonical()
      expect(output?.output_type === "stream" && output.text.length).toBeLessThan(STREAM_MAX + 40)
      expect(output).toEqual(canonicalOutputs([stream(text)], {})[0])
    }
  })
})
