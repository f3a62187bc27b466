/** What busybox 1.28 says of itself; test/golden/shell/usage.txt has the same of Debian's programs. */
import { expect, test } from "vitest"
import { BUSYBOX_TOOLS, GNU_TOOLS } from "../../src/tools/coreutils/index.ts"
import { HELPS as BUSYBOX } from "../../src/tools/help/busybox.ts"
import { HELPS as COREUTILS } from "../../src/tools/help/coreutils.ts"
import { HELPS as DEBIAN } from "../../src/tools/help/debian.ts"
import { lists } from "../../src/tools/help/index.ts"
import { runShell } from "../support/shell-golden.ts"

const BANNER = "BusyBox v1.28.4 (2018-05-22 17:00:17 UTC) multi-call binary.\n\n"

/** These have no `--help`. */
const SILENT = ["test", "which", "egrep", "fgrep"]

test("every program has its help", () => {
  const without = GNU_TOOLS.map(({ name }) => name).filter(
    (name) => !SILENT.includes(name) && COREUTILS[name] === undefined && DEBIAN[name] === undefined,
  )
  expect(without).toEqual([])
})

test.each(
  BUSYBOX_TOOLS.map(({ name }) => name).filter(
    (name) => BUSYBOX[name] !== undefined && !/^(test|\[|kill|pwd|echo|printf|true|false)$/.test(name),
  ),
)("busybox %s --help", async (name) => {
  const { stdout, stderr, code } = await runShell(`${name} --help`, { ash: true })
  expect({ stdout, stderr, code }).toEqual({ stdout: "", stderr: BANNER + BUSYBOX[name]?.help, code: 0 })
})

test.each([
  ["ls --zzyzx", "ls: unrecognized option '--zzyzx'\n", "ls", 1],
  ["grep -~ x", "grep: invalid option -- '~'\n", "grep", 2],
  ["tty --zzyzx", "tty: unrecognized option '--zzyzx'\n", "tty", 2],
  ["mkdir", "", "mkdir", 1],
  ["whoami x", "", "whoami", 1],
  ["which", "", "which", 1],
  ["dirname a b", "", "dirname", 1],
])("busybox: %s", async (script, complaint, name, code) => {
  const run = await runShell(script, { ash: true })
  expect(run.stderr).toBe(complaint + BANNER + BUSYBOX[name]?.help)
  expect(run.code).toBe(code)
})

test.each([
  ["arch --zzyzx", "x86_64\n"],
  ["arch a b", "x86_64\n"],
  ["basename --version", "--version\n"],
  ["nproc -h", "2\n"],
])("busybox takes everything: %s", async (script, stdout) => {
  expect(await runShell(script, { ash: true })).toMatchObject({ stdout, stderr: "", code: 0 })
})

test("what the real program has is refused by name, what it has not is none of its options", async () => {
  const { stderr } = await runShell("ls --context; ls -Z; ls -@; cp --sparse=always a b")
  expect(stderr).toBe(
    "ls: podwire does not support option '--context'\nls: podwire does not support option '-Z'\n" +
      "ls: invalid option -- '@'\nTry 'ls --help' for more information.\n" +
      "cp: podwire does not support option '--sparse'\n",
  )
})

test("options are found where a help lists them", () => {
  const help = "Usage: x [-q]\n  -a, --all   as -b does\n      --colour[=WHEN]\n\t-T SEC\tNetwork\n"
  const options = ["-a", "--all", "--colour", "-T", "-b", "-q", "--al"]
  expect(options.filter((option) => lists(help, option))).toEqual(["-a", "--all", "--colour", "-T"])
})
