/** Executables that came as files: run by their bytes, wherever they were put. The words are those of the real bash and dash. */
import { expect, test } from "vitest"
import { defineTool } from "../../src/shell/tool.ts"
import { runShell } from "../support/shell-golden.ts"

const MAKE = (name: string): string =>
  `printf '\\177ELF ${name}\\n' > /usr/local/bin/${name}; chmod 755 /usr/local/bin/${name}`

test("a known executable runs from any path, under any name", async () => {
  const hello = defineTool("hello", async (proc) => {
    await proc.out(`hello ${proc.argv.slice(1).join(" ")}\n`)
    return 3
  })
  const { stdout, code } = await runShell(
    `mkdir -p /usr/local/bin; ${MAKE("hello")}; hello a; /usr/local/bin/hello b; cp /usr/local/bin/hello /tmp/other; /tmp/other c`,
    { prepare: (kernel) => kernel.processes.binaries.set("\x7fELF hello\n", hello) },
  )
  expect(stdout).toBe("hello a\nhello b\nhello c\n")
  expect(code).toBe(3)
})

test("another machine's is refused", async () => {
  const { stderr, stdout } = await runShell(
    `mkdir -p /usr/local/bin; ${MAKE("foreign")}; foreign; echo $?; sh -c '/usr/local/bin/foreign'; echo $?`,
  )
  expect(stdout).toBe("126\n126\n")
  expect(stderr).toMatch(/^bash: line 1: \/usr\/local\/bin\/foreign: cannot execute binary file: Exec format error\n/)
})
