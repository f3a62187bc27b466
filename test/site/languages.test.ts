/** Each page in each language: it says which one it is, the other one is there and leads back, and nothing of the page stays English. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseHTML } from "linkedom"
import { expect, test } from "vitest"
import { hasTag, parseNotebook } from "../../src/notebook/ipynb.ts"
import { BUILD, sitePaths, visitor, withSite, withSiteInChromium } from "./browser.ts"

const PATHS = sitePaths().filter((path) => path !== "/404.html")
const ENGLISH = PATHS.filter((path) => !path.startsWith("/ja/"))
const TUTORIALS = ENGLISH.flatMap((path) => /^\/tutorials\/([^/]+)\/$/.exec(path)?.[1] ?? [])
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

const GUIDES = ENGLISH.filter((path) => /^\/(?:guides|internals)\//.test(path))
/** What Starlight says above a page that has no translation. */
const NOTICE = "このコンテンツはまだ日本語訳がありません。"

const pageAt = (path: string): Document => parseHTML(readFileSync(join(BUILD, path, "index.html"), "utf8")).document

const textsOf = (document: Document, selector: string, of: (node: Element) => string): string[] =>
  [...document.querySelectorAll(selector)].map(of)
/** Where the list of a page's contents leads. */
const inContents = (document: Document): string[] =>
  textsOf(document, "starlight-toc a", (link) => link.getAttribute("href") ?? "")

withSite("languages", () => {
  test("there are pages in both", () => {
    expect(TUTORIALS.length).toBeGreaterThan(5)
    expect(PATHS.filter((path) => path.startsWith("/ja/"))).toEqual(ENGLISH.map((path) => `/ja${path}`))
  })

  test.each(PATHS)("%s says its language, and names itself in the others", (path) => {
    const document = pageAt(path)
    expect(document.documentElement.lang).toBe(path.startsWith("/ja/") ? "ja" : "en")
    const english = path.replace(/^\/ja\//, "/")
    const alternates = [...document.querySelectorAll("link[rel=alternate][hreflang]")].map((link) => [
      link.getAttribute("hreflang"),
      new URL(link.getAttribute("href") ?? "").pathname,
    ])
    expect(Object.fromEntries(alternates)).toEqual({ en: english, ja: `/ja${english}`, "x-default": english })
    const choices = [...document.querySelectorAll("starlight-lang-select select")].map((select) =>
      [...select.querySelectorAll("option")].map((option) => option.getAttribute("value") ?? ""),
    )
    expect(choices.length).toBeGreaterThan(0)
    for (const choice of choices) expect(choice).toEqual([english, `/ja${english}`])
    for (const other of new Set(choices.flat())) expect(existsSync(join(BUILD, other, "index.html")), other).toBe(true)
  })

  test("the page for missing pages is one for all: it offers no other", () => {
    const { document } = parseHTML(readFileSync(join(BUILD, "404.html"), "utf8"))
    expect(document.querySelectorAll("link[rel=alternate], starlight-lang-select select").length).toBe(0)
  })

  test("every guide is translated: no page says that it is not", () => {
    expect(GUIDES.length).toBeGreaterThan(8)
    for (const path of GUIDES) expect(pageAt(`/ja${path}`).querySelector("main")?.getAttribute("lang"), path).toBe("ja")
    const untranslated = (path: string): boolean =>
      readFileSync(join(BUILD, path, "index.html"), "utf8").includes(NOTICE)
    expect(PATHS.filter(untranslated)).toEqual([])
  })

  test.each(GUIDES)("%s: the same places and code in Japanese, in other words", (path) => {
    const [english, japanese] = [pageAt(path), pageAt(`/ja${path}`)]
    const ids = (document: Document): string[] => textsOf(document, "main :is(h1, h2, h3)[id]", (node) => node.id)
    expect(ids(japanese)).toEqual(ids(english))
    expect(inContents(japanese)).toEqual(inContents(english))
    const code = (document: Document): string[] =>
      textsOf(document, "main .expressive-code code", (node) => node.innerHTML)
    expect(code(japanese)).toEqual(code(english))
    const prose = (document: Document): string[] =>
      textsOf(document, "main :is(h1, h2, h3, p, li)", (node) => node.textContent?.trim() ?? "")
    expect(prose(japanese).length).toBeGreaterThan(3)
    for (const text of prose(japanese)) expect(text).toMatch(JAPANESE)
    expect(japanese.querySelector("main")?.innerHTML).not.toContain("<!-- section")
  })

  test.each(TUTORIALS)("%s: the same cells with the same code and outputs, in other words", (id) => {
    const [english, japanese] = [pageAt(`/tutorials/${id}/`), pageAt(`/ja/tutorials/${id}/`)]
    const { cells } = parseNotebook(readFileSync(`notebooks/${id}.ipynb`, "utf8"))
    for (const { id: cell, cell_type } of cells.filter((one) => !hasTag(one, "remove-cell"))) {
      const [here, there] = [english.getElementById(cell), japanese.getElementById(cell)]
      const texts = (place: Element | null): (string | null)[] =>
        [...(place?.querySelectorAll(".expressive-code code, .pw-output, .pw-figure") ?? [])].map(
          (node) => node.innerHTML,
        )
      expect(texts(there), cell).toEqual(texts(here))
      if (cell_type === "markdown" && here?.textContent?.trim() !== "") {
        expect(there?.textContent, cell).toMatch(JAPANESE)
        expect(there?.textContent, cell).not.toBe(here?.textContent)
      }
    }
    const data = (document: Document): string | undefined =>
      document.querySelector("[data-cells]")?.getAttribute("data-cells") ?? undefined
    expect(data(japanese)).toBe(data(english))
    expect(data(japanese)).toBe(`/tutorials/${id}.cells.json`)
  })

  test.each(["/", ...TUTORIALS.map((id) => `/tutorials/${id}/`), ...GUIDES])(
    "/ja%s: every name and button is Japanese",
    (path) => {
      const document = pageAt(`/ja${path}`)
      const published = ":is(.pw-figure, .pw-output) *, [data-command]"
      const names = [...document.querySelectorAll("[aria-label], button, summary, starlight-select label, nav a")]
        .filter((node) => !node.matches(published) && node.closest("svg") === null)
        .map((node) => node.getAttribute("aria-label") ?? node.textContent?.trim() ?? "")
        // A cell's own name, and what has the same name everywhere.
        .filter((name) => name !== "" && !/^(?:#[\w-]+|Ctrl-C|podwire)$/.test(name))
      expect(names.length).toBeGreaterThan(5)
      expect([...new Set(names)].filter((name) => !JAPANESE.test(name))).toEqual([])
    },
  )
})

withSiteInChromium("the Japanese pages at work", () => {
  const site = visitor()

  test("the switch keeps the place and the edits in the address", async () => {
    const page = await site.open("/tutorials/02-a-policy-nobody-reads/#hooks", {
      viewport: { width: 1300, height: 800 },
    })
    await page.locator("header starlight-lang-select select").selectOption({ label: "日本語" })
    await page.waitForURL("**/ja/tutorials/02-a-policy-nobody-reads/#hooks")
    expect(await page.textContent("h1")).toBe("誰も読まないポリシー")
    await page.context().close()
  })

  test("cells give the published outputs, and the page says so in Japanese", async () => {
    const page = await site.open("/ja/tutorials/02-a-policy-nobody-reads/")
    await page.click('[data-do="run-all"]')
    const status = page.locator('.pw-bar [role="status"]')
    await expect.poll(() => status.textContent()).toMatch(/^\d+個のセルすべての出力が、公開時の出力と/)
    const states = await page.locator(".pw-state").allTextContents()
    expect(new Set(states)).toEqual(new Set(["公開時の出力と同じ"]))
    const cell = page.locator(".pw-cell").first()
    await cell.locator('[data-do="edit"]').click()
    const editor = cell.locator(".cm-content")
    expect(await editor.getAttribute("aria-label")).toMatch(/^セル [\w-]+ のコード$/)
    await editor.fill("console.log('別の出力')")
    await page.keyboard.press("Shift+Enter")
    await expect.poll(() => cell.locator(".pw-state").textContent()).toBe("実行済み")
    expect(await cell.locator(".pw-output").getAttribute("aria-label")).toMatch(/^セル [\w-]+ の出力$/)
    await page.context().close()
  })

  test("the shell says its end in Japanese", async () => {
    const page = await site.open("/ja/")
    await page.click("[data-start]")
    await expect.poll(() => page.textContent(".pw-prompt")).toMatch(/# $/)
    await page.fill(".pw-terminal input", "exit 3")
    await page.keyboard.press("Enter")
    await expect.poll(() => page.textContent('[role="log"]')).toContain("シェルが終了コード 3 で終了しました。")
    await page.context().close()
  })

  test("search finds Japanese pages, and says what it found", async () => {
    const page = await site.open("/ja/")
    await page.keyboard.press("Control+k")
    // At once: a search for the first letters might be answered first.
    await page.keyboard.insertText("カプセル化")
    const first = page.locator("pw-search ol a").first()
    await first.waitFor()
    expect(await page.textContent("pw-search [role=status]")).toMatch(/^\d+件$/)
    expect(await first.getAttribute("href")).toMatch(/^\/ja\//)
    await page.context().close()
  })
})
