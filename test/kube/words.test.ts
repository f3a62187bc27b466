/** Selectors, quantities, ages: the small languages, against upstream's own tables. */
import { describe, expect, test } from "vitest"
import { humanDuration } from "../../src/kube/api/duration.ts"
import { formatBinary, formatMilli, parseQuantity } from "../../src/kube/api/quantity.ts"
import {
  formatSelector,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  selectorOf,
} from "../../src/kube/api/selector.ts"

describe("label selectors (apimachinery/pkg/labels/selector_test.go)", () => {
  const parsed = (text: string): ReturnType<typeof selectorOf> => {
    const selector = parseLabelSelector(text)
    if ("error" in selector) throw new Error(selector.error)
    return selector
  }

  for (const good of [
    "x=a,y=b,z=c",
    "",
    "x!=a,y=b",
    "x=",
    "x= ",
    "x=,z= ",
    "x= ,z= ",
    "!x",
    "x>1",
    "x>1,z<5",
    "x in (a,b)",
    "x notin (a)",
  ])
    test(`parses ${JSON.stringify(good)}`, () => expect(parseLabelSelector(good)).not.toHaveProperty("error"))
  for (const bad of ["x=a||y=b", "x==a==b", "!x=a", "x<a", "x in (a", "x in a", ",", "x,", "x=a b", "a/b/c"])
    test(`refuses ${JSON.stringify(bad)}`, () => expect(parseLabelSelector(bad)).toHaveProperty("error"))

  const cases: [string, Record<string, string>, boolean][] = [
    ["", { x: "y" }, true],
    ["x=y", { x: "y" }, true],
    ["x=y,z=w", { x: "y", z: "w" }, true],
    ["x!=y,z!=w", { x: "z", z: "a" }, true],
    ["notin=in", { notin: "in" }, true],
    ["x", { x: "z" }, true],
    ["!x", { y: "z" }, true],
    ["x>1", { x: "2" }, true],
    ["x<1", { x: "0" }, true],
    ["x=z", {}, false],
    ["x=y", { x: "z" }, false],
    ["x=y,z=w", { x: "w", z: "w" }, false],
    ["x!=y,z!=w", { x: "z", z: "w" }, false],
    ["x", { y: "z" }, false],
    ["!x", { x: "z" }, false],
    ["x>1", { x: "0" }, false],
    ["x<1", { x: "2" }, false],
    ["foo=bar,baz=blah", { foo: "bar" }, false],
    ["x notin (a,b)", {}, true],
    ["x!=a", {}, true],
    ["x in (a,b)", {}, false],
  ]
  for (const [selector, labels, expected] of cases)
    test(`${JSON.stringify(selector)} ${expected ? "matches" : "does not match"} ${JSON.stringify(labels)}`, () =>
      expect(matchesLabels(parsed(selector), labels)).toBe(expected))

  test("printed as the server prints it", () => {
    const matchExpressions = [
      { key: "tier", operator: "In", values: ["b", "a"] },
      { key: "old", operator: "DoesNotExist" },
      { key: "new", operator: "Exists" },
      { key: "env", operator: "NotIn", values: ["prod"] },
    ]
    expect(formatSelector(selectorOf({ matchLabels: { app: "web" }, matchExpressions }))).toBe(
      "app=web,env notin (prod),new,!old,tier in (a,b)",
    )
  })
})

describe("field selectors", () => {
  test("terms, both ways, with escapes", () =>
    expect(parseFieldSelector("a.b=c,d!=e,f==g\\,h")).toEqual([
      { field: "a.b", equals: true, value: "c" },
      { field: "d", equals: false, value: "e" },
      { field: "f", equals: true, value: "g,h" },
    ]))
  test("nonsense", () =>
    expect(parseFieldSelector("a")).toEqual({ error: "invalid selector: 'a'; can't understand 'a'" }))
})

describe("quantities (apimachinery/pkg/api/resource/quantity_test.go)", () => {
  const good: [string, number][] = [
    ["0", 0],
    ["0n", 0],
    ["100m", 0.1],
    ["1.5", 1.5],
    ["1Ki", 1024],
    ["8Ki", 8192],
    ["7Mi", 7 * 2 ** 20],
    ["6Gi", 6 * 2 ** 30],
    ["5Ti", 5 * 2 ** 40],
    ["4Pi", 4 * 2 ** 50],
    ["10M", 10e6],
    ["1e3", 1000],
    ["1E3", 1000],
    ["3E", 3e18],
    ["12.5e-1", 1.25],
    ["+1k", 1000],
    ["-5", -5],
    [".5Mi", 2 ** 19],
  ]
  for (const [text, value] of good) test(`${text} = ${value}`, () => expect(parseQuantity(text)).toBeCloseTo(value, 9))
  for (const bad of ["", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "1 Mi", "Mi"])
    test(`${JSON.stringify(bad)} is none`, () => expect(parseQuantity(bad)).toBeUndefined())
  test("printed: milli where it must be, the largest binary unit that divides", () => {
    expect([0.1, 2, 1.5, 0.0001].map(formatMilli)).toEqual(["100m", "2", "1500m", "1m"])
    expect([52428800, 1024, 1000, 0, 2 ** 30].map(formatBinary)).toEqual(["50Mi", "1Ki", "1000", "0", "1Gi"])
  })
})

describe("ages (apimachinery/pkg/util/duration/duration_test.go)", () => {
  const [minute, hour, day] = [60, 3600, 86400]
  const cases: [number, string][] = [
    [1, "1s"],
    [70, "70s"],
    [119, "119s"],
    [2 * minute, "2m"],
    [2 * minute + 1, "2m1s"],
    [9 * minute + 59, "9m59s"],
    [10 * minute, "10m"],
    [10 * minute + 59, "10m"],
    [3 * hour - 1, "179m"],
    [3 * hour, "3h"],
    [3 * hour + 5 * minute, "3h5m"],
    [8 * hour, "8h"],
    [47 * hour, "47h"],
    [49 * hour, "2d1h"],
    [8 * day - hour, "7d23h"],
    [9 * day, "9d"],
    [2 * 365 * day - 1, "729d"],
    [2 * 365 * day, "2y"],
    [2 * 365 * day + day, "2y1d"],
    [8 * 365 * day, "8y"],
    [-1, "0s"],
    [-2, "<invalid>"],
  ]
  for (const [seconds, text] of cases) test(`${seconds} s is ${text}`, () => expect(humanDuration(seconds)).toBe(text))
})
