/** CEL: the expressions of validation rules. Expected values: google/cel-spec's conformance tests and the rules of real definitions. */
import { describe, expect, test } from "vitest"
import { evaluate } from "../../../src/kube/api/crd/cel/evaluate.ts"
import { parseCel } from "../../../src/kube/api/crd/cel/parse.ts"
import { ruleProblem, validateRules } from "../../../src/kube/api/crd/cel/rules.ts"

const run = (text: string, self: unknown = {}): unknown => evaluate(parseCel(text), { self })

describe("CEL", () => {
  test.each<[string, unknown, unknown]>([
    ["1 + 2 * 3 == 7", {}, true],
    ["-(2 - 5)", {}, 3],
    ["7 / 2", {}, 3],
    ["7.5 / 2.5", {}, 3],
    ["7 % 4", {}, 3],
    ["'a' + \"b\" == 'ab'", {}, true],
    ["r'\\d' == '\\\\d'", {}, true],
    ["[1, 2] + [3] == [1, 2, 3]", {}, true],
    ["2 in [1, 2]", {}, true],
    ["'a' in {'a': 1}", {}, true],
    ["true ? 1 : 2", {}, 1],
    ["false && self.missing", {}, false],
    ["self.missing || true", {}, true],
    ["!(1 > 2)", {}, true],
    ["has(self.spec) || has(self.specs)", { specs: [] }, true],
    ["has(self.spec) || has(self.specs)", { kind: "x" }, false],
    ["self.start < self.end", { start: 1, end: 2 }, true],
    ["isCIDR(self)", "10.0.0.0/8", true],
    ["isCIDR(self)", "10.0.0.0", false],
    ["isIP(self)", "fd00::1", true],
    ["size(self) == 3 && self.size() == 3", "abc", true],
    ["self.startsWith('a') && self.endsWith('c') && self.contains('b') && self.matches('^a.c$')", "abc", true],
    ["self.all(x, x > 0)", [1, 2], true],
    ["self.exists(x, x == 2)", [1, 2], true],
    ["self.exists_one(x, x > 0)", [1, 2], false],
    ["self.map(x, x * 2)", [1, 2], [2, 4]],
    ["self.filter(x, x > 1)", [1, 2], [2]],
    ["self.exists(k, k == 'b')", { a: 1, b: 2 }, true],
    ["self['a/b'][0]", { "a/b": [5] }, 5],
    ["self.a__slash__b", { "a/b": 5 }, 5],
    ["int('12') + int(1.9)", {}, 13],
    ["string(1) == '1'", {}, true],
    [
      "!(self.to.exists(peer, has(peer.networks) || has(peer.nodes)) && has(self.protocols) && self.protocols.exists(p, has(p.destinationNamedPort)))",
      { to: [{ networks: [] }], protocols: [{ destinationNamedPort: "x" }] },
      false,
    ],
  ])("%s", (text, self, value) => {
    expect(run(text, self)).toEqual(value)
  })

  test.each<[string, unknown, string]>([
    ["self.a", {}, "no such key: a"],
    ["self[3]", [1], "index out of bounds: 3"],
    ["1 / 0", {}, "division by zero"],
    ["1 + 'a'", {}, "no such overload"],
    ["self < 3", "a", "no such overload"],
    ["self.matches('(')", "a", "error parsing regexp: missing closing )"],
    ["int('x')", {}, "type conversion error"],
  ])("%s fails: %s", (text, self, message) => {
    expect(() => run(text, self)).toThrow(message)
  })

  test.each([
    ["self.x(", "Syntax error"],
    ["self ==", "Syntax error"],
    ["duration('1h') > self", "undeclared reference to 'duration'"],
    ["other.x", "undeclared reference to 'other'"],
    ["has(self)", "invalid argument to has() macro"],
    ["size(1, 2)", "found no matching overload for 'size'"],
    ["self.x.all(a, b, c)", "with a variable and one expression only"],
  ])("%s cannot be a rule: %s", (rule, message) => {
    expect(ruleProblem({ rule })).toContain(message)
  })

  test("a rule says its message, its messageExpression, or itself; errors in it are refusals", () => {
    const check = (rule: object, value: unknown): string[] =>
      validateRules(
        { type: "object", "x-kubernetes-validations": [rule as { rule: string }] },
        value,
        undefined,
        "spec",
      ).map(({ field, detail }) => `${field}: ${detail}`)
    expect(check({ rule: "self.a == 1", message: "must be one" }, { a: 2 })).toEqual(["spec: must be one"])
    expect(check({ rule: "self.a == 1" }, { a: 2 })).toEqual(["spec: failed rule: self.a == 1"])
    expect(check({ rule: "self.a == 1", messageExpression: "'is ' + string(self.a)" }, { a: 2 })).toEqual([
      "spec: is 2",
    ])
    expect(check({ rule: "self.a == 1", message: "m" }, {})).toEqual([
      "spec: rule evaluation error: no such key: a evaluating rule: m",
    ])
    expect(check({ rule: "self.a == 1" }, { a: 1 })).toEqual([])
  })

  test("a rule about a change waits for one", () => {
    const schema = {
      type: "object",
      "x-kubernetes-validations": [{ rule: "self.a == oldSelf.a", message: "immutable" }],
    }
    expect(validateRules(schema, { a: 1 }, undefined)).toEqual([])
    expect(validateRules(schema, { a: 1 }, { a: 1 })).toEqual([])
    expect(validateRules(schema, { a: 1 }, { a: 2 })).toMatchObject([{ field: "<nil>", detail: "immutable" }])
  })
})
