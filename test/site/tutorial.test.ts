/** A notebook's page: complete without scripts, linkable to the cell, and its code and file can be taken along. */
import { readdirSync, readFileSync } from "node:fs"
import { parseHTML } from "linkedom"
import type { Locator } from "playwright-core"
import { expect, test } from "vitest"
import { errorText } from "../../src/notebook/error-text.ts"
import { hasTag, type Output, parseNotebook } from "../../src/notebook/ipynb.ts"
import { BUILD, visitor, withSiteInChromium } from "./browser.ts"

const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"))

withSiteInChromium("tutorials", () => {
  const site = visitor()

  test("there are tutorials", () => expect(names.length).toBeGreaterThan(0))

  for (const name of names) {
    const id = name.replace(/\.ipynb$/, "")
    const path = `/tutorials/${id}/`
    const text = readFileSync(`notebooks/${name}`, "utf8")
    const cells = parseNotebook(text).cells.filter((cell) => !hasTag(cell, "remove-cell"))
    const code = cells.filter((cell) => cell.cell_type === "code")

    test(`${id}: everything is in the page without scripts`, async () => {
      const page = await site.open(path, { javaScriptEnabled: false })
      for (const cell of code) {
        const shown = page.locator(`[id="${cell.id}"]`)
        expect(lettersOf(await textIn(shown.locator(".expressive-code pre").first()))).toBe(lettersOf(cell.source))
        const outputs = shown.locator(":scope .pw-output, :scope .pw-figure")
        const printed = cell.outputs.filter((output) => expectedText(output).trim() !== "")
        expect(await outputs.count(), cell.id).toBe(printed.length)
        for (const [i, output] of printed.entries())
          expect(lettersOf((await outputs.nth(i).textContent()) ?? "")).toBe(lettersOf(expectedText(output)))
      }
      await page.context().close()
    })

    test(`${id}: the text is all there too`, () => {
      const { document } = parseHTML(readFileSync(`${BUILD}${path}index.html`, "utf8"))
      for (const cell of cells.filter((one) => one.cell_type === "markdown")) {
        // Markup is not text, and neither is where a link leads: words are.
        const words = cell.source.replace(/\]\([^)]*\)/g, "]").match(/[A-Za-z]{4,}/g) ?? []
        const shown = `${document.querySelector("h1")?.textContent} ${document.getElementById(cell.id)?.textContent}`
        for (const word of words) expect(shown, cell.id).toContain(word)
      }
    })

    test(`${id}: each cell is an address`, async () => {
      const page = await site.open(`${path}#${code.at(-1)?.id}`, { viewport: { width: 1000, height: 800 } })
      for (const cell of [...code].reverse()) {
        await page.goto(`${site.origin}${path}#${cell.id}`)
        const place = page.locator(`[id="${cell.id}"]`)
        // Below the bar at the top; a cell near the end cannot come up that far. A browser scrolls with its next frame.
        await expect.poll(() => place.evaluate(whereItStands), { message: cell.id }).toBe("at the top")
        expect(await place.locator(`a[href="#${cell.id}"]`).count()).toBe(1)
      }
      await page.context().close()
    })

    test(`${id}: the copy button copies the cell, and says so`, async () => {
      const page = await site.open(path, { permissions: ["clipboard-read", "clipboard-write"] })
      for (const cell of code.slice(0, 4)) {
        const block = page.locator(`[id="${cell.id}"] .expressive-code`)
        await block.locator("[aria-live]").evaluate(keepsWhatItSaid)
        await block.hover()
        await block.getByRole("button", { name: /copy/i }).click()
        await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(cell.source.trimEnd())
        await expect.poll(() => block.locator("[aria-live]").getAttribute("data-said")).toMatch(/copied/i)
      }
      await page.context().close()
    })

    test(`${id}: the file to download is the committed one`, async () => {
      const page = await site.open(path)
      const started = page.waitForEvent("download")
      await page.getByRole("link", { name: "Download .ipynb" }).click()
      const download = await started
      expect(download.suggestedFilename()).toBe(name)
      expect(readFileSync(await download.path())).toEqual(readFileSync(`notebooks/${name}`))
      await page.context().close()
    })

    test(`${id}: the keyboard's place is visible everywhere`, async () => {
      const page = await site.open(path)
      const seen = new Set<string>()
      for (let stops = 0; stops < 60; stops++) {
        await page.keyboard.press("Tab")
        await expect.poll(() => page.evaluate(focusMark)).toMatchObject({ visible: true })
        seen.add((await page.evaluate(focusMark)).what)
      }
      // It moves on: no trap.
      expect(seen.size).toBeGreaterThan(50)
      await page.context().close()
    })

    test(`${id}: the headings are in "On this page"`, async () => {
      const page = await site.open(path, { viewport: { width: 1400, height: 900 } })
      const listed = await page.locator("starlight-toc nav a").allInnerTexts()
      const { document } = parseHTML(readFileSync(`${BUILD}${path}index.html`, "utf8"))
      const headings = [...document.querySelectorAll(".pw-prose h2, .pw-prose h3")].map((node) => node.textContent)
      expect(headings.length).toBeGreaterThan(3)
      // The page's own last section has the shell.
      const wanted = [...headings, "Try your own"].map((heading) => lettersOf(heading ?? ""))
      expect(listed.slice(1).map(lettersOf)).toEqual(wanted)
      await page.context().close()
    })

    test(`${id}: "On this page" follows the reader`, async () => {
      const page = await site.open(path, { viewport: { width: 1400, height: 900 } })
      let heading = ""
      for (const cell of cells) {
        // A cell may end one section and begin the next.
        if (cell.cell_type === "markdown") heading = [...cell.source.matchAll(/^## (.*)$/gm)].at(-1)?.[1] ?? heading
        if (cell.cell_type !== "code" || heading === "") continue
        await page.locator(`[id="${cell.id}"]`).evaluate((node) => {
          scrollTo(0, node.getBoundingClientRect().top + scrollY - 120)
        })
        const current = page.locator('starlight-toc nav a[aria-current="true"]')
        await expect.poll(async () => lettersOf(await textIn(current))).toBe(lettersOf(heading))
      }
      await page.context().close()
    })
  }

  test("search finds a place and goes there", async () => {
    const page = await site.open("/")
    await page.keyboard.press("Control+k")
    // At once: a search for the first letters might be answered first.
    await page.keyboard.insertText("neighbours")
    const first = page.locator("pw-search ol a").first()
    await first.waitFor()
    expect(await textIn(page.locator("pw-search [role=status]"))).toMatch(/^\d+ places?$/)
    const target = await first.getAttribute("href")
    const title = await textIn(first.locator("strong"))
    await page.keyboard.press("Enter")
    await page.waitForURL(`**${target}`)
    expect(title).toMatch(new RegExp(`^${await textIn(page.locator("h1"))}: `))
    await page.context().close()
  })
})

/** What an output shows, as text: of a figure the text inside it, without its style sheet. */
function expectedText(output: Output): string {
  if (output.output_type === "stream") return output.text
  if (output.output_type === "error") return errorText(output)
  const html = output.data["text/html"] ?? output.data["image/svg+xml"]
  if (typeof html !== "string") return String(output.data["text/plain"])
  return parseHTML(`<!doctype html><html><body>${html}</body></html>`).document.body.textContent ?? ""
}

const textIn = async (place: Locator): Promise<string> => (await place.textContent()) ?? ""

const lettersOf = (text: string): string => text.replace(/\s+/g, "")

/** Runs in the page, of a cell that an address names. */
function whereItStands(cell: Element): string {
  const { top } = cell.getBoundingClientRect()
  const atEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 2
  return top > 48 && (atEnd || top < 200) ? "at the top" : `${top} below it`
}

/** Runs in the page: what a live region says is gone again after a while. */
function keepsWhatItSaid(region: Element): void {
  const said = (): string => `${region.getAttribute("data-said") ?? ""}${region.textContent}`
  new MutationObserver(() => region.setAttribute("data-said", said())).observe(region, { childList: true })
}

/** What has the focus, and whether one can see that it does. Runs in the page. */
function focusMark(): { what: string; visible: boolean } {
  const element = document.activeElement ?? document.body
  const marked = (pseudo?: string): boolean => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, pseudo)
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none"
  }
  const box = element.getBoundingClientRect()
  const inWindow = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
  const path = `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40)} ${element.getAttribute("href") ?? ""} ${Math.round(box.top + scrollY)}`
  return { what: path, visible: inWindow && (marked() || marked("::after") || marked("::before")) }
}
