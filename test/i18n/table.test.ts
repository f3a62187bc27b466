/** The site's texts: each language has the same places for values, and a page says them with the values filled in. */
import { describe, expect, test } from "vitest"
import { fill } from "../../site/i18n/fill.ts"
import { type Strings, sayIn, stringsOf, TRANSLATIONS } from "../../site/i18n/table.ts"

const placesIn = (text: string): string[] => (text.match(/\{[\w-]+\}|<[\w-]+>/g) ?? []).sort()
const flat = ({ page, script }: Strings): Record<string, string> => ({ ...page, ...script })

test("values take their places, and nothing in them is a place", () => {
  expect(fill("{a} and {b}, {a}", { a: "{b}", b: 2 })).toBe("{b} and 2, {b}")
  expect(fill("all {there}")).toBe("all {there}")
})

test("a language that is not there is refused by name", () => {
  expect(() => stringsOf("de")).toThrow('no texts in "de": site/i18n has en, ja')
})

describe.each(TRANSLATIONS)("%s", (language) => {
  const english = flat(stringsOf("en"))
  const texts = flat(stringsOf(language))

  test.each(Object.keys(english))("%s has the same places", (key) => {
    expect(texts[key]?.trim()).not.toBe("")
    expect(placesIn(texts[key] ?? "")).toEqual(placesIn(english[key] ?? ""))
  })

  test("has no text that English has not, and none that is English", () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort())
    expect(Object.keys(texts).filter((key) => texts[key] === english[key])).toEqual([])
  })
})

test("a page says it in its language", () => {
  expect(sayIn("en")("cell.outputs", { n: 2, id: "fdb" })).toBe("Output 2 of cell fdb")
  expect(sayIn("ja")("cell.outputs", { n: 2, id: "fdb" })).toBe("セル fdb の出力 2")
})
