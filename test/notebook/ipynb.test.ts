import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type Notebook, NotebookError, parseNotebook, serializeNotebook } from "../../src/notebook/ipynb.ts"
import { jsonErrorOffset } from "../../src/notebook/json-offset.ts"

const file = (cells: unknown, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5, ...more })
const code = (id: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  cell_type: "code",
  id,
  metadata: {},
  source: [],
  outputs: [],
  execution_count: null,
  ...more,
})

describe("a notebook that cannot be read: what is wrong, and where", () => {
  test.each([
    ["", "not JSON from offset 0 (line 1 column 1): "],
    ["{", "not JSON from offset 1 (line 1 column 2): "],
    ['{"cells": [],\n nbformat: 4}', "not JSON from offset 15 (line 2 column 2): "],
    ['{ "cells": [}', "not JSON from offset 12 (line 1 column 13): "],
    ['{"cells": [1,]}', "not JSON from offset 13 (line 1 column 14): "],
    ['{"cells": []} x', "not JSON from offset 14 (line 1 column 15): "],
    ["[]", "not a notebook: no cells"],
    ["{}", "not a notebook: no cells"],
    [file([], { nbformat: 3 }), "nbformat 3: expected 4"],
    [file([], { nbformat: undefined }), "nbformat undefined: expected 4"],
    [file([], { nbformat_minor: 4 }), "nbformat_minor 4: expected 5 (cell ids)"],
    [file([1]), "cell 1: expected an object"],
    [file([code("a"), code(undefined)]), "cell 2: id undefined is not 1 to 64 of A-Z a-z 0-9 _ -"],
    [file([code("two words")]), 'cell 1: id "two words" is not 1 to 64 of A-Z a-z 0-9 _ -'],
    [file([code("a"), code("b"), code("a")]), 'cell id "a" is used twice'],
    [file([code("a", { cell_type: "heading" })]), 'cell 1 (a): cell_type "heading"'],
    [file([code("a", { source: 5 })]), "cell 1 (a): source: expected text or an array of lines"],
    [file([code("a", { outputs: [{ output_type: "pyout" }] })]), 'cell 1 (a): output_type "pyout"'],
    [file([code("a", { outputs: ["x"] })]), "cell 1 (a): an output is no object"],
    [file([code("a", { metadata: { tags: "one" } })]), "cell 1 (a): metadata.tags: expected a list of words"],
  ])("%j", (text, message) => {
    expect(() => parseNotebook(text)).toThrow(NotebookError)
    expect(() => parseNotebook(text)).toThrow(message)
  })
})

/** Notebooks as podwire writes them. */
const notebooks: fc.Arbitrary<Notebook> = fc
  .array(
    fc.record({
      source: fc.string(),
      output: fc.option(
        fc.oneof(
          fc.record({
            output_type: fc.constant("stream" as const),
            name: fc.constantFrom("stdout" as const, "stderr" as const),
            text: fc.string({ minLength: 1 }),
          }),
          fc.record({
            output_type: fc.constant("error" as const),
            ename: fc.string(),
            evalue: fc.string(),
            traceback: fc.array(fc.string()),
          }),
          fc.record({
            output_type: fc.constant("display_data" as const),
            data: fc.record({
              "text/html": fc.string({ minLength: 1 }),
              "application/json": fc.constant({ a: [1, null] }),
            }),
            metadata: fc.constant({}),
          }),
        ),
        { nil: undefined },
      ),
    }),
  )
  .map((cells) => ({
    metadata: { kernelspec: { name: "tslab" } },
    cells: cells.map(({ source, output }, i) => ({
      cell_type: "code" as const,
      id: `c${i}`,
      source,
      metadata: {},
      outputs: output === undefined ? [] : [output],
      executionCount: i + 1,
    })),
  }))

test("the offset of what is wrong: none exactly when JSON.parse finds nothing", () => {
  const texts = fc.oneof(
    fc.json(),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"\\0e-.tn ')).map(([text, at, c]) => {
      const k = at % (text.length + 1)
      return text.slice(0, k) + c + text.slice(k)
    }),
    fc.tuple(fc.json(), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const parses = (() => {
        try {
          JSON.parse(text)
          return true
        } catch {
          return false
        }
      })()
      const offset = jsonErrorOffset(text)
      expect(offset === undefined).toBe(parses)
      if (offset !== undefined) expect(offset).toBeLessThanOrEqual(text.length)
    }),
    { seed: 20251018, numRuns: 2000 },
  )
})

describe("what is written", () => {
  test("reads back as it was", () => {
    fc.assert(
      fc.property(notebooks, (notebook) => {
        expect(parseNotebook(serializeNotebook(notebook))).toEqual(notebook)
      }),
      { seed: 20251018 },
    )
  })

  test("is the same bytes when it is read and written again, whatever the order of keys was", () => {
    fc.assert(
      fc.property(notebooks, (notebook) => {
        const text = serializeNotebook(notebook)
        const shuffled = JSON.stringify(JSON.parse(text), (_, value) =>
          typeof value === "object" && value !== null && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        )
        expect(serializeNotebook(parseNotebook(shuffled))).toBe(text)
      }),
      { seed: 20251018 },
    )
  })

  test("has sorted keys, an indent of one, lines with their breaks, and ends with one", () => {
    const text = serializeNotebook({
      metadata: { b: 1, a: 2 },
      cells: [{ cell_type: "markdown", id: "x", source: "one\ntwo", metadata: {}, outputs: [], executionCount: null }],
    })
    expect(text).toBe(`{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "x",
   "metadata": {},
   "source": [
    "one\\n",
    "two"
   ]
  }
 ],
 "metadata": {
  "a": 2,
  "b": 1
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`)
  })
})
