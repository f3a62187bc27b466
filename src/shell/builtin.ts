import type { Shell } from "./shell.ts"

/** A command the shell runs itself. */
export interface Builtin {
  run(shell: Shell, argv: string[]): Promise<number>
  /** ash does not have it. */
  bashOnly: boolean
}

export type BuiltinTable = Readonly<Record<string, Builtin["run"]>>

/** `x: usage: …` after a wrong call; 2 is the status of all of them. */
export async function usage(shell: Shell, text: string): Promise<number> {
  if (shell.isBash) await shell.proc.err(`${text.split(" ")[0]}: usage: ${text}\n`)
  return 2
}

export async function invalidOption(shell: Shell, name: string, option: string, text: string): Promise<number> {
  await shell.complainAs(name, shell.isBash ? `${option}: invalid option` : `illegal option ${option}`)
  if (!shell.isBash) return 2
  return usage(shell, text)
}

/** The letters of leading options, and where the operands begin; the first unknown letter in `bad`. */
export function letters(
  argv: readonly string[],
  known: string,
): { on: Set<string>; at: number; bad: string | undefined } {
  const on = new Set<string>()
  let at = 1
  for (; /^-./.test(argv[at] ?? ""); at++) {
    if (argv[at] === "--") return { on, at: at + 1, bad: undefined }
    for (const letter of (argv[at] as string).slice(1)) {
      if (!known.includes(letter)) return { on, at, bad: `-${letter}` }
      on.add(letter)
    }
  }
  return { on, at, bad: undefined }
}

export const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text)

/** Writes a builtin's output; a closed descriptor is the builtin's error. */
export async function write(shell: Shell, name: string, text: string): Promise<number> {
  if (shell.proc.fds.has(1)) {
    await shell.proc.out(text)
    return 0
  }
  await shell.complain(`${name}: write error: Bad file descriptor`)
  return 1
}
