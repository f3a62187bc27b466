/** Each tutorial says what it teaches and needs, and ends with exercises: cells that throw until the reader has completed them, each with its solution. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { type Cell, hasTag, parseNotebook } from "../../src/notebook/ipynb.ts"

const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"))
/** What the reader is to change. */
const MARK = /(?:\/\/|#) your turn/

const isExercise = (cell: Cell | undefined): boolean => cell !== undefined && hasTag(cell, "podwire-exercise")
const isSolution = (cell: Cell | undefined): boolean => cell !== undefined && hasTag(cell, "podwire-solution")
const failed = (cell: Cell): boolean => cell.outputs.some((output) => output.output_type === "error")
const linesOf = (cell: Cell): string[] => cell.source.trimEnd().split("\n")

test("there are tutorials", () => expect(names.length).toBeGreaterThan(0))

describe.each(names)("%s", (name) => {
  const { cells } = parseNotebook(readFileSync(`notebooks/${name}`, "utf8"))
  const exercises = cells.filter(isExercise)

  test("opens with what it teaches and what it needs", () => {
    const [title, needs] = cells
    expect(title?.source).toMatch(/^# /)
    expect(needs?.source).toMatch(/^\*\*You learn\*\* \S/m)
    expect(needs?.source).toMatch(/^\*\*You need\*\* \S/m)
  })

  test("ends with at least two exercises, under a heading of their own", () => {
    expect(exercises.length).toBeGreaterThanOrEqual(2)
    const begin = cells.findIndex((cell) => /^## Exercises$/m.test(cell.source))
    expect(begin).toBeGreaterThan(0)
    expect(cells.slice(0, begin).filter((cell) => isExercise(cell) || isSolution(cell))).toEqual([])
    expect(cells.slice(begin + 1).filter((cell) => /^## /m.test(cell.source))).toEqual([])
    expect(isSolution(cells[cells.length - 1])).toBe(true)
  })

  test("a solution follows each exercise, and stands nowhere else", () => {
    for (const [at, cell] of cells.entries()) expect(isSolution(cell), cell.id).toBe(isExercise(cells[at - 1]))
  })

  describe.each(exercises.map((cell) => [cell.id, cell] as const))("%s", (_, exercise) => {
    const solution = cells[cells.indexOf(exercise) + 1] as Cell

    test("fails as published, and says where; its solution does not", () => {
      expect(hasTag(exercise, "raises-exception")).toBe(true)
      expect(hasTag(solution, "raises-exception")).toBe(false)
      const [error] = exercise.outputs.filter((output) => output.output_type === "error")
      // Its own check speaks, not a slip in the cell.
      expect(error).toMatchObject({ ename: "Error" })
      expect(error?.evalue.length).toBeGreaterThan(20)
      expect(error?.traceback.at(-1)).toContain(`at cell ${exercise.id} `)
      expect(failed(solution)).toBe(false)
      expect(solution.outputs.length).toBeGreaterThan(0)
    })

    test("its solution is folded away, and changes only what the reader may change", () => {
      expect(hasTag(solution, "hide-cell")).toBe(true)
      const kept = linesOf(exercise).filter((line) => !MARK.test(line))
      expect(kept.length).toBeLessThan(linesOf(exercise).length)
      const changed = linesOf(solution)
      for (const line of kept) {
        const at = changed.indexOf(line)
        expect(at, `the solution has no line ${line}`).toBeGreaterThanOrEqual(0)
        changed.splice(0, at + 1)
      }
      expect(solution.source).not.toMatch(MARK)
    })

    test("a task stands before it", () => {
      const before = cells.slice(0, cells.indexOf(exercise)).findLast((cell) => cell.cell_type === "markdown")
      expect(before?.source).toMatch(/^\*\*[^*]+[.?]\*\* \S/)
    })
  })
})
