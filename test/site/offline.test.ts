/** What was visited once works without a network: pages, cells, the shell, the search. A changed site is taken at the next visit. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import type { Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { createStaticServer, listen } from "../../src/node/serve-static.ts"
import { siteBelow } from "./below.ts"
import { BUILD, launch, sitePaths, withSiteInChromium } from "./browser.ts"

/** In bytes, compressed: what a visit fetches for later. */
const BUDGET = 4_000_000

let browser: Browser
let context: BrowserContext
let server: Server | undefined

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
afterEach(async () => {
  await context.close()
  hangUp()
})

/** Serves the folder to a new reader. */
async function visit(folder: string, base = "/", port = 4350): Promise<string> {
  context = await browser.newContext()
  server = createStaticServer(folder, { base })
  return `http://127.0.0.1:${await listen(server, port, () => undefined)}`
}

/** The network is gone, for pages and workers. */
async function unplug(): Promise<void> {
  await context.setOffline(true)
  hangUp()
}

function hangUp(): void {
  server?.close()
  server?.closeAllConnections()
  server = undefined
}

/** Opens a page and waits until the site has been fetched for later. */
async function visited(address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  return page
}

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

async function runFirstCell(page: Page): Promise<void> {
  const cell = page.locator(".pw-cell").first()
  await cell.locator('[data-do="run"]').click()
  await page.waitForSelector(`#${await cell.getAttribute("id")}[data-state="same"]`, { timeout: 30_000 })
}

async function search(page: Page, text: string): Promise<string[]> {
  await page.click("pw-search > button")
  await page.fill('pw-search input[type="search"]', text)
  await page.waitForSelector("pw-search ol a")
  return page.locator("pw-search ol a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""))
}

withSiteInChromium("without a network", () => {
  test("pages, cells, editor, shell and search work", async () => {
    const origin = await visit(BUILD)
    const page = await visited(`${origin}/tutorials/01-a-packet-between-pods/`)
    await unplug()
    await page.reload()
    expect(await page.textContent("h1")).toBe("A packet between pods")
    expect(await page.evaluate(() => document.fonts.check('16px "Inter Variable"'))).toBe(true)
    await runFirstCell(page)
    await page.locator('[data-do="edit"]').first().click()
    await page.waitForSelector(".cm-content")
    await page.click("[data-start]")
    await page.waitForFunction(() => /# $/.test(document.querySelector(".pw-prompt")?.textContent ?? ""))
    await page.click('a[href="/tutorials/04-a-policy-that-bites/"]')
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
    await context.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }))
    const page = await context.newPage()
    await page.goto(`${origin}/`, { waitUntil: "networkidle" })
    // What would have been asked to register is asked after this.
    await page.evaluate(() => new Promise((done) => requestIdleCallback(done)))
    expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0)
  })
})

withSiteInChromium("a changed site", () => {
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
    server?.on("request", (request) => asked.push(request.url ?? ""))
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

withSiteInChromium("below a base path, without a network", () => {
  const folder = siteBelow("/podwire/")

  test("pages, cells and search work", async () => {
    const origin = await visit(folder, "/podwire/")
    const page = await visited(`${origin}/podwire/tutorials/02-a-policy-nobody-reads/`)
    expect(await page.evaluate(async () => (await caches.keys())[0])).toContain(`podwire ${origin}/podwire/ `)
    await unplug()
    await page.reload()
    await runFirstCell(page)
    const [found = ""] = await search(page, "flannel")
    expect(found).toMatch(/^\/podwire\//)
    await page.click("pw-search ol a")
    await page.waitForURL(`${origin}${found}`)
  })
})
