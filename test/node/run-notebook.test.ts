/** The runner on the real tslab: outputs, failures in the notebook's own terms, and nothing left behind. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import type { RunOptions, RunResult } from "../../src/node/notebook-run.ts"
import { runNotebook } from "../../src/node/run-notebook.ts"
import {
  type Cell,
  NOTEBOOK_METADATA,
  type Notebook,
  parseNotebook,
  serializeNotebook,
} from "../../src/notebook/ipynb.ts"
import { built, finished, node, podwire } from "./process.ts"

const cwd = process.cwd()
/** What a cell may take (ms): enough for the compiler on a busy machine, which the first one waits for. */
const TIMEOUT = 10_000
/** Longer than any test. */
const LONG = 3_600_000
const folder = mkdtempSync(join(tmpdir(), "podwire-notebook-"))
// Kernels of this test, and of no other that runs at the same time, keep their files here.
process.env["TMPDIR"] = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A notebook of code cells: id to source, or to source and tags. */
function notebook(cells: Readonly<Record<string, string | readonly [string, ...string[]]>>): Notebook {
  return {
    metadata: { ...NOTEBOOK_METADATA },
    cells: Object.entries(cells).map(([id, cell]): Cell => {
      const [source, ...tags] = typeof cell === "string" ? [cell] : cell
      return {
        cell_type: "code",
        id,
        source,
        metadata: tags.length > 0 ? { tags } : {},
        outputs: [],
        executionCount: null,
      }
    }),
  }
}

const run = (cells: Parameters<typeof notebook>[0], options: Partial<RunOptions> = {}): Promise<RunResult> =>
  runNotebook(notebook(cells), { cwd, ...options })
const outputs = (result: RunResult, id: string): unknown =>
  result.notebook.cells.find((cell) => cell.id === id)?.outputs
const stdout = (text: string): unknown => [{ output_type: "stream", name: "stdout", text }]

/** Command lines of everything that runs now. A small Debian has no ps, a Mac no /proc. */
function commandLines(): string[] {
  if (!existsSync("/proc/self/cmdline")) return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n")
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      } catch {
        // Ended meanwhile.
        return ""
      }
    })
}

/** Kernels of this test that run now, by their command lines. */
const kernels = (): string[] =>
  commandLines().filter((line) => line.includes("tslab") && line.includes(`${folder}/podwire-kernel-`))

const leftovers = (): string[] => readdirSync(folder).filter((name) => name.startsWith("podwire-kernel-"))

describe("a cell that throws", () => {
  test("shows its own line, and that of the function it called; the next cell finds the cluster as it was", async () => {
    const result = await run({
      cluster: `import { createCluster, type Cluster } from "podwire"

const cluster = await createCluster({ nodes: 1 })
const node = cluster.node("control-plane")
await node.exec("echo before > /tmp/state")`,
      helper: `// A function that other cells call.
interface Options { name: string }

function find({ name }: Options): string {
  const upper: string = name.toUpperCase()


  return cluster.node(upper as string).name
}`,
      thrown: `type Unused = { a: number }

const wanted: string = "nosuch"

await node.exec("hostname")

find({ name: wanted })`,
      after: `await node.exec("cat /tmp/state; hostname")`,
    })
    expect(outputs(result, "thrown")).toEqual([
      {
        output_type: "error",
        ename: "RangeError",
        evalue: 'no node "NOSUCH"; there are: control-plane',
        traceback: [
          'RangeError: no node "NOSUCH"; there are: control-plane',
          "    at find (cell helper 8:18)",
          "    at cell thrown 7:1",
        ],
      },
    ])
    expect(outputs(result, "after")).toEqual(stdout("before\ncontrol-plane\n"))
    expect(result.failed).toEqual([
      {
        id: "thrown",
        reason: 'RangeError: no node "NOSUCH"; there are: control-plane at find (cell helper 8:18)',
      },
    ])
  })

  test("keeps what it printed before; rejections, causes and values that are no errors", async () => {
    const result = await run({
      printed: `console.log("out"); console.error("careful")


throw new TypeError("late")`,
      rejected: `const later = async (ms: number) => {
  await null
  throw new RangeError(\`after \${ms}\`)
}
await later(1)`,
      cause: `throw new Error("outer", { cause: new Error("inner") })`,
      text: `throw "only text"`,
    })
    expect(outputs(result, "printed")).toEqual([
      { output_type: "stream", name: "stdout", text: "out\n" },
      { output_type: "stream", name: "stderr", text: "careful\n" },
      {
        output_type: "error",
        ename: "TypeError",
        evalue: "late",
        traceback: ["TypeError: late", "    at cell printed 4:7"],
      },
    ])
    expect(outputs(result, "rejected")).toMatchObject([
      {
        ename: "RangeError",
        traceback: ["RangeError: after 1", "    at later (cell rejected 3:9)", "    at cell rejected 5:1"],
      },
    ])
    expect(outputs(result, "cause")).toMatchObject([
      {
        traceback: [
          "Error: outer",
          "    at cell cause 1:7 {",
          "  [cause]: Error: inner",
          "      at cell cause 1:35",
          "}",
        ],
      },
    ])
    expect(outputs(result, "text")).toMatchObject([{ ename: "Uncaught", evalue: "only text" }])
  })

  test("a type error names the line; the cell did not run", async () => {
    const result = await run({
      typed: `console.log("not printed")
const n: number = "text"
n.foo()`,
      after: "1 + 1",
    })
    const lines = [
      "cell typed 2:7 - Type 'string' is not assignable to type 'number'.",
      "cell typed 3:3 - Property 'foo' does not exist on type 'number'.",
    ]
    expect(outputs(result, "typed")).toEqual([
      { output_type: "error", ename: "TypeScriptError", evalue: lines[0], traceback: lines },
    ])
    expect(outputs(result, "after")).toEqual(stdout("2\n"))
    expect(result.failed).toEqual([{ id: "typed", reason: lines[0] }])
  })

  test("tags: raises-exception allows it, and demands it; skip-execution keeps the outputs", async () => {
    const result = await run({
      allowed: ['throw new Error("on purpose")', "raises-exception"],
      quiet: ["1", "raises-exception"],
      skipped: ["process.exit(1)", "skip-execution"],
    })
    expect(result.failed).toEqual([{ id: "quiet", reason: "tagged raises-exception, and nothing was thrown" }])
    expect(outputs(result, "skipped")).toEqual([])
  })

  test("what a cell leaves running and prints after its end is a failure of that cell", async () => {
    const result = await run({ timer: 'setInterval(() => console.log("late"), 5); 1' })
    expect(result.failed).toEqual([{ id: "timer", reason: "something it started printed after its end: await it" }])
  })
})

describe("a cell that does not end", () => {
  test("is interrupted and named; the cells after it run", async () => {
    const result = await run({ spin: "while (true) {}", after: "3" }, { timeout: TIMEOUT })
    expect(outputs(result, "spin")).toEqual([
      {
        output_type: "error",
        ename: "TimeoutError",
        evalue: "cell spin ran longer than 10 s and was interrupted",
        traceback: [],
      },
    ])
    expect(outputs(result, "after")).toEqual(stdout("3\n"))
    expect(result).toMatchObject({
      failed: [{ id: "spin", reason: "TimeoutError: cell spin ran longer than 10 s and was interrupted" }],
      notRun: [],
    })
  })

  test("or, when it cannot be interrupted, ends with the kernel; the cells after it are named", async () => {
    const result = await run(
      { first: "1", spin: "while (true) { await null }", after: "3", last: "4" },
      { timeout: TIMEOUT },
    )
    expect(result.failed.map(({ id }) => id)).toEqual(["spin"])
    expect(result.failed[0]?.reason).toContain("could not be interrupted")
    expect(result.notRun).toEqual(["after", "last"])
    expect(kernels()).toEqual([])
  })

  test("a kernel that dies", async () => {
    const result = await run({ exit: "process.exit(3)", after: "3" })
    expect(result.failed).toMatchObject([{ id: "exit" }])
    expect(result.failed[0]?.reason).toContain("KernelDied")
    expect(result.notRun).toEqual(["after"])
  })
})

describe("nothing stays behind", () => {
  test("an aborted run", async () => {
    const ended = new AbortController()
    const begun = join(folder, "begun")
    const wait = `import { writeFileSync } from "node:fs"
writeFileSync(${JSON.stringify(begun)}, "")
await new Promise(() => setInterval(() => undefined, 1000))`
    const going = run({ wait }, { signal: ended.signal, timeout: LONG })
    const rejected = expect(going).rejects.toThrow("abort")
    await expect.poll(() => existsSync(begun)).toBe(true)
    ended.abort()
    await rejected
    expect(kernels()).toEqual([])
    expect(leftovers()).toEqual([])
  })

  test.each(["SIGINT", "SIGKILL"] as const)("a runner that ends by %s", async (signal) => {
    const file = join(folder, "wait.ipynb")
    writeFileSync(
      file,
      serializeNotebook(notebook({ ready: "1", wait: "await new Promise((done) => setTimeout(done, 60_000))" })),
    )
    const result = await podwire(["run", "--check", file], {
      onOutput(child, printed) {
        if (printed.includes("1/2 ready")) child.kill(signal)
      },
    })
    expect(signal === "SIGINT" ? result.code : result.signal).toBe(signal === "SIGINT" ? 130 : "SIGKILL")
    // The kernel notices that its runner is gone.
    await expect.poll(kernels).toEqual([])
  })

  test("without tslab it says what to install", async () => {
    // A program that finds this copy of dist, but no packages beside it.
    const program = join(folder, "lonely.mjs")
    writeFileSync(
      program,
      `import { cpSync } from "node:fs"
cpSync(${JSON.stringify(join(built("node/index.js"), "../.."))}, ${JSON.stringify(join(folder, "dist"))}, { recursive: true })
const { runNotebook, save } = await import(${JSON.stringify(join(folder, "dist/node/index.js"))})
console.log(typeof save)
await runNotebook({ cells: [], metadata: {} }, { cwd: "." }).catch((error) => console.log(error.message))
`,
    )
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
    const { stdout: said } = await finished(spawn(process.execPath, [program], { cwd: folder }))
    expect(said).toBe("function\nnotebooks need tslab and zeromq: npm install --save-dev tslab zeromq\n")
  })
})

describe("the command", () => {
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const stored = (text: string): Notebook => {
    const source = notebook({ sum: "1 + 1", word: '"word"' })
    return {
      ...source,
      cells: source.cells.map((cell, i) => ({
        ...cell,
        executionCount: i + 1,
        outputs: [{ output_type: "stream", name: "stdout", text: i === 0 ? text : "word\n" }],
      })),
    }
  }

  test("--check compares: 0 and 1, with the cell and the lines", async () => {
    const good = write("good.ipynb", serializeNotebook(stored("2\n")))
    expect(await podwire(["run", "--check", good])).toMatchObject({ code: 0 })
    const bad = write("bad.ipynb", serializeNotebook(stored("3\n")))
    const before = readFileSync(bad, "utf8")
    const { code, stdout: said } = await podwire(["run", "--check", bad])
    expect(code).toBe(1)
    expect(said).toContain("cell sum:\n- 3\n+ 2\n")
    expect(readFileSync(bad, "utf8")).toBe(before)
  })

  test("of several it says at the end which are not fine", async () => {
    const good = write("first.ipynb", serializeNotebook(stored("2\n")))
    const bad = write("second.ipynb", serializeNotebook(stored("3\n")))
    const { code, stdout: said } = await node("node/notebooks.js", [bad, good])
    expect(code).toBe(1)
    expect(said.endsWith(`\n1 of 2: ${bad}\n`)).toBe(true)
    expect((await node("node/notebooks.js", [good, good])).stdout.endsWith("\nall 2 are fine\n")).toBe(true)
  })

  test("--accept shows the difference and writes; then --check agrees", async () => {
    const file = write("accept.ipynb", serializeNotebook(stored("3\n")))
    const { code, stdout: said } = await podwire(["run", "--accept", file])
    expect(code).toBe(0)
    expect(said).toContain("cell sum:\n- 3\n+ 2\n")
    expect(readFileSync(file, "utf8")).toBe(serializeNotebook(stored("2\n")))
    expect((await podwire(["run", "--check", file])).code).toBe(0)
  })

  test("--accept does not keep the outputs of a failed run", async () => {
    const text = serializeNotebook(notebook({ bad: 'throw new Error("no")' }))
    const file = write("failed.ipynb", text)
    const { code, stdout: said } = await podwire(["run", "--accept", file])
    expect(code).toBe(1)
    expect(said).toContain("cell bad failed: Error: no at cell bad 1:7\n")
    expect(said).toContain("not written")
    expect(readFileSync(file, "utf8")).toBe(text)
  })

  test("without either it prints what the cells print", async () => {
    const file = write("print.ipynb", serializeNotebook(stored("anything\n")))
    expect(await podwire(["run", file])).toMatchObject({ code: 0, stdout: "[1] sum\n2\n[2] word\nword\n" })
  })

  test("a file that is no notebook: 2, and what is wrong with it", async () => {
    const file = write("broken.ipynb", '{ "cells": [}')
    expect(await podwire(["run", file])).toMatchObject({ code: 2, stdout: "" })
    expect((await podwire(["run", file])).stderr).toMatch(/broken\.ipynb: not JSON from offset 12 \(line 1 column 13\)/)
  })
})

test.each(readdirSync("notebooks").filter((file) => file.endsWith(".ipynb")))(
  "%s: a run gives the bytes that another run gave, which are committed",
  async (name) => {
    const text = readFileSync(join("notebooks", name), "utf8")
    const run = await runNotebook(parseNotebook(text), { cwd })
    expect(run.failed).toEqual([])
    expect(serializeNotebook(run.notebook) === text, `${name} equals what is committed`).toBe(true)
  },
)
