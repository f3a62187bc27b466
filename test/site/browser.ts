/** Chromium on the built site: one browser and one server a file, a fresh context a page. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll } from "vitest"
import { createStaticServer, listen } from "../../src/node/serve-static.ts"
import { needs } from "../support/needs.ts"
import { PATIENCE } from "../support/patience.ts"

export const BUILD = resolve("build")
const CHROMIUM = "/usr/bin/chromium"
/** No background traffic: this browser talks to the test's server only. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

export const withSite = needs({ "a built site (npm run site)": existsSync(join(BUILD, "index.html")) })
export const withChromium = needs({ chromium: existsSync(CHROMIUM) })
export const withSiteInChromium = needs({
  chromium: existsSync(CHROMIUM),
  "a built site (npm run site)": existsSync(join(BUILD, "index.html")),
})

/** The pages the site says it has, as paths, and the one for those it has not. */
export function sitePaths(): string[] {
  if (!existsSync(join(BUILD, "sitemap-0.xml"))) return []
  const map = readFileSync(join(BUILD, "sitemap-0.xml"), "utf8")
  const listed = [...map.matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, url]) => new URL(url ?? "").pathname)
  return [...listed, "/404.html"]
}

export const launch = (...args: string[]): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, ...args], timeout: PATIENCE })

/** A new reader: whatever is waited for on their pages is waited for patiently. */
export async function reader(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE)
  return context
}

export interface Visitor {
  /** `http://127.0.0.1:PORT`, without a slash. */
  readonly origin: string
  open(path: string, options?: BrowserContextOptions): Promise<Page>
  /** A page that has not gone anywhere yet. */
  blank(options?: BrowserContextOptions): Promise<Page>
}

/** Starts server and browser around the tests of the describe it is called in. */
export function visitor(folder: string = BUILD): Visitor {
  const server = createStaticServer(folder)
  let browser: Browser
  let origin = ""
  beforeAll(async () => {
    origin = `http://127.0.0.1:${await listen(server, 4350, () => undefined)}`
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })
  // Each visitor would fetch the whole site for later: a test of its own does.
  const blank = async (options: BrowserContextOptions = {}): Promise<Page> =>
    (await reader(browser, { serviceWorkers: "block", ...options })).newPage()
  return {
    get origin() {
      return origin
    },
    blank,
    async open(path, options) {
      const page = await blank(options)
      await page.goto(origin + path, { waitUntil: "load" })
      return page
    },
  }
}
