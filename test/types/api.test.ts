/** What users can import, with its signatures: a change of the API shows as a change of a file. */
import { describe, expect, test } from "vitest"
import { exportsOf } from "./declarations.ts"

const DOORS = {
  podwire: "src/index.ts",
  "podwire/node": "src/node/index.ts",
  "podwire/vitest": "src/vitest.ts",
  "podwire/vitest-plugin": "src/node/vitest/plugin.ts",
}

describe.each(Object.entries(DOORS))("%s", (door, file) => {
  test("its exports and their signatures", async () => {
    const text = exportsOf(file).map((item) => `${item.text}\n`)
    await expect(
      `// ${door}: written by test/types/api.test.ts; npx vitest -u accepts changes\n\n${text.join("\n")}`,
    ).toMatchFileSnapshot(`${door.replace("/", "-")}.d.ts.txt`)
  })

  test("every export, every method and everything that can be left out has a doc comment", () => {
    expect(exportsOf(file).flatMap((item) => item.undocumented)).toEqual([])
  })
})
