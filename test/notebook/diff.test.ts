import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { diffNotebooks } from "../../src/notebook/diff.ts"
import type { Cell, Notebook, Output } from "../../src/notebook/ipynb.ts"
import { diffLines } from "../../src/notebook/line-diff.ts"

const stream = (text: string): Output => ({ output_type: "stream", name: "stdout", text })
const html = (text: string): Output => ({ output_type: "display_data", data: { "text/html": text }, metadata: {} })
const notebook = (...outputs: Output[]): Notebook =>
  ({ cells: [{ id: "a", cell_type: "code", source: "", metadata: {}, outputs } as unknown as Cell] }) as Notebook

/** A text of few different lines. */
const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 })

test("what went and came makes the one text of the other", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const lines = diffLines(a, b)
      expect(lines.length === 0).toBe(a.join() === b.join())
      // Not where lines are compared in pairs, and not what is left out between two changes.
      if (a.length === b.length || lines.includes("  …")) return
      const side = (mark: string): string =>
        lines
          .filter((line) => line.startsWith(mark) || line.startsWith(" "))
          .map((line) => line.slice(2))
          .join("")
      expect(a.join("")).toContain(side("-"))
      expect(b.join("")).toContain(side("+"))
      const went = lines.filter((line) => line.startsWith("-")).length
      const came = lines.filter((line) => line.startsWith("+")).length
      expect(came - went).toBe(b.length - a.length)
    }),
  )
})

describe("what changed between two runs", () => {
  test("nothing: empty", () => {
    expect(diffNotebooks(notebook(stream("a\n")), notebook(stream("a\n")))).toBe("")
  })
  test("a value: its line alone, before and after", () => {
    expect(diffNotebooks(notebook(stream("a\nb\nc\n")), notebook(stream("a\nB\nc\n")))).toBe("cell a:\n- b\n+ B\n")
  })
  test("a line more: with what is around it", () => {
    expect(diffNotebooks(notebook(stream("a\nb\nd")), notebook(stream("a\nb\nc\nd")))).toBe(
      "cell a:\n  a\n  b\n+ c\n  d\n",
    )
  })
  test("two places: each with what is around it, and what is between left out", () => {
    const before = ["a", "b", "c", "d", "e", "f", "g", "h"].join("\n")
    const after = ["a", "B", "c", "d", "e", "f", "g", "new", "h"].join("\n")
    expect(diffNotebooks(notebook(stream(before)), notebook(stream(after)))).toBe(
      "cell a:\n  a\n- b\n+ B\n  c\n  d\n  …\n  f\n  g\n+ new\n  h\n",
    )
  })
  test("an error is told once, however many lines it has", () => {
    const error: Output = {
      output_type: "error",
      ename: "Error",
      evalue: "one\ntwo",
      traceback: ["Error: one", "two", "    at cell a 1:7"],
    }
    expect(diffNotebooks(notebook(), notebook(error))).toBe("cell a:\n+ Error: one\n+ two\n+     at cell a 1:7\n")
    const compiler = "cell a 1:7 - Type 'string' is not assignable to type 'number'."
    const wrong: Output = { output_type: "error", ename: "TypeScriptError", evalue: compiler, traceback: [compiler] }
    expect(diffNotebooks(notebook(), notebook(wrong))).toBe(`cell a:\n+ ${compiler}\n`)
  })
  test("a figure: the elements that changed, not the whole picture", () => {
    const picture = (port: number): string => `<svg><text>srcport</text><text>${port}</text><line/></svg>`
    expect(diffNotebooks(notebook(html(picture(1))), notebook(html(picture(2))))).toBe(
      "cell a:\n- <text>1</text>\n+ <text>2</text>\n",
    )
  })
  test("a flood is cut, and says so", () => {
    const flood = (word: string): Output => stream(Array.from({ length: 100 }, (_, i) => `${word}${i}`).join("\n"))
    const diff = diffNotebooks(notebook(flood("a")), notebook(flood("b")))
    expect(diff.split("\n")).toHaveLength(83)
    expect(diff).toContain("… 120 more")
  })
})
