/** Tests that need a program of the machine: they run where it is, say loudly where it is not, and fail where nothing may be skipped. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { describe, test } from "vitest"

/** Where a program is: on PATH, in the administrator's folders, or at the given paths. */
export function findProgram(name: string, ...places: readonly string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin"]
  return [...places, ...folders.map((folder) => join(folder, name))].find((path) => existsSync(path))
}

/**
 * `describe` when everything is there. `what` says what is needed, by name: `{ tshark: findProgram("tshark") !== undefined }`.
 * With PODWIRE_NO_SKIP=1 (as `.ci/run` sets it) a missing one is a failure.
 */
export function needs(what: Readonly<Record<string, boolean>>): (name: string, body: () => void) => void {
  const missing = Object.keys(what).filter((name) => what[name] !== true)
  if (missing.length === 0) return (name, body) => void describe(name, body)
  return (name) => {
    const reason = `skipped: needs ${missing.join(", ")}`
    if (process.env["PODWIRE_NO_SKIP"] === "1")
      test(name, () => {
        throw new Error(`${reason}, and PODWIRE_NO_SKIP is set`)
      })
    else {
      process.stderr.write(`${name}: ${reason}\n`)
      describe.skip(`${name} (${reason})`, () => test("not run", () => undefined))
    }
  }
}
