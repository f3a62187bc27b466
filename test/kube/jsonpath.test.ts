/** JSONPath: client-go's own table (jsonpath_test.go), beside what the recordings have. */
import { describe, expect, test } from "vitest"
import { Stop } from "../../src/tools/kubectl/failure.ts"
import { JsonPath } from "../../src/tools/kubectl/jsonpath.ts"

const STORE = {
  Name: "jsonpath",
  Book: [
    { Category: "reference", Author: "Nigel Rees", Title: "Sayings of the Centurey", Price: 8.95 },
    { Category: "fiction", Author: "Evelyn Waugh", Title: "Sword of Honour", Price: 12.99 },
  ],
  Bicycle: [
    { Color: "red", Price: 19.95, IsNew: true },
    { Color: "green", Price: 20.01, IsNew: false },
  ],
  Labels: { engieer: 10, "web/html": 15, "k8s-app": 20 },
  Employees: { jason: "manager", dan: "clerk" },
}

const CASES: [string, string][] = [
  ["hello jsonpath", "hello jsonpath"],
  ["hello jsonpath {.Name}", "hello jsonpath jsonpath"],
  ["{.Labels.web/html}", "15"],
  ["{['Name']}", "jsonpath"],
  ["{.Labels['web/html']}", "15"],
  ["{.Book[*].Author}", "Nigel Rees Evelyn Waugh"],
  ["{..Title}", "Sayings of the Centurey Sword of Honour"],
  ["{.Book[0].Title}", "Sayings of the Centurey"],
  ["{.Book[-1:].Title}", "Sword of Honour"],
  ["{.Book[0:2].Price}", "8.95 12.99"],
  ["{.Book[::2].Author}", "Nigel Rees"],
  ["{.Book[0:0].Author}", ""],
  ["{.Book[?(@.Price < 10)].Title}", "Sayings of the Centurey"],
  ["{.Book[?(@.Price > 10)].Title}", "Sword of Honour"],
  ['{.Book[?(@.Category=="fiction")].Title}', "Sword of Honour"],
  ['{.Book[?(@.Category!="fiction")].Title}', "Sayings of the Centurey"],
  ["{.Bicycle[?(@.IsNew==true)].Color}", "red"],
  ["{.Bicycle[?(@.IsNew!=true)].Color}", "green"],
  ["{.Book[?(@.Missing)].Title}", ""],
  ["{range .Bicycle[*]}{.Color}: {.IsNew}; {end}done", "red: true; green: false; done"],
  ["{range .Bicycle[*]}{range .Nothing[*]}x{end}{.Color} {end}", "red green "],
  ["{.Book[*]['Author','Price']}", "Nigel Rees Evelyn Waugh 8.95 12.99"],
  ["{.Employees}", '{"dan":"clerk","jason":"manager"}'],
  ["{.Employees.*}", "clerk manager"],
  ["{.Missing}", ""],
  ["{\"tab:\\t\"}{.Name}{'\\n'}", "tab:\tjsonpath\n"],
  ["{$.Name}", "jsonpath"],
  ["{@.Name}", "jsonpath"],
]

const complaint = (template: string): string => {
  try {
    new JsonPath(template).render(STORE)
    return ""
  } catch (thrown) {
    if (thrown instanceof Stop) return thrown.failures[0]?.message ?? ""
    throw thrown
  }
}

describe("JSONPath", () => {
  for (const [template, expected] of CASES)
    test(template, () => expect(new JsonPath(template).render(STORE)).toBe(expected))

  for (const [template, words] of [
    ["{.Name", "unclosed action"],
    ["{.Book[0}", "unterminated array"],
    ["{.Book[x]}", "invalid array index x"],
    ["{.Book[?(@.Price<10)}", "unclosed array expect ]"],
    ["{.Book[?(@.Price<10", "unterminated filter"],
    ['{"abc}', "unterminated quoted string"],
    ["{..}{....}", "invalid multiple recursive descent"],
    ["{*}", "unrecognized character in action: U+002A '*'"],
  ] as const)
    test(`${template}: ${words}`, () =>
      expect(complaint(template)).toBe(`error parsing jsonpath ${template}, ${words}`))

  for (const [template, words] of [
    ["{.Book[9].Title}", "array index out of bounds: index 9, length 2"],
    ["{.Name[0]}", "jsonpath is not array or slice"],
    ["{nosuch}", "unrecognized identifier nosuch"],
    ['{.Book[?(@.Price=="x")]}', "incompatible types for comparison"],
  ] as const)
    test(`${template}: ${words}`, () => expect(complaint(template)).toContain(`Error executing template: ${words}.`))
})
