/** Every script recorded from the real bash and busybox, replayed in podwire's shell with podwire's programs. */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { normalise } from "../support/normalise.ts"
import { readShellGolden, runShell } from "../support/shell-golden.ts"

const FOLDER = "test/golden/shell"

describe.each(readdirSync(FOLDER).sort())("%s", (file) => {
  test.each(readShellGolden(`${FOLDER}/${file}`))("$name", async ({ script, stdout, stderr, code }) => {
    const run = await runShell(script, { ash: file === "ash.txt" })
    const shown = (one: { stdout: string; stderr: string; code: number }): string =>
      `${normalise(one.stdout)}--- stderr\n${normalise(one.stderr)}--- code ${one.code}\n`
    expect(shown(run)).toBe(shown({ stdout, stderr, code }))
    expect(run.kernel.processes.crashes).toEqual([])
  })
})
