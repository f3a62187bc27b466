/** What sub-commands share: reading options, refusing bad ones in a line, the form of a command. */
import { type ParseArgsConfig, parseArgs } from "node:util"

/** Bad usage or input: said in one line, exit code 2. */
export class UsageError extends Error {}

/** A file says something that cannot be: its place is in the message, and no option would help. */
export class InputError extends UsageError {}

/** `--help` somewhere among the options. */
export class HelpWanted extends Error {}

export interface Command {
  /** What `podwire help` says. */
  readonly summary: string
  /** What `--help` prints. */
  readonly usage: string
  /** Returns the exit code. */
  run(args: readonly string[]): Promise<number>
}

type Options = NonNullable<ParseArgsConfig["options"]>

const HELP = { help: { type: "boolean", short: "h" } } as const

/** Reads options and words; throws {@link UsageError} for what the command does not know, {@link HelpWanted} for `--help`. */
export function readArguments<T extends Options>(
  command: string,
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  let parsed: ReturnType<typeof parseArgs<{ args: string[]; options: T & typeof HELP; allowPositionals: true }>>
  try {
    parsed = parseArgs({ args: [...args], options: { ...options, ...HELP }, allowPositionals: true })
  } catch (error) {
    // Node adds advice about `--` after the first sentence.
    const [sentence = ""] = (error as Error).message.split(/\.\s|\n/)
    throw new UsageError(`${command}: ${sentence.replace(/\.$/, "")}`)
  }
  if ((parsed.values as { help?: boolean }).help === true) throw new HelpWanted()
  return parsed
}

/** A whole number, as an option's value. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${option} ${text}: expected a whole number`)
  return Number(text)
}

/** Refuses words a command has no use for. */
export function noMoreWords(command: string, words: readonly string[]): void {
  if (words[0] !== undefined) throw new UsageError(`${command}: unexpected argument "${words[0]}"`)
}
