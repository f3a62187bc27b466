/** What podwire's shell and small programs do not have: refused by name, with a non-zero exit code. */
import { expect, test } from "vitest"
import { runShell } from "../support/shell-golden.ts"

test.each([
  ["declare -A map", "declare: podwire does not support associative arrays"],
  ["local_map() { local -A m; }; local_map", "local: podwire does not support associative arrays"],
  ["declare -n ref=x", "declare: podwire does not support option '-n'"],
  ["select x in a b; do echo $x; done", "select: podwire does not support this command"],
  ["coproc cat", "coproc: podwire does not support this command"],
  ["shopt -s extglob", "shopt: podwire does not support 'extglob'"],
  ["set -o vi", "set: podwire does not support option 'vi'"],
  ["set -v", "set: podwire does not support option '-v'"],
  ["bind -l", "bind: podwire does not support this builtin"],
  ["help", "help: podwire does not support this builtin"],
  ["trap x DEBUG", "trap: podwire does not support DEBUG"],
  ["kill -STOP $$", "kill: podwire does not deliver SIGSTOP"],
  ["echo ${x@A}", "bad substitution"],
  ["ln a b", "ln: podwire does not support hard links (only -s)"],
  ["stat /", "stat: podwire does not support its long form (only -c FORMAT)"],
  ["column x", "column: podwire does not support filling columns (only -t)"],
  ["find . -perm 644", "find: podwire does not support '-perm'"],
  ["diff -r a b", "diff: podwire does not support option '-r'"],
  ["echo a | sed 's/a/b/e'", "sed: podwire does not support flag 'e' of command 's'"],
  ["echo a | sed F", "sed: podwire does not support command 'F'"],
  ["echo a | grep -P '(?R)'", "grep: podwire does not support this Perl expression"],
  ["tail -f a b", "tail: podwire follows one file at a time"],
  ["sysctl -p", "sysctl: podwire does not support option '-p'"],
  ["sudo -l", "sudo: podwire does not support option '-l'"],
  ["ulimit -n 5", "ulimit: podwire does not support '-n 5'"],
  ["md5sum x", "md5sum: command not found"],
  ["vi x", "vi: command not found"],
  ["jq .", "jq: command not found"],
])("%s", async (script, words) => {
  const { stderr, code, kernel } = await runShell(script)
  expect(stderr).toContain(words)
  expect(code).not.toBe(0)
  expect(kernel.processes.crashes).toEqual([])
})
