/** What a page's terminal makes of what programs print. */
import { expect, test } from "vitest"
import { Screen } from "../../site/kernel/screen.ts"

const shown = (...texts: string[]): [text: string, last: string] => {
  const screen = new Screen()
  for (const text of texts) screen.write(text)
  return [screen.text, screen.last]
}

test.each<[string, string[], [string, string]]>([
  ["lines, and what is not one yet", ["a\nb", "c\n$ "], ["a\nbc\n", "$ "]],
  ["a carriage return begins the line anew", ["100%\r 50%", "\rdone\n"], ["done\n", ""]],
  ["what is behind a shorter text stays", ["abcdef\rxy"], ["", "xycdef"]],
  ["a backspace goes back", ["abc\b\bX"], ["", "aXc"]],
  ["colours and cursor movements are left out", ["\u001b[31mred\u001b[0m \u001b[2Kgone\n"], ["red gone\n", ""]],
])("%s", (_, texts, wanted) => {
  expect(shown(...texts)).toEqual(wanted)
})

test("old lines are forgotten, and clearing leaves the prompt", () => {
  const screen = new Screen()
  screen.write(`${"line\n".repeat(5000)}$ `)
  expect(screen.text.split("\n").length).toBeLessThanOrEqual(2000)
  screen.clear()
  expect([screen.text, screen.last]).toEqual(["", "$ "])
})
