/** The kernel's frame: nobody sees it, it comes once, late or not at all, and every press of Stop or Run meanwhile is answered. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { KERNEL_POLICY } from "../../site/kernel/policy.ts"
import { BUILD, sitePaths, visitor, withSite, withSiteInChromium } from "./browser.ts"
import { violations } from "./violations.ts"

const TUTORIAL = "/tutorials/02-a-policy-nobody-reads/"

const cellIds = (page: Page): Promise<string[]> =>
  page.locator(".pw-cell").evaluateAll((cells) => cells.map(({ id }) => id))
const press = (page: Page, cell: string, what: string): Promise<void> => page.click(`#${cell} [data-do="${what}"]`)
const settled = (page: Page, cell: string, state: string): Promise<unknown> =>
  page.waitForSelector(`#${cell}[data-state="${state}"]`)
const said = (page: Page, text: string): Promise<unknown> =>
  page.locator('.pw-bar [role="status"]').getByText(text).waitFor()

withSite("the page in the frame", () => {
  const html = readFileSync(join(BUILD, "kernel/index.html"), "utf8")

  test("has its policy, and no script", () => {
    expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="${KERNEL_POLICY}">`)
    expect(html.match(/http-equiv/g)).toHaveLength(1)
    expect(html).not.toContain("<script")
  })

  test("is nobody's to find", () => {
    expect(html).toContain('<meta name="robots" content="noindex">')
    expect(sitePaths().filter((path) => path.includes("kernel"))).toEqual([])
    expect(readFileSync(join(BUILD, "llms.txt"), "utf8")).not.toContain("/kernel/")
    const fragments = join(BUILD, "pagefind/fragment")
    const indexed = readdirSync(fragments).map((name) => gunzipSync(readFileSync(join(fragments, name))).toString())
    expect(indexed.some((text) => text.includes(`"url":"${TUTORIAL}"`))).toBe(true)
    expect(indexed.some((text) => text.includes('"url":"/kernel/"'))).toBe(false)
  })
})

withSiteInChromium("the kernel's frame", () => {
  const site = visitor()

  test("comes once, leaves no trace in history, focus, console or accessibility", async () => {
    const page = await site.open(TUTORIAL)
    const [first = ""] = await cellIds(page)
    const [troubles, asked] = [[] as string[], [] as string[]]
    page.on("console", (message) => {
      if (message.text() !== "Service Worker registration blocked by Playwright") troubles.push(message.text())
    })
    page.on("pageerror", (error) => troubles.push(error.message))
    page.on("request", (request) => asked.push(new URL(request.url()).pathname))
    expect(page.frames().length).toBe(1)
    const entries = await page.evaluate(() => history.length)
    for (let i = 0; i < 3; i++) {
      await press(page, first, "run")
      await settled(page, first, "same")
    }
    expect(page.frames().length).toBe(2)
    expect(await page.locator("iframe").isVisible()).toBe(false)
    expect(asked.filter((path) => path === "/kernel/")).toHaveLength(1)
    expect(await page.evaluate(() => history.length)).toBe(entries)
    expect(await violations(page)).toEqual([])
    expect(troubles).toEqual([])
    // It is last in the page: from what is last before it, Tab leaves the page, and comes to its beginning.
    await page.locator("a[href], button, input").last().focus()
    const visited: string[] = []
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press("Tab")
      visited.push(await page.evaluate(() => document.activeElement?.tagName ?? ""))
    }
    expect(visited.length).toBe(4)
    expect(visited).not.toContain("IFRAME")
    await page.context().close()
  })

  test("that is slow to come is waited for, can be stopped, and is asked for in order", async () => {
    const page = await site.open(TUTORIAL)
    const [first = "", second = "", third = ""] = await cellIds(page)
    let release = (): void => undefined
    const held = new Promise<void>((done) => (release = done))
    await page.context().route("**/kernel/", async (route) => {
      await held
      await route.continue().catch(() => undefined)
    })
    await press(page, third, "run")
    await settled(page, first, "running")
    await settled(page, third, "waiting")
    await page.click('[data-do="stop"]')
    await settled(page, third, "stopped")
    await press(page, second, "run")
    await settled(page, first, "running")
    release()
    await settled(page, second, "same")
    expect(await page.getAttribute(`#${third}`, "data-state")).toBe("stopped")
    expect(page.frames().length).toBe(2)
    await page.context().close()
  })

  test.each([
    ["a page without a policy", { status: 200, contentType: "text/html", body: "<!doctype html><title>hello</title>" }],
    ["nothing", undefined],
  ])("where %s comes instead, nothing runs, and the reader is told; the next press asks again", async (_, instead) => {
    const page = await site.open(TUTORIAL)
    const [first = ""] = await cellIds(page)
    await page
      .context()
      .route("**/kernel/", (route) => (instead === undefined ? route.abort() : route.fulfill(instead)))
    await press(page, first, "run")
    await settled(page, first, "stopped")
    await said(page, `the kernel ended: ${site.origin}/kernel/ did not come`)
    await expect.poll(() => [page.frames().length, page.workers().length]).toEqual([1, 0])
    await page.context().unroute("**/kernel/")
    await press(page, first, "run")
    await settled(page, first, "same")
    await page.context().close()
  })

  test("a kernel that cannot be loaded, and one that breaks, are told of; the next press begins anew", async () => {
    const page = await site.open(TUTORIAL)
    const [first = "", second = ""] = await cellIds(page)
    await page.context().route(/\/worker-[^/]*\.js$/, (route) => route.abort())
    await press(page, first, "run")
    await settled(page, first, "stopped")
    await said(page, "the kernel ended: ")
    await page.context().unroute(/\/worker-[^/]*\.js$/)
    await press(page, first, "edit")
    await page.locator(`#${first} .cm-content`).fill("const shared = { n: 1 }")
    await press(page, first, "run")
    await settled(page, first, "ran")
    // As a timer of a cell's does that throws when the cell is over.
    await page
      .workers()
      .at(-1)
      ?.evaluate(() => {
        setTimeout(() => {
          throw new Error("late")
        }, 0)
      })
    await said(page, "the kernel ended: Uncaught Error: late")
    await press(page, second, "edit")
    await page.locator(`#${second} .cm-content`).fill("shared.n + 1")
    await press(page, second, "run")
    await settled(page, second, "ran")
    expect(await page.textContent(`#${second} .pw-outputs`)).toBe("2")
    await page.context().close()
  })
})
