/** The notebooks' translations: whole, up to date, and with the same facts. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { sourceHash } from "../../site/i18n/sections.ts"
import { inOtherWords, pair } from "../../site/notebook/translation.ts"
import { type Notebook, parseNotebook } from "../../src/notebook/ipynb.ts"
import { factsOf, textIn } from "../support/prose.ts"

const LANGUAGES = readdirSync("notebooks", { withFileTypes: true }).filter((entry) => entry.isDirectory())
const NOTEBOOKS = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"))

test("there are translations, and none of a notebook that is not there", () => {
  expect(LANGUAGES.map(({ name }) => name)).toEqual(["ja"])
  for (const { name } of LANGUAGES)
    expect(readdirSync(`notebooks/${name}`).sort()).toEqual(
      NOTEBOOKS.map((file) => file.replace(".ipynb", ".md")).sort(),
    )
})

describe.each(LANGUAGES.map(({ name }) => name))("in %s", (language) => {
  test.each(NOTEBOOKS)("%s: every Markdown cell, as it is now", (name) => {
    const { problems } = translation(language, name)
    expect(problems.map(({ message }) => message).join("\n\n")).toBe("")
  })

  test.each(NOTEBOOKS)("%s: the same code, commands, links, tables and numbers", (name) => {
    const { notebook, prose } = translation(language, name)
    for (const cell of notebook.cells.filter(({ cell_type }) => cell_type === "markdown"))
      expect({ cell: cell.id, ...factsOf(prose[cell.id] ?? "") }).toEqual({ cell: cell.id, ...factsOf(cell.source) })
  })

  test.each(NOTEBOOKS)("%s: no mark of emphasis or code is left as text", (name) => {
    const { notebook, prose } = translation(language, name)
    for (const { id } of notebook.cells) expect(textIn(prose[id] ?? ""), id).not.toMatch(/[*`]/)
  })
})

function translation(language: string, name: string): { notebook: Notebook } & ReturnType<typeof pair> {
  const file = `notebooks/${language}/${name.replace(".ipynb", ".md")}`
  const notebook = parseNotebook(readFileSync(`notebooks/${name}`, "utf8"))
  return { notebook, ...pair(file, existsSync(file) ? readFileSync(file, "utf8") : "", `notebooks/${name}`, notebook) }
}

describe("what is wrong with a translation is said with its place, and what would be right", () => {
  const cell = (id: string, source: string, cell_type = "markdown"): object => ({ cell_type, id, metadata: {}, source })
  const notebook = parseNotebook(
    JSON.stringify({
      cells: [
        cell("title", "# A title\n\nText."),
        { ...cell("list", "1 + 1", "code"), outputs: [], execution_count: 1 },
        cell("middle", "In the middle."),
        cell("end", "The end."),
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
  )
  const section = (id: string, source: string, text: string): string =>
    `<!-- cell: ${id} of: ${sourceHash(source)} -->\n${text}\n`
  const title = section("title", "# A title\n\nText.", "# 題名\n\n本文。")
  const middle = section("middle", "In the middle.", "途中。")
  const end = section("end", "The end.", "終わり。")
  const problems = (text: string): string[] => pair("ja/x.md", text, "x.ipynb", notebook).problems.map(said)
  const said = ({ kind, message }: { kind: string; message: string }): string => `${kind}: ${message}`

  test("nothing, and the prose takes the place of the cells' texts", () => {
    const { prose, problems } = pair("ja/x.md", title + middle + end, "x.ipynb", notebook)
    expect(problems).toEqual([])
    expect(inOtherWords(notebook, prose).cells.map(({ source }) => source)).toEqual([
      "# 題名\n\n本文。",
      "1 + 1",
      "途中。",
      "終わり。",
    ])
  })

  test.each<[what: string, text: string, problem: string]>([
    [
      "stale",
      title + section("middle", "As it was before.", "途中。") + end,
      `stale: ja/x.md:5: cell "middle" of x.ipynb has changed since it was translated. When the text is right again, make this line\n<!-- cell: middle of: ${sourceHash("In the middle.")} -->`,
    ],
    [
      "missing",
      title + end,
      `missing: ja/x.md: cell "middle" of x.ipynb has no translation. It begins, after that of cell "title", with\n<!-- cell: middle of: ${sourceHash("In the middle.")} -->`,
    ],
    [
      "unknown",
      title + middle + end + section("other", "Other.", "他。"),
      'unknown: ja/x.md:9: x.ipynb has no Markdown cell "other"; it has title, middle, end',
    ],
    [
      "a code cell",
      title + section("list", "1 + 1", "足し算。") + middle + end,
      'unknown: ja/x.md:5: x.ipynb has no Markdown cell "list"; it has title, middle, end',
    ],
    ["twice", title + middle + middle + end, 'broken: ja/x.md:7: cell "middle" is translated already, at line 5'],
    [
      "out of order",
      title + end + middle,
      'broken: ja/x.md:7: cell "middle" stands after cell "end", in x.ipynb before it',
    ],
    ["empty", title + middle + section("end", "The end.", ""), 'broken: ja/x.md:7: cell "end" has no text'],
    [
      "no title",
      title.replace("# 題名\n\n", "") + middle + end,
      'broken: ja/x.md: the first section does not begin with "# " and a title',
    ],
    [
      "text before",
      `前置き。\n${title}${middle}${end}`,
      'broken: ja/x.md:1: "前置き。" stands before the first "<!-- cell: … -->"',
    ],
    [
      "a line that is nearly one",
      `${title + middle + end}\n<!-- cell: other of: 123 -->\n`,
      'broken: ja/x.md:10: expected "<!-- cell: ID of: 12 HEXADECIMAL DIGITS -->", found "<!-- cell: other of: 123 -->"',
    ],
  ])("%s", (_, text, problem) => {
    expect(problems(text)).toEqual([problem])
  })

  test("changed facts", () => {
    expect(factsOf("`ip route`は[ここ](a.ipynb#b)の1450")).toEqual(factsOf("`ip route` is [here](a.ipynb#b), 1450"))
    for (const other of [
      "`ip rule`は[ここ](a.ipynb#b)の1450",
      "`ip route`は[ここ](a.ipynb#c)の1450",
      "`ip route`は[ここ](a.ipynb#b)の1500",
    ])
      expect(factsOf(other)).not.toEqual(factsOf("`ip route` is [here](a.ipynb#b), 1450"))
  })
})
