/** Readers who visit a site, and then have no network. */
import type { Server } from "node:http"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll } from "vitest"
import { createStaticServer, listen } from "../../src/node/serve-static.ts"
import { launch, reader } from "./browser.ts"

export interface Unpluggable {
  /** The reader of this test. */
  readonly context: BrowserContext
  readonly server: Server
  /** Serves the folder to a new reader; the address without a slash. */
  visit(folder: string, base?: string): Promise<string>
  /** Opens a page and waits until the site has been fetched for later. */
  visited(address: string): Promise<Page>
  /** The network is gone, for pages and workers. */
  unplug(): Promise<void>
}

/** Starts a browser around the tests of the describe it is called in. */
export function unpluggable(): Unpluggable {
  let browser: Browser
  let context: BrowserContext | undefined
  let server: Server | undefined
  const hangUp = (): void => {
    server?.close()
    server?.closeAllConnections()
    server = undefined
  }
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    await context?.close()
    hangUp()
  })
  const given = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error("nobody visits a site now: visit() begins it")
    return thing
  }
  return {
    get context() {
      return given(context)
    },
    get server() {
      return given(server)
    },
    async visit(folder, base = "/") {
      context = await reader(browser)
      server = createStaticServer(folder, { base })
      return `http://127.0.0.1:${await listen(server, 4350, () => undefined)}`
    },
    async visited(address) {
      const page = await given(context).newPage()
      await page.goto(address)
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
      return page
    },
    async unplug() {
      await given(context).setOffline(true)
      hangUp()
    },
  }
}

export async function runFirstCell(page: Page): Promise<void> {
  const cell = page.locator(".pw-cell").first()
  await cell.locator('[data-do="run"]').click()
  await page.waitForSelector(`#${await cell.getAttribute("id")}[data-state="same"]`)
}

/** Where the results of a search lead. */
export async function search(page: Page, text: string): Promise<string[]> {
  await page.click("pw-search > button")
  await page.fill('pw-search input[type="search"]', text)
  await page.waitForSelector("pw-search ol a")
  return page.locator("pw-search ol a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""))
}
