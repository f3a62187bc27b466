/** Commands of a Go program with their flags and help. Models spf13/cobra and pflag's FlagUsages. */
import type { Process } from "../../../linux/task/process.ts"
import type { FlagSpecs, Flags } from "../../../shell/pflag.ts"
import { flagSpecs } from "../../../shell/pflag.ts"

export interface FlagHelp {
  readonly name: string
  readonly letter?: string
  /** What the help calls the value; none: a switch. */
  readonly value?: "string" | "stringArray" | "strings" | "duration" | "int"
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
  readonly short: string
  /** Instead of {@link short}, in the command's own help. */
  readonly long?: string
  readonly flags?: readonly FlagHelp[]
  readonly commands?: readonly Command[]
  /** Absent: it only has sub-commands. Undefined with `refused`: podwire does not do it. */
  readonly run?: (proc: Process, flags: Flags, words: readonly string[]) => Promise<number>
  readonly refused?: boolean
}

const TYPES = { string: "", stringArray: "", strings: "", duration: ":d", int: ":i" } as const

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
export function helpOf(command: Command, path: readonly string[], inherited: readonly FlagHelp[]): string {
  const name = path.join(" ")
  const own = [...(command.flags ?? []), { name: "help", letter: "h", usage: `help for ${path.at(-1)}` }]
  const { commands = [] } = command
  const isRoot = path.length === 1
  const local = isRoot ? [...own, ...inherited] : own
  const uses = [
    ...(command.run === undefined && command.refused !== true && !isRoot ? [] : [`  ${name} [flags]`]),
    ...(commands.length === 0 ? [] : [`  ${name} [command]`]),
  ]
  return [
    `${(command.long ?? command.short).trimEnd()}\n\nUsage:\n${uses.join("\n")}\n`,
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
