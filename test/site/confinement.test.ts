/** Cells have no network: neither what is there for it, nor what determined code finds. The policy and what is taken away are tried apart. */
import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { visitor, withSiteInChromium } from "./browser.ts"
import { AWAY_PATHS, FIND_REACHING, HOME_PATHS, tryAll } from "./ways-out.ts"

const TUTORIAL = "/tutorials/02-a-policy-nobody-reads/"

withSiteInChromium("cells", () => {
  const site = visitor()
  /** Another machine, which answers everybody. */
  let elsewhere: Server
  let away = ""
  const asked: string[] = []
  beforeAll(async () => {
    elsewhere = createServer(({ url = "" }, response) => {
      asked.push(url)
      const type = url === "/json" ? "application/json" : "text/javascript"
      response.writeHead(200, { "access-control-allow-origin": "*", "content-type": type }).end("1")
    })
    elsewhere.on("upgrade", ({ url = "" }, socket) => {
      asked.push(url)
      socket.destroy()
    })
    await new Promise<void>((done) => elsewhere.listen(0, "127.0.0.1", done))
    away = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  })
  beforeEach(() => {
    asked.length = 0
  })
  afterAll(() => {
    elsewhere.close()
    elsewhere.closeAllConnections()
  })

  /** What the site answered to those who tried. */
  function answered(page: Page): string[] {
    const paths: string[] = []
    page.context().on("response", (response) => {
      const { pathname, search } = new URL(response.url())
      if (search !== "") paths.push(pathname + search)
    })
    return paths
  }

  /** A page whose first cell is this. */
  async function ran(text: string): Promise<Page> {
    const page = await site.open(TUTORIAL)
    const cell = page.locator(".pw-cell").first()
    await cell.locator('[data-do="edit"]').click()
    await cell.locator(".cm-content").fill(text)
    await cell.locator('[data-do="run"]').click()
    await page.waitForSelector(`#${await cell.getAttribute("id")}:is([data-state="ran"], [data-state="failed"])`)
    return page
  }
  const printed = (page: Page): Promise<string | null> => page.locator(".pw-outputs").first().textContent()

  test("a Worker under the kernel's policy that has everything asks nobody, and of the site only for modules", async () => {
    const page = await ran("1")
    const fromSite = answered(page)
    const end = await page.evaluate(
      (text) => {
        const frame = document.querySelector("iframe")?.contentWindow as Window & typeof globalThis
        const { Blob, URL, Worker } = frame
        return new Promise((done) => {
          new Worker(URL.createObjectURL(new Blob([text]))).onmessage = ({ data }) => done(data)
        })
      },
      tryAll(away, site.origin),
    )
    expect(end).toBe("tried")
    expect(asked).toEqual([])
    await expect.poll(() => fromSite).toEqual(["/favicon.svg?module"])
    await page.context().close()
  })

  test("without the policy, all of them are asked", async () => {
    const page = await site.blank()
    await page.goto(`${site.origin}/favicon.svg`)
    const fromSite = answered(page)
    const end = await page.evaluate(
      (text) =>
        new Promise((done) => {
          new Worker(URL.createObjectURL(new Blob([text]))).onmessage = ({ data }) => done(data)
        }),
      tryAll(away, site.origin),
    )
    expect(end).toBe("tried")
    expect(asked).toEqual(AWAY_PATHS)
    await expect.poll(() => fromSite).toEqual(HOME_PATHS)
    await page.context().close()
  })

  test("code that imports from elsewhere, however it comes to it, is refused", async () => {
    const page = await ran(`
const [importer, inner] = [new Function("u", "return import(u)"), (0, eval)("(u) => import(u)")]
const addresses = ["${away}/a.js", "data:text/javascript,1", URL.createObjectURL(new Blob(["1"], { type: "text/javascript" }))]
for (const ask of [importer, inner])
  for (const address of addresses) console.log(await ask(address).then(() => "imported", (error: Error) => error.name))`)
    expect(await printed(page)).toBe("TypeError\n".repeat(6).trimEnd())
    expect(asked).toEqual([])
    await page.context().close()
  })

  test("nothing that reaches the network, storage, other pages or devices can be found from a cell", async () => {
    const page = await ran(`
import * as podwire from "podwire"
import * as tslab from "tslab"
const { found, seen } = new Function(${JSON.stringify(`${FIND_REACHING}; return find`)})()([globalThis, podwire, tslab])
console.log(found.join(" "), seen > 1000)`)
    expect(await printed(page)).toBe(" true")
    // The same search in a Worker as browsers make it finds them.
    const open = await site.blank()
    await open.goto(`${site.origin}/favicon.svg`)
    const { found } = await open.evaluate(
      (text) =>
        new Promise<{ found: string[] }>((done) => {
          const worker = new Worker(URL.createObjectURL(new Blob([`${text}; postMessage(find([globalThis]))`])))
          worker.onmessage = ({ data }) => done(data)
        }),
      FIND_REACHING,
    )
    for (const name of ["fetch", "IDBFactory", "BroadcastChannel", "WorkerNavigator", "Worker", "importScripts"])
      expect(found).toContain(name)
    await page.context().close()
    await open.context().close()
  })

  test("what the editor knows of the global names is there", async () => {
    const declared = readFileSync("site/types/globals.d.ts", "utf8")
    const names = [...declared.matchAll(/^declare (?:var|function|class) (\w+)/gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(15)
    const page = await ran(`console.log(${JSON.stringify(names)}.filter((name) => !(name in globalThis)).join())`)
    expect(await printed(page)).toBe("")
    await page.context().close()
  })
})
