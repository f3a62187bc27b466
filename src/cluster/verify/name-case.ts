/** FQDN selectors and the names they select (schema/fqdn-match.schema.json of the conformance corpus). */
import { fqdnMatches, fqdnRegex } from "../../policy/l7/dns.ts"
import type { DnsRule } from "../../policy/l7/rules.ts"
import { patternError } from "../../policy/parse/fqdn.ts"
import type { CaseReport, TestCase } from "./answer.ts"
import { Checks } from "./checks.ts"

export interface NameCase extends TestCase {
  readonly selector: DnsRule
  readonly expect: {
    readonly valid: boolean
    readonly error?: string
    readonly regex?: string
    readonly matches?: readonly string[]
    readonly rejects?: readonly string[]
  }
}

/** By the matcher that agents and DNS proxies use. */
export function verifyNames(test: NameCase): CaseReport {
  const { selector, expect } = test
  const checks = new Checks(test, "verdict")
  // The matcher checks the pattern with the final dot it is given.
  const error = patternError(`${selector.matchPattern ?? ""}.`)
  checks.check("the selector", expect.valid ? "valid" : (expect.error ?? "invalid"), error ?? "valid")
  if (!expect.valid) return checks.report()
  if (expect.regex !== undefined) checks.check("its expression", expect.regex, fqdnRegex(selector) ?? "none")
  const check = (name: string, wanted: string): void =>
    checks.check(name, wanted, fqdnMatches(selector, name) ? "selected" : "not selected")
  for (const name of expect.matches ?? []) check(name, "selected")
  for (const name of expect.rejects ?? []) check(name, "not selected")
  return checks.report()
}
