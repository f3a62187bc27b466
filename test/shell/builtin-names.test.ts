import { expect, test } from "vitest"
import { BUILTIN_NAMES } from "../../src/shell/builtin-names.ts"
import { BUILTINS } from "../../src/shell/builtins.ts"

test("the list of names is the table's", () => {
  expect([...BUILTIN_NAMES].sort()).toEqual([...BUILTINS.keys()].sort())
})
