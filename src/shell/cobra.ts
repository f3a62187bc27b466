/** Commands of a Go program with their flags and help. Models spf13/cobra and pflag's FlagUsages. */
import type { Process } from "../linux/task/process.ts"
import { FlagError, type FlagSpecs, type Flags, flagSpecs, readFlags } from "./pflag.ts"

export interface FlagHelp {
  readonly name: string
  readonly letter?: string
  /** What the help calls the value; none: a switch. */
  readonly value?: keyof typeof TYPES
  readonly usage: string
  /** As the help shows it: `"kube-system"`, `5m0s`. */
  readonly shown?: string
  /** Podwire does not have it. */
  readonly refused?: boolean
  /** Not in the help. */
  readonly hidden?: boolean
}

export interface Command {
  readonly name: string
  /** What stands after the name in the usage: `[LABELS]`. */
  readonly use?: string
  readonly aliases?: readonly string[]
  readonly short: string
  /** Instead of {@link short}, in the command's own help. */
  readonly long?: string
  readonly flags?: readonly FlagHelp[]
  readonly commands?: readonly Command[]
  /** Absent: it only has sub-commands. Undefined with `refused`: podwire does not do it. */
  readonly run?: (proc: Process, flags: Flags, words: readonly string[]) => Promise<number>
  readonly refused?: boolean
}

/** What the help calls a value, and how pflag reads it. */
const TYPES = {
  string: "",
  stringArray: "",
  strings: "",
  duration: ":d",
  int: ":i",
  "[]string": "",
  "[]uint16": "",
} as const

/** For pflag's reader. */
export function specsOf(flags: readonly FlagHelp[]): FlagSpecs {
  const words = flags.map(
    ({ name, letter, value, refused }) =>
      `${refused === true ? "!" : ""}${name}${letter === undefined ? "" : `/${letter}`}${value === undefined ? ":b" : TYPES[value]}`,
  )
  return flagSpecs(`${words.join(" ")} help/h:b`)
}

/** One line a flag, sorted, the usage texts under each other. */
function flagUsages(flags: readonly FlagHelp[]): string {
  const shown = flags.filter(({ hidden }) => hidden !== true).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const left = shown.map(({ name, letter, value }) => {
    const short = letter === undefined ? "      " : `  -${letter}, `
    return `${short}--${name}${value === undefined ? "" : ` ${value}`}`
  })
  const width = Math.max(...left.map((text) => text.length)) + 3
  return shown
    .map(({ usage, shown: value }, i) =>
      `${(left[i] as string).padEnd(width)}${usage}${value === undefined ? "" : ` (default ${value})`}`.trimEnd(),
    )
    .join("\n")
}

/** @param path names from the root, `cilium install` */
export const helpOf = (command: Command, path: readonly string[], inherited: readonly FlagHelp[]): string =>
  `${(command.long ?? command.short).trimEnd()}\n\n${usageOf(command, path, inherited)}`

/** The help without what the command is for. */
export function usageOf(command: Command, path: readonly string[], inherited: readonly FlagHelp[]): string {
  const name = path.join(" ")
  const own = [...(command.flags ?? []), { name: "help", letter: "h", usage: `help for ${path.at(-1)}` }]
  const { commands = [], use, aliases } = command
  const isRoot = path.length === 1
  const local = isRoot ? [...own, ...inherited] : own
  const uses = [
    ...(command.run === undefined && command.refused !== true && !isRoot
      ? []
      : [`  ${name}${use === undefined ? "" : ` ${use}`} [flags]`]),
    ...(commands.length === 0 ? [] : [`  ${name} [command]`]),
  ]
  return [
    `Usage:\n${uses.join("\n")}\n`,
    aliases === undefined ? "" : `\nAliases:\n  ${[command.name, ...aliases].join(", ")}\n`,
    commands.length === 0 ? "" : `\nAvailable Commands:\n${available(commands)}\n`,
    `\nFlags:\n${flagUsages(local)}\n`,
    isRoot ? "" : `\nGlobal Flags:\n${flagUsages(inherited)}\n`,
    commands.length === 0 ? "" : `\nUse "${name} [command] --help" for more information about a command.\n`,
  ].join("")
}

function available(commands: readonly Command[]): string {
  const width = Math.max(11, ...commands.map(({ name }) => name.length))
  return commands
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, short }) => `  ${name.padEnd(width)} ${short}`)
    .join("\n")
}

/** `unknown command "x" for "cilium"`, with what might have been meant. */
export function unknownCommand(word: string, path: readonly string[], commands: readonly Command[]): string {
  const near = commands
    .map(({ name }) => name)
    .filter((name) => distance(word.toLowerCase(), name) <= 2 || name.startsWith(word.toLowerCase()))
  const hint = near.length === 0 ? "" : `\n\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join("")}`
  return `unknown command ${JSON.stringify(word)} for ${JSON.stringify(path.join(" "))}${hint}`
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] as number
}

/** Finds the command that the words mean, reads its flags and runs it. Models cobra's ExecuteC of a program that silences nothing. */
export async function runCommand(proc: Process, root: Command, globals: readonly FlagHelp[]): Promise<number> {
  let words = proc.argv.slice(1)
  const asksHelp = words[0] === "help"
  if (asksHelp) words = words.slice(1)
  const { command, path, rest } = find(root, globals, words)
  if (command === root && rest[0] !== undefined && !rest[0].startsWith("-")) {
    const wrong = unknownCommand(rest[0], path, root.commands ?? [])
    await proc.err(`Error: ${wrong}\nRun '${root.name} --help' for usage.\n`)
    return 1
  }
  if (command.refused === true && !asksHelp && !rest.includes("--help") && !rest.includes("-h")) {
    await proc.err(`Error: podwire's ${root.name} has no command "${path.slice(1).join(" ")}"\n`)
    return 1
  }
  try {
    const flags = readFlags(specsOf([...(command.flags ?? []), ...globals]), rest)
    if (!asksHelp && !flags.has("help") && command.run !== undefined) return await command.run(proc, flags, flags.words)
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    await proc.err(`Error: ${error.message}\n`)
    if (error.refused === undefined) await proc.out(`${usageOf(command, path, globals)}\n`)
    return 1
  }
  await proc.out(helpOf(command, path, globals))
  return 0
}

/** Follows the words as far as they name commands; flags may stand between them. */
function find(
  root: Command,
  globals: readonly FlagHelp[],
  words: readonly string[],
): { command: Command; path: string[]; rest: string[] } {
  let command = root
  const path = [root.name]
  const rest = [...words]
  for (let at = 0; at < rest.length; ) {
    const word = rest[at] as string
    if (word.startsWith("-")) {
      const flag = globals.find(({ name, letter }) => word === `--${name}` || word === `-${letter}`)
      at += flag?.value === undefined ? 1 : 2
      continue
    }
    const next = command.commands?.find(({ name, aliases }) => name === word || aliases?.includes(word) === true)
    if (next === undefined) break
    command = next
    path.push(next.name)
    rest.splice(at, 1)
  }
  return { command, path, rest }
}
