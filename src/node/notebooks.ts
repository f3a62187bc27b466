#!/usr/bin/env node
/** `npm run notebooks`: runs every notebook through tslab and compares what comes out with what is committed. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { diffNotebooks } from "../notebook/diff.ts"
import { NotebookError, parseNotebook, serializeNotebook } from "../notebook/ipynb.ts"
import { runNotebook } from "./run-notebook.ts"

const USAGE = `usage: npm run notebooks [-- [--accept] [FILE.ipynb ...]]

Runs the notebooks (all of notebooks/ when none is named) through tslab and compares their outputs with the committed ones.
  --accept   shows the differences and writes the new outputs
`

/** 0 when all agree, 1 when outputs differ or a cell failed, 2 for bad usage or a file that is no notebook. */
export async function notebooksCommand(args: readonly string[]): Promise<number> {
  const accept = args.includes("--accept")
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--accept")
  if (unknown !== undefined) {
    process.stderr.write(`podwire: unknown option ${unknown}\n${USAGE}`)
    return unknown === "--help" || unknown === "-h" ? 0 : 2
  }
  const named = args.filter((arg) => !arg.startsWith("-"))
  const files =
    named.length > 0
      ? named
      : readdirSync("notebooks")
          .filter((name) => name.endsWith(".ipynb"))
          .sort()
          .map((name) => `notebooks/${name}`)
  let code = 0
  for (const file of files) code = Math.max(code, await checkNotebook(file, accept))
  return code
}

async function checkNotebook(file: string, accept: boolean): Promise<number> {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    process.stderr.write(`podwire: ${file}: ${(error as Error).message}\n`)
    return 2
  }
  try {
    const committed = parseNotebook(text)
    process.stdout.write(`${file}\n`)
    const { notebook, failed } = await runNotebook(committed, {
      cwd: resolve("."),
      onProgress: (cell, index, total, status, ms) =>
        process.stdout.write(
          `  ${String(index + 1).padStart(2)}/${total} ${cell.id.padEnd(28)} ${status === "ok" ? `${Math.round(ms)} ms` : status}\n`,
        ),
    })
    return report(file, text, serializeNotebook(notebook), diffNotebooks(committed, notebook), failed, accept)
  } catch (error) {
    if (!(error instanceof NotebookError)) throw error
    process.stderr.write(`podwire: ${file}: ${error.message}\n`)
    return 2
  }
}

function report(
  file: string,
  before: string,
  after: string,
  diff: string,
  failed: readonly string[],
  accept: boolean,
): number {
  for (const id of failed) process.stdout.write(`  cell ${id} failed\n`)
  if (diff !== "") process.stdout.write(`${diff}\n`)
  if (accept && before !== after) {
    writeFileSync(file, after)
    process.stdout.write(`  written: ${file}\n`)
    return failed.length > 0 ? 1 : 0
  }
  if (before === after) process.stdout.write("  outputs equal the committed ones\n")
  else
    process.stdout.write(
      `  differs from the committed file${diff === "" ? " (layout only)" : ""}; accept with: npm run notebooks -- --accept ${file}\n`,
    )
  return before === after && failed.length === 0 ? 0 : 1
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  process.exitCode = await notebooksCommand(process.argv.slice(2))
