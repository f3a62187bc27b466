import { describe, expect, test } from "vitest"
import { diffNotebooks } from "../../src/notebook/diff.ts"
import type { Cell, Notebook, Output } from "../../src/notebook/ipynb.ts"

const stream = (text: string): Output => ({ output_type: "stream", name: "stdout", text })
const html = (text: string): Output => ({ output_type: "display_data", data: { "text/html": text }, metadata: {} })
const notebook = (...outputs: Output[]): Notebook =>
  ({ cells: [{ id: "a", cell_type: "code", source: "", metadata: {}, outputs } as unknown as Cell] }) as Notebook

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
