/** `podwire run`: a notebook through tslab, a TypeScript program, a shell script. */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { extname } from "node:path"
import { checkNotebook, printNotebook } from "../notebooks.ts"
import { type Command, noMoreWords, readArguments, UsageError } from "./arguments.ts"
import { CLUSTER_OPTIONS, CLUSTER_USAGE } from "./lab-cluster.ts"
import { shellFile } from "./sh.ts"

const USAGE = `usage: podwire run FILE.ipynb [--check | --accept]
       podwire run FILE.ts|FILE.js|FILE.mjs [ARGUMENT…]
       podwire run FILE.sh [--on HOST|POD] [ARGUMENT…]

Runs a notebook on tslab and prints what its cells print; a TypeScript program on Node, where "podwire" can be imported; or a shell script on a
simulated machine, as podwire sh FILE does.

  --check             compares a notebook's outputs with the stored ones, cell by cell; exit code 1 when they differ
  --accept            stores the new outputs in the notebook, and shows what changed
  --on HOST|POD       where a shell script runs: a machine, a pod, or namespace/pod (the first machine)
${CLUSTER_USAGE}`

const PROGRAMS: readonly string[] = [".ts", ".mts", ".js", ".mjs"]

export const run: Command = {
  summary: "a notebook through tslab, a TypeScript program, a shell script",
  usage: USAGE,
  async run(args) {
    // What follows a program's name is the program's own, --help too.
    if (PROGRAMS.includes(extname(args[0] ?? ""))) return program(args[0] as string, args.slice(1))
    const { values, positionals } = readArguments("run", args, {
      ...CLUSTER_OPTIONS,
      on: { type: "string" },
      check: { type: "boolean" },
      accept: { type: "boolean" },
    })
    const [file, ...rest] = positionals
    if (file === undefined) throw new UsageError("run: which file?")
    if (!existsSync(file)) throw new UsageError(`run: ${file}: no such file`)
    const given = Object.keys(values)
    if (extname(file) === ".ipynb") {
      onlyThese("a notebook", given, ["check", "accept"])
      noMoreWords("run", rest)
      if (values.check === true && values.accept === true) throw new UsageError("run: either --check or --accept")
      return given.length === 0 ? printNotebook(file) : checkNotebook(file, values.accept === true)
    }
    if (extname(file) === ".sh") {
      onlyThese("a shell script", given, ["on", ...Object.keys(CLUSTER_OPTIONS)])
      return shellFile(values, values.on, file, rest)
    }
    throw new UsageError(`run: ${file}: expected a .ipynb, .ts, .js or .sh file`)
  },
}

/** A program outside of any package may import "podwire" all the same; a copy of its own goes first. */
const RESOLVER = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from "node:module"
registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context)
    } catch (error) {
      if (!/^podwire(\\/|$)/.test(specifier)) throw error
      return next(specifier, { ...context, parentURL: ${JSON.stringify(import.meta.url)} })
    }
  },
})`)}`

function onlyThese(what: string, given: readonly string[], known: readonly string[]): void {
  const strange = given.find((name) => !known.includes(name))
  if (strange !== undefined) throw new UsageError(`run: ${what} has no use for --${strange}`)
}

/** Runs a program in a Node of its own, with the same streams. */
async function program(file: string, args: readonly string[]): Promise<number> {
  if (!existsSync(file)) throw new UsageError(`run: ${file}: no such file`)
  const strip = process.features.typescript === false ? ["--experimental-strip-types"] : []
  const child = spawn(process.execPath, [...strip, "--import", RESOLVER, file, ...args], { stdio: "inherit" })
  // Ctrl-C is the program's to handle; podwire ends with it.
  const ignore = (): void => undefined
  process.on("SIGINT", ignore)
  try {
    return await new Promise((done, fail) => {
      child.once("error", fail)
      child.once("exit", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 1)))
    })
  } finally {
    process.removeListener("SIGINT", ignore)
  }
}
