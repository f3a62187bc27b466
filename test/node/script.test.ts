/** What a reader takes home from a page runs in plain Node, and prints what the page says. */
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type ScriptCell, ScriptError, scriptFor, scriptOf } from "../../site/export/script.ts"
import { type Cell, hasTag, type Notebook, parseNotebook } from "../../src/notebook/ipynb.ts"

const run = promisify(execFile)
const NOTEBOOKS = readdirSync("notebooks").filter((file) => file.endsWith(".ipynb"))
const notebook = (file: string): Notebook => parseNotebook(readFileSync(join("notebooks", file), "utf8"))

const codeOf = ({ cells }: Notebook): Cell[] => cells.filter(({ cell_type }) => cell_type === "code")
const scriptCell = (cell: Cell): ScriptCell => ({ ...cell, fails: hasTag(cell, "podwire-exercise") })
/** What a terminal would show of it. */
const printed = ({ outputs }: Cell): string =>
  outputs.map((output) => (output.output_type === "stream" ? output.text : "")).join("")
const cell = (id: string, source: string, fails = false): ScriptCell => ({ id, source, fails })

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "podwire-script-"))
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
})
afterAll(() => rmSync(folder, { recursive: true }))

let scripts = 0
async function runScript(text: string): Promise<string> {
  const file = `script-${++scripts}.ts`
  writeFileSync(join(folder, file), text)
  const { stdout } = await run(process.execPath, [file], { cwd: folder, encoding: "utf8" })
  return stdout.replace(/^written: .*\n/gm, "")
}

describe.each(NOTEBOOKS)("%s", (file) => {
  test("the page as a script prints what its cells print", async () => {
    const cells = codeOf(notebook(file))
    const wanted = cells.map(printed).join("")
    expect(await runScript(scriptOf(cells.map(scriptCell), file, "test"))).toBe(wanted)
  })

  test("some cells, each with what it needs: the last lines are the cell's own", async () => {
    const cells = codeOf(notebook(file)).filter((one) => !hasTag(one, "podwire-exercise"))
    const some = [0.2, 0.5, 0.9].map((part) => Math.floor(cells.length * part))
    await Promise.all(
      some.map(async (at) => {
        const script = scriptFor(cells.slice(0, at + 1).map(scriptCell), file, "test")
        const out = await runScript(script)
        const wanted = printed(cells[at] as Cell)
        expect(out.slice(Math.max(0, out.length - wanted.length)), script).toBe(wanted)
      }),
    )
  })
})

const APART = [
  cell("lab", "const lab = { n: 1 }\nconst other = { n: 10 }"),
  cell("change", "lab.n++"),
  cell("elsewhere", "const far = [1]\nfar.push(2)"),
  cell("read", "lab.n"),
]

test("only what a cell needs comes along: who makes it, and who may have changed it", () => {
  const script = scriptFor(APART, "Apart", "0.0.0")
  expect(script).toContain("// lab\n")
  expect(script).toContain("// change\n")
  expect(script).not.toContain("// elsewhere")
  expect(script.trimEnd().endsWith("show(lab.n)")).toBe(true)
})

test("what is imported twice is imported once; what is declared twice gets a block", async () => {
  const cells = [
    cell(
      "one",
      'import { inspect } from "node:util"\nimport * as os from "node:os"\nconst x: number = 1; console.log(inspect(x))',
    ),
    cell(
      "two",
      'import {\n  inspect,\n  type InspectOptions,\n} from "node:util"\nconst x = "two" // again\nconst options: InspectOptions = {}\ninspect(x, options) // done',
    ),
    cell("three", "const x = `\n  kept\n`\nx;"),
    cell("four", "let y = null\ny"),
  ]
  const script = scriptOf(cells, "Twice", "0.0.0")
  expect(script.match(/from "node:util"/g)?.length).toBe(1)
  expect(await runScript(script)).toBe("1\n'two'\n\n  kept\n\n")
})

test("an exercise does not end the script, and is nobody's need", async () => {
  const cells = [
    cell("task", "const answer = 1\nthrow new Error('not yet')", true),
    cell("solution", "const answer = 42\nanswer"),
  ]
  expect(await runScript(scriptOf(cells, "Task", "0.0.0"))).toBe("42\n")
  expect(scriptFor(cells, "Task", "0.0.0")).not.toContain("not yet")
})

test("two cells that need their own name each are refused by name", () => {
  const cells = [cell("a", "const x = 1"), cell("b", "console.log(x)"), cell("c", "const x = 2")]
  expect(() => scriptOf(cells, "Clash", "0.0.0")).toThrow(ScriptError)
  expect(() => scriptOf(cells, "Clash", "0.0.0")).toThrow(
    "cells a and c both declare x, and a script cannot: give it two names",
  )
})

test("the script's own names are its own", () => {
  expect(() => scriptOf([cell("a", "const show = 1")], "Own", "0.0.0")).toThrow("cell a declares one of show,")
})
