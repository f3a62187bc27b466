/** The guides' translations: whole, up to date, and with the same facts. What their blocks of code print, the English pages are asked (docs.test.ts). */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { pairPage, sectionsOf } from "../../site/i18n/page.ts"
import { sourceHash } from "../../site/i18n/sections.ts"
import { TRANSLATIONS } from "../../site/i18n/table.ts"
import { factsOf, textIn } from "../support/prose.ts"

const DOCS = "site/content/docs"

/** The pages in a folder, without those in other languages. The first page is a component's: its blocks alone are compared. */
const pagesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !TRANSLATIONS.some((language) => name.startsWith(`${language}/`)))
    .sort()

describe.each(TRANSLATIONS)("in %s", (language) => {
  const names = pagesIn(DOCS)
  const translation = (name: string): ReturnType<typeof pairPage> & { english: string } => {
    const [file, original] = [`${DOCS}/${language}/${name}`, `${DOCS}/${name}`]
    const english = readFileSync(original, "utf8")
    return { english, ...pairPage(file, readFileSync(file, "utf8"), original, english) }
  }

  test("there is every page, and no other", () => {
    expect(names.length).toBeGreaterThan(8)
    expect(pagesIn(`${DOCS}/${language}`)).toEqual(names)
  })

  test.each(names)("%s: every section, as it is now", (name) => {
    const { problems } = translation(name)
    expect(problems.map(({ message }) => message).join("\n\n")).toBe("")
  })

  test.each(names)("%s: the same headings, code, links, tables and numbers", (name) => {
    const { english, prose } = translation(name)
    for (const { id, text } of sectionsOf(english))
      expect({ section: id, ...factsOf(prose[id] ?? "") }).toEqual({ section: id, ...factsOf(text) })
  })

  test.each(names)("%s: no mark of emphasis or code is left as text", (name) => {
    const { prose } = translation(name)
    for (const [id, text] of Object.entries(prose)) expect(textIn(text), id).not.toMatch(/[*`]/)
  })
})

describe("a page in sections", () => {
  const matter = "---\ntitle: A page\ndescription: What it says.\n---\n"
  const block = '```sh title="one"\n# not a heading\nip route\n```'
  const page = `${matter}\nThe beginning.\n\n## Look: here\n\nBefore.\n\n${block}\n\nAfter.\n\n### Look here\n\nThe end.\n`
  const sources = (page: string): string[] => sectionsOf(page).map(({ source }) => source)
  const mark = (id: string, of: string, kind = "section"): string => `<!-- ${kind}: ${id} of: ${sourceHash(of)} -->`

  const [title = "", look = "", end = ""] = sources(page)
  const sections = [
    `---\ntitle: ページ\ndescription: 説明。\n---\n\n${mark("title", title)}\n始まり。\n`,
    `${mark("look-here", look)}\n## 見る\n\n前。\n\n${block}\n\n後。\n`,
    `${mark("look-here-1", end)}\n### 見る\n\n終わり。\n`,
  ]
  const problems = (text: string, english = page): string[] =>
    pairPage("ja/x.md", text, "x.md", english).problems.map(({ kind, message }) => `${kind}: ${message}`)

  test("the front matter and what stands first, then the headings by their anchors; code does not count, its place does", () => {
    expect(sectionsOf(page).map(({ id }) => id)).toEqual(["title", "look-here", "look-here-1"])
    expect(title).toBe("title: A page\ndescription: What it says.\n\nThe beginning.")
    expect(look).toBe("## Look: here\n\nBefore.\n\n```\n\nAfter.")
    expect(sectionsOf(page)[1]?.text).toContain("ip route")
    expect(sources(page.replace("ip route", "ip rule"))).toEqual(sources(page))
    expect(sources(page.replace(`${block}\n\nAfter.`, `After.\n\n${block}`))).not.toEqual(sources(page))
  })

  test("nothing is wrong, and the title's section has the front matter", () => {
    const { prose } = pairPage("ja/x.md", sections.join("\n"), "x.md", page)
    expect(problems(sections.join("\n"))).toEqual([])
    expect(prose["title"]).toBe("title: ページ\ndescription: 説明。\n\n始まり。")
    expect(prose["look-here"]).toContain(block)
  })

  test.each<[what: string, text: string, english: string, problem: string]>([
    [
      "a changed text",
      sections.join("\n"),
      page.replace("Before.", "As it is now."),
      `stale: ja/x.md:9: section "look-here" of x.md has changed since it was translated. When the text is right again, make this line\n${mark("look-here", look.replace("Before.", "As it is now."))}`,
    ],
    [
      "a changed description",
      sections.join("\n"),
      page.replace("What it says.", "What it said."),
      `stale: ja/x.md:6: section "title" of x.md has changed since it was translated. When the text is right again, make this line\n${mark("title", title.replace("says", "said"))}`,
    ],
    [
      "a section without a translation",
      [sections[0], sections[2]].join("\n"),
      page,
      `missing: ja/x.md: section "look-here" of x.md has no translation. It begins, after that of section "title", with\n${mark("look-here", look)}`,
    ],
    [
      "a section that is not there",
      `${sections.join("\n")}\n${mark("other", "")}\n## 他\n`,
      page,
      'unknown: ja/x.md:26: x.md has no section "other"; it has title, look-here, look-here-1',
    ],
    [
      "another order",
      [sections[0], sections[2], sections[1]].join("\n"),
      page,
      'broken: ja/x.md:14: section "look-here" stands after section "look-here-1", in x.md before it',
    ],
    [
      "a notebook's line",
      `${sections.join("\n")}\n${mark("look-here", look, "cell")}\n`,
      page,
      `broken: ja/x.md:26: expected "<!-- section: ID of: 12 HEXADECIMAL DIGITS -->", found "${mark("look-here", look, "cell")}"`,
    ],
  ])("%s", (_, text, english, problem) => {
    expect(problems(text, english)).toEqual([problem])
  })
})
