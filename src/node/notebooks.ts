#!/usr/bin/env node
/** `npm run notebooks` and `podwire run FILE.ipynb`: notebooks through tslab, their outputs compared with what is committed. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { diffNotebooks, outputLines } from "../notebook/diff.ts"
import { type Notebook, NotebookError, parseNotebook, serializeNotebook } from "../notebook/ipynb.ts"
import type { RunOptions, RunResult } from "./notebook-run.ts"
import { oldNode } from "./old-node.ts"
import { runNotebook } from "./run-notebook.ts"

const USAGE = `usage: npm run notebooks [-- [--accept] [FILE.ipynb ...]]

Runs the notebooks (all of notebooks/ when none is named) through tslab and compares their outputs with the committed ones.
  --accept   shows the differences and writes the new outputs
`

/** 0 when all agree, 1 when outputs differ or a cell failed, 2 for bad usage or a file that is no notebook. */
async function notebooksCommand(args: readonly string[]): Promise<number> {
  const old = oldNode(process.versions.node)
  if (old !== undefined) {
    process.stderr.write(`podwire: ${old}\n`)
    return 2
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(USAGE)
    return 0
  }
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--accept")
  if (unknown !== undefined) {
    process.stderr.write(`podwire: unknown option ${unknown}; there is --accept\n`)
    return 2
  }
  const named = args.filter((arg) => !arg.startsWith("-"))
  const files = named.length > 0 ? named : allNotebooks()
  const codes: number[] = []
  for (const file of files) {
    codes.push(await checkNotebook(file, args.includes("--accept")))
    // Ctrl-C is for all of them.
    if (codes.at(-1) === 130) return 130
  }
  const bad = files.filter((_, i) => codes[i] !== 0)
  if (files.length > 1)
    process.stdout.write(
      bad.length === 0 ? `all ${files.length} are fine\n` : `${bad.length} of ${files.length}: ${bad.join(", ")}\n`,
    )
  return Math.max(...codes)
}

const allNotebooks = (): string[] =>
  readdirSync("notebooks")
    .filter((name) => name.endsWith(".ipynb"))
    .sort()
    .map((name) => `notebooks/${name}`)

/** Runs a notebook and compares; `accept` writes the new outputs. Exit codes as above. */
export async function checkNotebook(file: string, accept: boolean): Promise<number> {
  return withNotebook(file, async (committed, text, signal) => {
    process.stdout.write(`${file}\n`)
    const onProgress: RunOptions["onProgress"] = (cell, index, total, status, ms) =>
      process.stdout.write(
        `  ${String(index + 1).padStart(2)}/${total} ${cell.id.padEnd(28)} ${status === "ok" ? `${Math.round(ms)} ms` : status}\n`,
      )
    const result = await runNotebook(committed, { cwd: resolve("."), onProgress, signal })
    return report(file, text, result, diffNotebooks(committed, result.notebook), accept)
  })
}

function report(file: string, before: string, result: RunResult, diff: string, accept: boolean): number {
  const after = serializeNotebook(result.notebook)
  const bad = tellFailures(result, "  ")
  if (diff !== "") process.stdout.write(`${diff}\n`)
  if (before === after) {
    process.stdout.write("  outputs equal the committed ones\n")
    return bad ? 1 : 0
  }
  if (accept && bad) process.stdout.write("  not written: outputs of failed cells are not for keeping\n")
  else if (accept) {
    writeFileSync(file, after)
    process.stdout.write(`  written: ${file}\n`)
    return 0
  } else {
    const layout = diff === "" ? " (layout only)" : ""
    process.stdout.write(`  differs from the committed file${layout}; accept with: npx podwire run --accept ${file}\n`)
  }
  return 1
}

/** Says which cells failed; true when any did. */
function tellFailures({ failed, notRun }: RunResult, indent: string): boolean {
  for (const { id, reason } of failed) process.stdout.write(`${indent}cell ${id} failed: ${reason}\n`)
  if (notRun.length > 0) process.stdout.write(`${indent}not run: ${notRun.join(", ")}\n`)
  return failed.length > 0
}

/** Runs a notebook and prints its outputs; compares nothing. 1 when a cell failed, 2 when the file is no notebook. */
export async function printNotebook(file: string): Promise<number> {
  return withNotebook(file, async (notebook, _text, signal) => {
    const result = await runNotebook(notebook, { cwd: resolve("."), signal })
    for (const cell of result.notebook.cells) {
      if (cell.cell_type !== "code") continue
      process.stdout.write(`[${cell.executionCount}] ${cell.id}\n`)
      for (const output of cell.outputs) process.stdout.write(shown(output))
    }
    return tellFailures(result, "") ? 1 : 0
  })
}

/** An output as text; what is no text is named with its size. */
function shown(output: Notebook["cells"][number]["outputs"][number]): string {
  if (output.output_type === "stream") return output.text
  if (output.output_type === "error") return `${outputLines(output).join("\n")}\n`
  const plain = output.data["text/plain"]
  if (typeof plain === "string") return `${plain.trimEnd()}\n`
  return Object.entries(output.data)
    .map(([mime, part]) => `[${mime}, ${(typeof part === "string" ? part : JSON.stringify(part)).length} characters]\n`)
    .join("")
}

/** Reads a notebook and does something with it that Ctrl-C ends. What is wrong with the file is said with the file's name. */
async function withNotebook(
  file: string,
  work: (notebook: Notebook, text: string, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const ended = new AbortController()
  const end = (): void => ended.abort()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end)
  try {
    const text = readFileSync(file, "utf8")
    return await work(parseNotebook(text), text, ended.signal)
  } catch (error) {
    if (ended.signal.aborted) return 130
    process.stderr.write(`podwire: ${file}: ${(error as Error).message}\n`)
    return error instanceof NotebookError || (error as NodeJS.ErrnoException).syscall !== undefined ? 2 : 1
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, end)
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  process.exitCode = await notebooksCommand(process.argv.slice(2))
