/** RE2 patterns of schemas: what JavaScript's engine says where it can, and in linear time where it cannot. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Pattern } from "../../../src/kube/api/crd/pattern.ts"

const NAME = "^([-a-zA-Z0-9_]+[.]?)+$"
const ICMP = "^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|EchoReply)$"

describe("patterns", () => {
  test.each([
    [NAME, "a.b-c", true],
    [NAME, "a b.io", false],
    [NAME, "*.a.io", false],
    [ICMP, "255", true],
    [ICMP, "256", false],
    ["^\\PC*$", "plain", true],
    ["^\\PC*$", "with\u0007bell", false],
    ["^[[:alpha:]_]+$", "ab_C", true],
    ["^[[:alpha:]_]+$", "a1", false],
    ["(?i)^get$", "GeT", true],
    ["^get$", "GeT", false],
    ["^a.c$", "a\nc", false],
    ["(?s)^a.c$", "a\nc", true],
    ["^\\d{2,3}$", "1234", false],
    ["b", "abc", true],
    ["\\bfoo\\b", "a foo b", true],
    ["\\bfoo\\b", "afoob", false],
    ["^\\x41\\x{1F600}$", "A\u{1F600}", true],
    ["^[^a-c]$", "d", true],
    ["^(?P<name>x|y)z$", "yz", true],
    ["", "anything", true],
  ])("%j on %j: %s", (pattern, text, matches) => {
    expect(new Pattern(pattern).test(text)).toBe(matches)
  })

  test.each([
    ["(?=a)", "invalid or unsupported Perl syntax"],
    ["a**", "invalid nested repetition operator"],
    ["*a", "missing argument to repetition operator"],
    ["[a", "missing closing ]"],
    ["(a", "missing closing )"],
    ["a)", "unexpected )"],
    ["a{3,2}", "invalid repeat count"],
    ["a{1001}", "invalid repeat count"],
    ["\\1", "invalid escape sequence: `\\1`"],
    ["a\\", "trailing backslash at end of expression"],
  ])("%j is refused: %s", (pattern, message) => {
    expect(() => new Pattern(pattern)).toThrow(message)
  })

  test("a long name with one wrong letter at its end: a backtracking engine would never answer", () => {
    expect(new Pattern(NAME).test(`${"a".repeat(250)}!`)).toBe(false)
    expect(new Pattern("^(a|a|aa)*b$").test("a".repeat(3000))).toBe(false)
  })

  test("agrees with JavaScript's engine on expressions both know", () => {
    const atom = fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\d", "\\w", "(a|bc)", "(?:ab)", "\\b", "^", "$")
    const piece = fc
      .tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}", "{1,3}"))
      .map(([one, times]) => (/^(\\b|\^|\$)$/.test(one) ? one : one + times))
    const expression = fc.array(
      fc.array(piece, { maxLength: 4 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 3 },
    )
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " "), maxLength: 8 })
    fc.assert(
      fc.property(expression, text, (branches, subject) => {
        const source = branches.join("|")
        expect(new Pattern(source).test(subject)).toBe(new RegExp(source, "u").test(subject))
      }),
      { seed: 20251018, numRuns: 2000 },
    )
  })
})
