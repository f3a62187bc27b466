#!/usr/bin/env node
import { type Command, HelpWanted, InputError, UsageError } from "./command/arguments.ts"
/** The command line: `podwire …`. One file a sub-command in command/. */
import { oldNode } from "./old-node.ts"

/** Loaded when they are called: each brings its own dependencies. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  sh: async () => (await import("./command/sh.ts")).sh,
  run: async () => (await import("./command/run.ts")).run,
  verify: async () => (await import("./command/verify.ts")).verify,
  serve: async () => (await import("./command/serve.ts")).serve,
  doctor: async () => (await import("./command/doctor.ts")).doctor,
  version: async () => (await import("./command/version.ts")).version,
}

const NAMES = Object.keys(COMMANDS).join(", ")

async function usage(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(10)}${(await load()).summary}\n`),
  )
  return `usage: podwire <command> [options]

${lines.join("")}
podwire <command> --help says more. Exit codes: 0 fine, 1 what was asked about is not so, 2 bad usage or input; sh and run exit with the program's.
`
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  const old = oldNode(process.versions.node)
  if (old !== undefined) throw new UsageError(old)
  if (name === undefined) {
    process.stderr.write(await usage())
    return 2
  }
  if (name === "help" || name === "--help" || name === "-h") return help(args)
  const command = name === "--version" || name === "-V" ? "version" : name
  const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  if (load === undefined) throw new UsageError(`unknown command "${command}"; there are: ${NAMES}`)
  try {
    return await (await load()).run(args)
  } catch (error) {
    if (error instanceof HelpWanted) return help([command])
    if (error instanceof UsageError && !(error instanceof InputError))
      error.message += ` (podwire ${command} --help says more)`
    throw error
  }
}

async function help([name]: readonly string[]): Promise<number> {
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (name !== undefined && load === undefined) throw new UsageError(`unknown command "${name}"; there are: ${NAMES}`)
  process.stdout.write(load === undefined ? await usage() : (await load()).usage)
  return 0
}

// Nothing calls process.exit: what was written is flushed before the process ends.
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`podwire: ${(error as Error).message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
