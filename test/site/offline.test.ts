/** What was visited once works without a network: pages, cells, the shell, the search. A changed site is taken at the next visit. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { BUILD, sitePaths, withSiteInChromium } from "./browser.ts"
import { runFirstCell, search, unpluggable } from "./unplugged.ts"

/** In bytes, compressed: what a visit fetches for later. */
const BUDGET = 4_000_000

/** Cached addresses and what they weigh compressed; one cache there must be. */
const cached = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    const names = await caches.keys()
    if (names.length !== 1) throw new Error(`${names.length} caches: ${names.join(", ")}`)
    const cache = await caches.open(names[0] as string)
    const entries = await Promise.all(
      (await cache.keys()).map(async (request) => {
        const body = await (await cache.match(request))?.arrayBuffer()
        return [new URL(request.url).pathname, body?.byteLength ?? 0]
      }),
    )
    return Object.fromEntries(entries)
  })

withSiteInChromium("without a network", () => {
  const reading = unpluggable()
  const { visit, visited, unplug } = reading

  test("pages, cells, editor, shell and search work", async () => {
    const origin = await visit(BUILD)
    const page = await visited(`${origin}/tutorials/01-a-packet-between-pods/`)
    await unplug()
    await page.reload()
    expect(await page.textContent("h1")).toBe("A packet between pods")
    expect(
      await page.evaluate(async () => {
        await document.fonts.ready
        return document.fonts.check('16px "Inter Variable"')
      }),
    ).toBe(true)
    await runFirstCell(page)
    await page.locator('[data-do="edit"]').first().click()
    await page.waitForSelector(".cm-content")
    await page.click("[data-start]")
    await page.waitForFunction(() => /# $/.test(document.querySelector(".pw-prompt")?.textContent ?? ""))
    await page.click('a[href="/tutorials/04-a-policy-that-bites/"]')
    await page.waitForURL(`${origin}/tutorials/04-a-policy-that-bites/`)
    expect(await page.textContent("h1")).toBe("A policy that bites")
    await runFirstCell(page)
    expect((await search(page, "flannel")).length).toBeGreaterThan(3)
    const missing = await page.goto(`${origin}/nowhere/`)
    expect(missing?.status()).toBe(404)
    expect(await page.textContent("h1")).toBe("No route to this page")
    await page.goto(`${origin}/guides/terminal/?from=mail`)
    expect(await page.textContent("h1")).toBe("At the terminal")
  })

  test("every page is there, and no more is fetched than the budget", async () => {
    const origin = await visit(BUILD)
    const page = await visited(`${origin}/`)
    const files = await cached(page)
    for (const path of sitePaths()) expect(Object.keys(files)).toContain(path)
    const fileOf = (path: string): string => join(BUILD, path.endsWith("/") ? `${path}index.html` : path)
    let weight = 0
    for (const [path, length] of Object.entries(files)) {
      const content = readFileSync(fileOf(path))
      expect(length, path).toBe(content.length)
      weight += gzipSync(content).length
    }
    expect(weight).toBeGreaterThan(1_000_000)
    expect(weight).toBeLessThanOrEqual(BUDGET)
  })

  test("who saves data fetches nothing", async () => {
    const origin = await visit(BUILD)
    await reading.context.addInitScript(() =>
      Object.defineProperty(navigator, "connection", { value: { saveData: true } }),
    )
    const page = await reading.context.newPage()
    await page.goto(`${origin}/`, { waitUntil: "networkidle" })
    // What would have been asked to register is asked after this.
    await page.evaluate(() => new Promise((done) => requestIdleCallback(done)))
    expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0)
  })
})

withSiteInChromium("a changed site", () => {
  const reading = unpluggable()
  const { visit, visited, unplug } = reading
  const folder = mkdtempSync(join(tmpdir(), "podwire-offline-"))
  beforeAll(() => cpSync(BUILD, folder, { recursive: true }))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const change = (file: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(join(folder, file), "utf8")
    expect(text).toMatch(from)
    writeFileSync(join(folder, file), text.replace(from, to))
  }

  test("shows at once, and is there for later from the next visit on; what did not change is not fetched again", async () => {
    const origin = await visit(folder)
    const page = await visited(`${origin}/guides/terminal/`)
    change("guides/terminal/index.html", /At the terminal<\/h1>/, "Changed</h1>")
    change("service-worker.js", /"[0-9a-f]{16}"/, '"0123456789abcdef"')
    const asked: string[] = []
    reading.server.on("request", (request) => asked.push(request.url ?? ""))
    await page.reload()
    expect(await page.textContent("h1")).toBe("Changed")
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      while (registration.waiting === null) await new Promise((done) => setTimeout(done, 20))
    })
    expect(asked).toContain("/internals/limits/")
    expect(asked.filter((path) => path.startsWith("/_astro/"))).toEqual([])
    // While a page of the old site is open, its files stay.
    expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(2)
    await page.close()
    // The old one ends when nobody is left that it serves; who comes before that is served by it once more.
    await expect.poll(() => reading.context.serviceWorkers().length).toBe(1)
    const next = await visited(`${origin}/`)
    await next.evaluate(async () => {
      while ((await caches.keys()).length > 1) await new Promise((done) => setTimeout(done, 20))
    })
    expect(await next.evaluate(async () => (await caches.keys())[0])).toBe(`podwire ${origin}/ 0123456789abcdef`)
    await unplug()
    await next.goto(`${origin}/guides/terminal/`)
    expect(await next.textContent("h1")).toBe("Changed")
  })
})
