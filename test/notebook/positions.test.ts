import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { parseNotebook } from "../../src/notebook/ipynb.ts"
import { SourcePositions } from "../../src/notebook/positions.ts"

const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"))

describe.each(names)("%s", (name) => {
  const text = readFileSync(`notebooks/${name}`, "utf8")
  const lines = text.split("\n")
  const { cells } = parseNotebook(text)
  const positions = new SourcePositions(text)

  test("every character of every cell", () => {
    let compared = 0
    for (const [at, cell] of cells.entries())
      for (const [i, line] of cell.source.split("\n").entries())
        for (const [j, character] of [...line].entries()) {
          // Outside the basic plane a character is two columns.
          if (character.length > 1) break
          const found = positions.at(at, { line: i + 1, column: j + 1 })
          const written = JSON.stringify(character).slice(1, -1)
          const rest = lines[found.line - 1]?.slice(found.column - 1)
          if (rest?.startsWith(written) !== true)
            throw new Error(`${cell.id} ${i + 1}:${j + 1} is ${character}, and the file has ${rest?.slice(0, 10)}`)
          compared++
        }
    expect(compared).toBeGreaterThan(1000)
  })
})

describe("other layouts", () => {
  const at = (source: unknown, place?: { line: number; column: number }): string => {
    const text = JSON.stringify(
      { cells: [{ id: "a", source: "x", outputs: [{ source: ["no"] }] }, { source }] },
      null,
      1,
    )
    const { line, column } = new SourcePositions(text).at(1, place)
    return text.split("\n")[line - 1]?.slice(column - 1, column + 3) ?? ""
  }

  test("a source that is one string", () => {
    expect(at('first\n"second"\nthird')).toBe("firs")
    expect(at('first\n"second"\nthird', { line: 2, column: 2 })).toBe("seco")
    expect(at('first\n"second"\nthird', { line: 3, column: 1 })).toBe("thir")
  })

  test("lines that are not cut at their breaks", () => {
    expect(at(["one, ", "still one\ntwo", " ends\n", "three"], { line: 2, column: 1 })).toBe('two"')
    expect(at(["one\n", "two\n"], { line: 2, column: 2 })).toBe("wo\\n")
  })

  test("a place that is not there is the cell's beginning", () => {
    expect(at(["one\n", "two"], { line: 7, column: 1 })).toBe("one\\")
    expect(at([])).toBe("{")
  })
})
