/** Every page of the site, as a visitor finds it: no accessibility violation, no error, nothing wider than a phone, little to download. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { BUILD, sitePaths, visitor, withSiteInChromium } from "./browser.ts"
import { violations } from "./violations.ts"

/** What reading a page may cost in JavaScript, compressed. */
const SCRIPT_BUDGET = 30_000

/** What depends on colours, and what depends on room: the other rules say the same everywhere. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"]
const ROOM_RULES = ["scrollable-region-focusable", "target-size", "color-contrast"]

/** All of the site's, but of those that show an English text for want of another only the first: they are the English pages again. */
function pages(): string[] {
  const [first, ...others] = sitePaths().filter(isBorrowed)
  return sitePaths().filter((path) => path === first || !others.includes(path))
}

function isBorrowed(path: string): boolean {
  const html = path.endsWith("/") ? readFileSync(join(BUILD, path, "index.html"), "utf8") : ""
  return /<html lang="(\w+)"/.exec(html)?.[1] !== /<main[^>]* lang="(\w+)"/.exec(html)?.[1]
}

withSiteInChromium("every page", () => {
  const site = visitor()

  test("there are pages, in both languages", () => {
    expect(pages().length).toBeGreaterThan(20)
    expect(pages()).toContain("/tutorials/01-a-packet-between-pods/")
    expect(pages()).toContain("/ja/tutorials/01-a-packet-between-pods/")
    expect(sitePaths().filter(isBorrowed).length).toBeGreaterThan(0)
    expect(pages().filter(isBorrowed).length).toBe(1)
  })

  for (const path of pages()) {
    for (const colorScheme of ["light", "dark"] as const)
      test(`${path} in ${colorScheme} colours has no accessibility violation`, async () => {
        const page = await site.open(path, { colorScheme })
        expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe(colorScheme)
        expect(await violations(page, colorScheme === "light" ? undefined : COLOUR_RULES)).toEqual([])
        await page.context().close()
      })

    test(`${path} fits a phone`, async () => {
      const page = await site.open(path, { viewport: { width: 360, height: 740 } })
      expect(await tooWide(page)).toEqual([])
      // More has to scroll here, and what scrolls must be reachable.
      expect(await violations(page, ROOM_RULES)).toEqual([])
      await page.context().close()
    })

    for (const width of [360, 1280])
      test(`${path} stays where it is while fonts arrive, at ${width} pixels`, async () => {
        const page = await site.blank({ viewport: { width, height: 800 } })
        await page.addInitScript(watchShifts)
        await page.route("**/*.woff2", async (route) => {
          await new Promise((done) => setTimeout(done, 300))
          await route.continue()
        })
        await page.goto(site.origin + path, { waitUntil: "networkidle" })
        await page.evaluate(() => document.fonts.ready)
        expect(await page.evaluate(() => (window as { shifted?: number }).shifted)).toBeLessThan(0.01)
        await page.context().close()
      })

    test(`${path} loads without an error, with at most ${SCRIPT_BUDGET} bytes of script`, async () => {
      const { troubles, script, page } = await watched(path)
      expect(troubles).toEqual([])
      expect(script).toBeGreaterThan(1000)
      expect(script).toBeLessThanOrEqual(SCRIPT_BUDGET)
      await page.context().close()
    })
  }

  /** Opens a page listening from the first byte: what went wrong, and what its scripts, the inline ones too, take compressed. */
  async function watched(path: string): Promise<{ troubles: string[]; script: number; page: Page }> {
    const page = await site.blank()
    const troubles: string[] = []
    const scripts: Promise<Buffer>[] = []
    page.on("console", (message) => {
      if (message.text() === "Service Worker registration blocked by Playwright") return
      if (["error", "warning"].includes(message.type())) troubles.push(`${message.type()}: ${message.text()}`)
    })
    page.on("pageerror", (error) => troubles.push(String(error)))
    page.on("requestfailed", (request) => troubles.push(`failed: ${request.url()}`))
    page.on("response", (response) => {
      if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`)
      if (response.request().resourceType() === "script") scripts.push(response.body())
    })
    await page.goto(site.origin + path, { waitUntil: "networkidle" })
    const inline = await page.evaluate(() => [...document.scripts].map((script) => script.textContent))
    const sizes = [...(await Promise.all(scripts)), ...inline].map((text) => gzipSync(text).length)
    return { troubles, script: sizes.reduce((sum, size) => sum + size, 0), page }
  }
})

/** Runs in the page, before anything else: sums how far things move by themselves. */
function watchShifts(): void {
  const sum = window as { shifted?: number }
  sum.shifted = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      sum.shifted = (sum.shifted ?? 0) + (entry as unknown as { value: number }).value
  }).observe({ type: "layout-shift", buffered: true })
}

/** What sticks out of the window to the right, outside of boxes that scroll by themselves. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth
    if (wide <= window.innerWidth) return []
    const out = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > window.innerWidth,
    )
    return [`${wide}px in ${window.innerWidth}px`, ...out.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))]
  })
}
