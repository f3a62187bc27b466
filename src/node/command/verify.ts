/** `podwire verify`: policy tests, by verdict and by packets. */
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { type CaseReport, type FindFiles, type Method, verify as runVerify, verifyReport } from "../../index.ts"
import { type Command, InputError, readArguments, UsageError } from "./arguments.ts"

const USAGE = `usage: podwire verify FILE… [--by verdict|packets] [--matrix] [--junit FILE] [--json] [--quiet]
       podwire verify --ambiguous

Runs policy tests. Each case is answered twice: by the policy engine (verdict), and by packets sent through a simulated cluster (packets).
A FILE is JSON lines in the format of the conformance corpus, one case as JSON, or the short form in YAML:

  manifests: [pods.yaml, policies/*.yaml]     files next to it, or patterns
  externals: { internet: 203.0.113.10 }       addresses outside the cluster, by name
  tests:
    - allow frontend -> db:5432
    - deny visitor -> db:5432
    - 403 client -> backend:80 GET /denied
  steps:                                      instead of tests: several, each with name, apply, delete, tests

  --by METHOD         only this one
  --matrix            also the grids of who reached whom: . allowed, X denied, 7 judged by request, ! not as expected
  --junit FILE        writes JUnit XML
  --json              prints the reports as JSON
  --quiet             only failures and the counts
  --ambiguous         without a FILE: where implementations differ, what podwire does there and why

Exit codes: 0 all as expected, 1 something is not, 2 bad usage or input.
`

export const verify: Command = {
  summary: "policy tests: expected reachability, by verdict and by packets",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = readArguments("verify", args, {
      by: { type: "string" },
      matrix: { type: "boolean" },
      junit: { type: "string" },
      json: { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
      ambiguous: { type: "boolean" },
    })
    const { by, matrix, junit, json, quiet, ambiguous } = values
    if (positionals.length === 0) {
      if (ambiguous !== true) throw new UsageError("verify: which file?")
      process.stdout.write(await verifyReport([], "ambiguous"))
      return 0
    }
    if (by !== undefined && by !== "verdict" && by !== "packets")
      throw new UsageError(`--by ${by}: expected verdict or packets`)
    const reports: CaseReport[] = []
    for (const file of positionals) {
      const options = { file, find: finder(file), ...(by === undefined ? {} : { by: [by as Method] }) }
      const found = await refused(() => runVerify(read(file), options))
      reports.push(...found)
      if (json === true) continue
      const shown = quiet === true ? found.filter(({ failures }) => failures.length > 0) : found
      process.stdout.write(await verifyReport(shown, matrix === true ? "matrix" : "summary"))
    }
    if (junit !== undefined) writeFileSync(junit, await verifyReport(reports, "junit"))
    const last =
      json === true ? ["json" as const] : ["counts" as const, ...(quiet === true ? [] : ["ambiguous" as const])]
    for (const format of last) process.stdout.write(await verifyReport(reports, format))
    return reports.some(({ failures }) => failures.length > 0) ? 1 : 0
  },
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    throw new InputError(
      `verify: ${file}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : (error as Error).message}`,
    )
  }
}

/** Patterns are relative to the test's own folder; what is found is named from here. */
function finder(file: string): FindFiles {
  const folder = dirname(resolve(file))
  return (pattern) =>
    globSync(pattern, { cwd: folder })
      .sort()
      .map((name) => ({
        file: relative(process.cwd(), resolve(folder, name)),
        text: readFileSync(resolve(folder, name), "utf8"),
      }))
}

/** What a test's author got wrong is bad input, not a failure of podwire. */
async function refused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw (error as Error).name === "CaseError" ? new InputError((error as Error).message) : error
  }
}
