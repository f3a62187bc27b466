/** The commands the shell runs itself. */
import type { Builtin, BuiltinTable } from "./builtin.ts"
import { BASH_COMMAND, COMMAND } from "./builtins/command.ts"
import { BASH_DIRECTORY, DIRECTORY } from "./builtins/directory.ts"
import { BASH_IO, IO } from "./builtins/io.ts"
import { BASH_JOB, JOB } from "./builtins/job.ts"
import { ashDoubleBracket, TEST } from "./builtins/test.ts"
import { BASH_VARIABLE, VARIABLE } from "./builtins/variable.ts"

const entries = (table: BuiltinTable, bashOnly: boolean): [string, Builtin][] =>
  Object.entries(table).map(([name, run]) => [name, { run, bashOnly }])

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ...[COMMAND, DIRECTORY, IO, JOB, TEST, VARIABLE].flatMap((table) => entries(table, false)),
  ...[BASH_COMMAND, BASH_DIRECTORY, BASH_IO, BASH_JOB, BASH_VARIABLE].flatMap((table) => entries(table, true)),
  // bash's grammar takes [[ away before it is looked up here.
  ["[[", { run: ashDoubleBracket, bashOnly: false }],
])
