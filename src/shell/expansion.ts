/** What word expansion and the shell agree on. */
import type { Vfs } from "../linux/task/vfs.ts"
import type { Variables } from "./arithmetic.ts"
import type { List } from "./ast.ts"

/** What expansion needs of the shell. */
export interface ExpansionHost extends Variables {
  readonly fs: Vfs
  readonly cwd: string
  /** bash, not ash: braces expand. */
  readonly isBash: boolean
  /** `set -u`. */
  readonly nounset: boolean
  /** `set -f`. */
  readonly noglob: boolean
  readonly nullglob: boolean
  get(name: string): string | undefined
  set(name: string, value: string): void
  /** An array's items with their indexes; undefined for what is no array. */
  arrayItems(name: string): [number, string][] | undefined
  /** `$@`. */
  positional(): readonly string[]
  /** `$?`, `$#`, `$$`, `$!`, `$-`, `$0`. */
  special(name: string): string
  variableNames(): string[]
  /** Standard output of commands, without trailing newlines. */
  substitute(commands: List | string): Promise<string>
  /** The path that stands for a running command's output or input. */
  processPath(commands: List, reads: boolean): string
}

/** An expansion that ends the command: `${x:?}`, an unset variable under `set -u`, bad arithmetic. */
export class ExpansionError extends Error {
  /** `${x?}` ends the shell itself. */
  readonly fatal: boolean
  /** ash's words, where they differ. */
  readonly ash: string
  constructor(message: string, fatal = false, ash: string = message) {
    super(message)
    this.fatal = fatal
    this.ash = ash
  }
}

/** A piece of a field: unquoted pieces are split and globbed. `breakAfter` ends a field, as between the items of "$@". */
export interface Piece {
  text: string
  quoted: boolean
  breakAfter?: boolean
  /** Typed as it stands: globbed, never split. */
  plain?: boolean
}
