import { describe, expect, test } from "vitest"
import { canonicalize, canonicalOutputs, STREAM_MAX } from "../../src/notebook/canonical.ts"
import { diffNotebooks } from "../../src/notebook/diff.ts"
import type { Cell, Output } from "../../src/notebook/ipynb.ts"

const out = (text: string): Output => ({ output_type: "stream", name: "stdout", text })
const err = (text: string): Output => ({ output_type: "stream", name: "stderr", text })
const cell = (id: string, more: Partial<Cell> = {}): Cell => ({
  cell_type: "code",
  id,
  source: "",
  metadata: {},
  outputs: [],
  executionCount: null,
  ...more,
})

describe("canonical outputs", () => {
  test("prints of one stream in a row are one output; the other stream and displays part them", () => {
    const display: Output = { output_type: "display_data", data: { "text/html": "<b>" }, metadata: {} }
    expect(canonicalOutputs([out("a\n"), out("b\n"), err("c\n"), out("d\n"), display, out("e\n")], {})).toEqual([
      out("a\nb\n"),
      err("c\n"),
      out("d\n"),
      display,
      out("e\n"),
    ])
  })

  test("what it is given stays as it was", () => {
    const given = [out("a"), out("b")]
    canonicalOutputs(given, {})
    expect(given).toEqual([out("a"), out("b")])
  })

  test("folders of the machine are gone from text, errors and displays", () => {
    const outputs: Output[] = [
      out("at /home/me/lab/x.ts\n"),
      { output_type: "error", ename: "Error", evalue: "in /home/me/lab", traceback: ["/home/me/lab/y"] },
      {
        output_type: "display_data",
        data: { "text/html": "/home/me/lab/z", "a/json": { deep: 1 } },
        metadata: { x: 1 },
      },
    ]
    expect(canonicalOutputs(outputs, { scrub: ["/home/me/lab"] })).toEqual([
      out("at ./x.ts\n"),
      { output_type: "error", ename: "Error", evalue: "in .", traceback: ["./y"] },
      { output_type: "display_data", data: { "text/html": "./z", "a/json": { deep: 1 } }, metadata: {} },
    ])
  })

  test("endless text is cut at a line, and says how much is missing", () => {
    const line = `${"x".repeat(99)}\n`
    const [cut] = canonicalOutputs([out(line.repeat(1000))], {})
    const kept = Math.floor(STREAM_MAX / 100)
    expect(cut).toEqual(out(`${line.repeat(kept)}… ${(1000 - kept) * 100} more characters\n`))
  })

  test("counts go from 1 over code cells; times of execution are dropped", () => {
    const { cells } = canonicalize({
      metadata: {},
      cells: [
        cell("a", { executionCount: 7, metadata: { execution: { start: "now" }, tags: ["x"] } }),
        cell("b", { cell_type: "markdown" }),
        cell("c"),
      ],
    })
    expect(cells.map(({ executionCount }) => executionCount)).toEqual([1, null, 2])
    expect(cells[0]?.metadata).toEqual({ tags: ["x"] })
  })
})

describe("differences", () => {
  const notebook = (outputs: Output[]): { cells: Cell[]; metadata: Record<string, unknown> } => ({
    metadata: {},
    cells: [cell("first", { outputs: [out("same\n")] }), cell("second", { outputs })],
  })

  test("none when outputs agree", () => {
    expect(diffNotebooks(notebook([out("a\n")]), notebook([out("a\n")]))).toBe("")
  })

  test("the cell and the lines that differ, each beside its new form", () => {
    const lines = (changed: string): Output[] => [out(`1\n2\n3\n${changed}\n5\n6\n7\n`)]
    expect(diffNotebooks(notebook(lines("old")), notebook(lines("new")))).toBe("cell second:\n- old\n+ new\n")
  })

  test("where lines came or went: all between what is common, and two around them", () => {
    const lines = (...changed: string[]): Output[] => [out(["1", "2", "3", ...changed, "5", "6", "7"].join("\n"))]
    expect(diffNotebooks(notebook(lines("old")), notebook(lines("new", "more")))).toBe(
      "cell second:\n  2\n  3\n- old\n+ new\n+ more\n  5\n  6\n",
    )
  })

  test("of a figure, its elements that differ", () => {
    const figure = (port: string): Output => ({
      output_type: "display_data",
      data: { "image/svg+xml": `<svg><text>UDP</text><text>port ${port}</text></svg>` },
      metadata: {},
    })
    expect(diffNotebooks(notebook([figure("8472")]), notebook([figure("4789")]))).toBe(
      "cell second:\n- <text>port 8472</text>\n+ <text>port 4789</text>\n",
    )
  })

  test("kinds of output differ too: standard error is not standard output", () => {
    expect(diffNotebooks(notebook([out("a")]), notebook([err("a")]))).toContain("- a\n+ ! a")
  })
})
