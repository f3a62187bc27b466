/** podwire/vitest-plugin in a real Vitest, on a folder of notebooks, as a user has it. */
import { spawn } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Cell, NOTEBOOK_METADATA, type Output, serializeNotebook } from "../../src/notebook/ipynb.ts"
import { built, finished } from "./process.ts"

built("node/vitest/plugin.js")
mkdirSync(".cache", { recursive: true })
// Inside the package, so that "podwire" is this one.
const folder = mkdtempSync(resolve(".cache/vitest-plugin-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CONFIG = `import { notebooks } from "podwire/vitest-plugin"
import { defineConfig } from "vitest/config"

export default defineConfig({ plugins: [notebooks()], test: { include: ["*.ipynb"] } })
`
const says = (text: string): Output[] => [{ output_type: "stream", name: "stdout", text }]

interface Written {
  source: string
  outputs?: Output[]
  tags?: string[]
}

function write(name: string, cells: Readonly<Record<string, Written>>): void {
  const all = Object.entries(cells).map(
    ([id, { source, outputs, tags }]): Cell => ({
      cell_type: "code",
      id,
      source,
      metadata: tags === undefined ? {} : { tags },
      outputs: outputs ?? [],
      executionCount: null,
    }),
  )
  const text: Cell = {
    cell_type: "markdown",
    id: "title",
    source: "# What it is called\n\nText.",
    metadata: {},
    outputs: [],
    executionCount: null,
  }
  writeFileSync(join(folder, name), serializeNotebook({ cells: [text, ...all], metadata: { ...NOTEBOOK_METADATA } }))
}

/** The line of the file that has this. */
const lineOf = (name: string, text: string): number =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1

interface Told {
  status: string
  message: string
}

/** Runs Vitest; what became of each test by `file cell`, of each file that is none by its name. */
async function vitest(
  ...args: string[]
): Promise<{ code: number | null; told: Record<string, Told>; printed: string }> {
  const report = join(folder, "report.json")
  rmSync(report, { force: true })
  const cli = resolve("node_modules/vitest/vitest.mjs")
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${report}`]
  const child = spawn(process.execPath, [cli, "run", ...reporters, ...args], {
    cwd: folder,
    // The run that this test is part of has told its children about itself.
    env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", TMPDIR: process.env["TMPDIR"] ?? "/tmp" },
  })
  const { code, stdout, stderr } = await finished(child)
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    testResults: {
      name: string
      status: string
      message: string
      assertionResults: { title: string; status: string; failureMessages: string[] }[]
    }[]
  }
  const told = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.slice(folder.length + 1)
    const cells = assertionResults.map((one): [string, Told] => [
      `${file} ${one.title}`,
      { status: one.status, message: one.failureMessages.join("\n") },
    ])
    return [[file, { status, message }] as [string, Told], ...cells]
  })
  return { code, told: Object.fromEntries(told), printed: stdout + stderr }
}

beforeAll(() => {
  writeFileSync(join(folder, "vitest.config.mjs"), CONFIG)
  write("agrees.ipynb", {
    sdk: {
      source: 'import { VERSIONS } from "podwire"\n\nconsole.log(typeof VERSIONS.kernel)\nlet n = 1',
      outputs: says("string\n"),
    },
    next: { source: "n + 1", outputs: says("2\n") },
    forbidden: {
      source: 'throw new Error("as it should")',
      tags: ["raises-exception"],
      outputs: [
        {
          output_type: "error",
          ename: "Error",
          evalue: "as it should",
          traceback: ["Error: as it should", "    at cell forbidden 1:7"],
        },
      ],
    },
    later: { source: "n", outputs: says("1\n") },
    never: { source: "process.exit(1)", tags: ["skip-execution"], outputs: says("kept\n") },
  })
  write("differs.ipynb", {
    one: { source: "1", outputs: says("1\n") },
    two: { source: '// A comment.\nconsole.log("a\\nb\\nc")', outputs: says("a\nB\nc\n") },
    three: { source: "3", outputs: says("3\n") },
  })
  write("throws.ipynb", {
    fine: { source: "function f(n: number) {\n  if (n > 1) throw new RangeError('too much: ' + n)\n}" },
    bad: { source: "f(1)\n\nf(2)" },
    after: { source: "1", outputs: says("1\n") },
  })
  write("types.ipynb", { wrong: { source: 'const n: number =\n  "text"' } })
  write("quiet.ipynb", { quiet: { source: "1", outputs: says("1\n"), tags: ["raises-exception"] } })
  write("strays.ipynb", { stray: { source: 'const timer = setTimeout(() => console.log("late"), 50)' } })
  writeFileSync(
    join(folder, "broken.ipynb"),
    '{ "nbformat": 4, "nbformat_minor": 5, "cells": [{ "cell_type": "code", "id": "a b" }] }',
  )
})

describe("a run", () => {
  let run: Awaited<ReturnType<typeof vitest>>
  beforeAll(async () => {
    run = await vitest()
  })

  const message = (name: string): string => run.told[name]?.message ?? ""

  test("a test for each code cell, named by its id", () => {
    expect(Object.keys(run.told).filter((name) => name.startsWith("agrees.ipynb "))).toEqual(
      ["sdk", "next", "forbidden", "later", "never"].map((id) => `agrees.ipynb ${id}`),
    )
    expect(run.printed).toContain("FAIL  throws.ipynb > What it is called > bad")
    expect(run.code).toBe(1)
  })

  test("passed: outputs as in the file, failures that a tag allows; skipped: what a tag keeps from running", () => {
    const statuses = Object.entries(run.told)
      .filter(([name]) => name.startsWith("agrees.ipynb"))
      .map(([, { status }]) => status)
    expect(statuses).toEqual(["passed", "passed", "passed", "passed", "passed", "skipped"])
    expect(run.printed).toContain("[tagged skip-execution]")
  })

  test("other outputs: the lines that differ, and the cell's line; the cells after it go on", () => {
    expect(message("differs.ipynb two")).toContain(
      'Error: cell two gave other outputs ("+") than differs.ipynb has ("-"):\n- B\n+ b\naccept them with vitest -u, or: npx podwire run --accept differs.ipynb\n',
    )
    const line = lineOf("differs.ipynb", "A comment")
    expect(message("differs.ipynb two")).toMatch(
      new RegExp(`at cell two \\(${join(folder, "differs.ipynb")}:${line}:\\d+\\)`),
    )
    expect(run.printed).toMatch(new RegExp(`❯ cell two differs\\.ipynb:${line}:\\d+\n`))
    expect([run.told["differs.ipynb one"]?.status, run.told["differs.ipynb three"]?.status]).toEqual([
      "passed",
      "passed",
    ])
  })

  test("a cell that throws: where, through the cells, in lines of the file; the cells after it say why they did not run", () => {
    expect(message("throws.ipynb bad")).toContain(
      "Error: cell bad failed: RangeError: too much: 2 at f (cell fine 2:20)",
    )
    const [inside, called] = [lineOf("throws.ipynb", "new RangeError"), lineOf("throws.ipynb", "f(2)")]
    expect(run.printed).toMatch(new RegExp(`❯ f, cell fine throws\\.ipynb:${inside}:\\d+\n`))
    expect(run.printed).toMatch(new RegExp(`❯ cell bad throws\\.ipynb:${called}:\\d+\n`))
    expect(run.told["throws.ipynb after"]?.status).toBe("skipped")
    expect(run.printed).toMatch(/after \d+ms \[cell bad failed\]/)
  })

  test("a type error, a tag that promises too much", () => {
    expect(message("types.ipynb wrong")).toContain("cell wrong 1:7 - Type 'string' is not assignable to type 'number'.")
    expect(run.printed).toMatch(new RegExp(`❯ cell wrong types\\.ipynb:${lineOf("types.ipynb", "const n")}:\\d+\n`))
    expect(message("quiet.ipynb quiet")).toContain("cell quiet failed: tagged raises-exception, and nothing was thrown")
  })

  test("what a cell leaves behind fails the suite", () => {
    expect(run.told["strays.ipynb"]?.status).toBe("failed")
    expect(run.printed).toContain("cell stray failed: something it started printed after its end: await it")
  })

  test("a file that is no notebook", () => {
    expect(message("broken.ipynb")).toContain('cell 1: id "a b" is not 1 to 64 of A-Z a-z 0-9 _ -')
  })
})

test("one cell, chosen by its line: those before it run, and no other", async () => {
  const line = lineOf("agrees.ipynb", "n + 1")
  const { code, told } = await vitest(`agrees.ipynb:${line}`)
  expect(code).toBe(0)
  const statuses = Object.entries(told).map(([name, { status }]) => `${name}: ${status}`)
  expect(statuses).toEqual([
    "agrees.ipynb: passed",
    "agrees.ipynb sdk: skipped",
    "agrees.ipynb next: passed",
    "agrees.ipynb forbidden: skipped",
    "agrees.ipynb later: skipped",
    "agrees.ipynb never: skipped",
  ])
})

test("one cell, chosen by its name: a failure before it is told, not hidden", async () => {
  const { code, told } = await vitest("throws.ipynb", "-t", "after")
  expect(code).toBe(1)
  expect(told["throws.ipynb after"]?.message).toContain(
    "cell bad, which comes before it, failed: RangeError: too much: 2",
  )
})

test("-u keeps new outputs, and not those of a notebook that failed", async () => {
  for (const name of ["differs", "throws"]) cpSync(join(folder, `${name}.ipynb`), join(folder, `${name}.kept.ipynb`))
  const { told } = await vitest("kept", "-u")
  expect(Object.keys(told).filter((name) => !name.includes(" "))).toEqual(["differs.kept.ipynb", "throws.kept.ipynb"])
  expect(told["differs.kept.ipynb"]?.status).toBe("passed")
  const [before, after] = ["differs", "differs.kept"].map((name) => readFileSync(join(folder, `${name}.ipynb`), "utf8"))
  let count = 0
  expect(after).toBe(
    before?.replace('"B\\n"', '"b\\n"').replace(/"execution_count": null/g, () => `"execution_count": ${++count}`),
  )
  expect(readFileSync(join(folder, "throws.kept.ipynb"), "utf8")).toBe(
    readFileSync(join(folder, "throws.ipynb"), "utf8"),
  )
  expect((await vitest("differs.kept.ipynb")).code).toBe(0)
})
