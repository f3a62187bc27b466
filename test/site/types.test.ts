/** Types in the page: loaded when a reader writes, and only then; errors before a run, hover, completion, signatures, by keyboard and by hand. */
import { gzipSync } from "node:zlib"
import type { BrowserContextOptions, Page } from "playwright-core"
import { expect, test } from "vitest"
import { visitor, withSiteInChromium } from "./browser.ts"
import { violations } from "./violations.ts"

const TUTORIAL = "/tutorials/02-a-policy-nobody-reads/"
/** In bytes, each file compressed: what the checker loads, TypeScript and the declarations it reads. */
const WEIGHT = 1_250_000
const OF_TYPES = /\/types\.json$|\/service-[\w-]+\.js$/

withSiteInChromium("types in a page", () => {
  const site = visitor()
  let cell = ""

  /** The tutorial with the editor of its second cell open: the first one made `cluster` and `master`. */
  async function editing(text: string, options?: BrowserContextOptions): Promise<Page> {
    const page = await site.open(TUTORIAL, options)
    cell = await page.evaluate(() => document.querySelectorAll(".pw-cell")[1]?.id ?? "")
    await page.click(`#${cell} [data-do="edit"]`)
    await page.locator(`#${cell} .cm-content`).fill(text)
    return page
  }
  const messages = (page: Page): Promise<string[]> => page.locator(`#${cell} .pw-messages button`).allTextContents()
  const counted = (page: Page, text: string): Promise<unknown> =>
    page.locator(`#${cell} .pw-messages [role="status"]`).getByText(text, { exact: true }).waitFor()

  test("an error is underlined before the cell runs, and gone when it is put right", async () => {
    const page = await editing('const a = 1\nawait master.exek("ls")')
    await counted(page, "1 type error")
    expect(await page.locator(`#${cell} .cm-lintRange-error`).allTextContents()).toEqual(["exek"])
    expect(await messages(page)).toEqual(["2:14 Property 'exek' does not exist on type 'NodeHandle'. TS2339"])
    await page.locator(`#${cell} .cm-content`).fill('await master.exec("ls")')
    await counted(page, "no type errors")
    expect(await page.locator(`#${cell} .cm-lintRange-error`).count()).toBe(0)
    await page.context().close()
  })

  test("a cell above that changes changes the messages below", async () => {
    const page = await editing("master.exec")
    await counted(page, "no type errors")
    const first = await page.evaluate(() => document.querySelector(".pw-cell")?.id ?? "")
    await page.click(`#${first} [data-do="edit"]`)
    await page.locator(`#${first} .cm-content`).fill("const master = 5")
    await counted(page, "1 type error")
    expect(await messages(page)).toEqual(["1:8 Property 'exec' does not exist on type '5'. TS2339"])
    await page.click(`#${first} [data-do="reset"]`)
    await counted(page, "no type errors")
    await page.context().close()
  })

  test("hover: what is wrong, what a name is, and its doc comment", async () => {
    const page = await editing('await master.exec("ls")\nmaster.nothing')
    await counted(page, "1 type error")
    await page.hover(`#${cell} .cm-lintRange-error`)
    await page.getByText("Property 'nothing' does not exist on type 'NodeHandle'.", { exact: true }).waitFor()
    await page.mouse.move(1, 1)
    await page.locator(".cm-tooltip-hover").waitFor({ state: "detached" })
    await page.locator(`#${cell} .cm-content`).getByText("exec", { exact: true }).hover()
    const card = page.locator(".cm-tooltip-hover .pw-card")
    await card.waitFor()
    expect(await card.locator("code").first().textContent()).toContain("(method) NodeHandle.exec(command: string")
    expect(await card.locator("p").textContent()).toContain("Runs a command line in bash on the machine")
    await page.context().close()
  })

  test("completion by keyboard, as one types and on Ctrl+Space, with descriptions; then the call's signature", async () => {
    const page = await editing("")
    await counted(page, "no type errors")
    await page.keyboard.type("cluster.")
    const list = page.locator(".cm-tooltip-autocomplete")
    await list.getByText("node", { exact: true }).waitFor()
    await list.getByText("pod", { exact: true }).waitFor()
    await page.keyboard.type("no")
    await page.locator('.cm-tooltip-autocomplete [aria-selected="true"]').getByText("node", { exact: true }).waitFor()
    await page.locator(".cm-completionInfo").getByText("A machine by name.").waitFor()
    await page.keyboard.press("Escape")
    await list.waitFor({ state: "detached" })
    await page.keyboard.press("Control+Space")
    await list.waitFor()
    // A list that has just opened takes no keys yet: they may be meant for the text.
    const chosen = page.locator('.cm-tooltip-autocomplete [aria-selected="true"]')
    const choose = async (key: string, name: string): Promise<void> => {
      while ((await chosen.textContent()) !== name) await page.keyboard.press(key)
    }
    await choose("ArrowDown", "nodes")
    await choose("ArrowUp", "node")
    await page.keyboard.press("Enter")
    expect(await page.textContent(`#${cell} .cm-content`)).toBe("cluster.node")
    await page.keyboard.type("(")
    const signature = page.locator(".pw-card:has(strong)")
    await signature.waitFor()
    expect(await signature.locator("strong").textContent()).toBe("name: string")
    await page.keyboard.type('"k8s-master")')
    await signature.waitFor({ state: "detached" })
    await counted(page, "no type errors")
    await page.context().close()
  })

  test("by keyboard: F8 and Ctrl+Shift+M reach the errors, Ctrl+I says what the name at the cursor is, Escape goes back", async () => {
    const page = await editing("const one: string = 1\nconst two: string = 2")
    await counted(page, "2 type errors")
    await page.keyboard.press("Control+Home")
    await page.keyboard.press("F8")
    await page.keyboard.press("F8")
    await page.keyboard.type("zwei")
    await counted(page, "2 type errors")
    expect(await page.textContent(`#${cell} .cm-content`)).toContain("zwei: string")
    await page.keyboard.press("Control+i")
    await page.locator(".pw-card").getByText("const zwei: string").waitFor()
    await page.keyboard.press("Escape")
    await page.locator(".pw-card").waitFor({ state: "detached" })
    await page.keyboard.press("Control+Shift+M")
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("1:7")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("new")
    expect(await page.textContent(`#${cell} .cm-content`)).toContain("newzwei: string")
    await page.keyboard.press("Control+Shift+M")
    await page.keyboard.press("Escape")
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("cm-content")
    await page.context().close()
  })

  test.each([
    ["light", 360],
    ["dark", 360],
    ["light", 1280],
    ["dark", 1280],
  ] as const)("boxes in %s colours stay within %i pixels, and are accessible", async (colorScheme, width) => {
    const page = await editing("master.nothing\n", { colorScheme, viewport: { width, height: 700 } })
    await counted(page, "1 type error")
    const inside = async (): Promise<void> => {
      // The editor puts a box into its place with its next frame.
      const edges = () =>
        page.evaluate(() =>
          [...document.querySelectorAll(".cm-tooltip")].map((box) => {
            const { left, right } = box.getBoundingClientRect()
            return left >= 0 && right <= innerWidth
          }),
        )
      await expect.poll(edges).toContain(true)
      await expect.poll(edges).not.toContain(false)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    }
    await page.keyboard.press("Control+End")
    await page.keyboard.type("await master.")
    await page.locator(".cm-completionInfo").waitFor()
    await inside()
    expect(await violations(page)).toEqual([])
    await page.keyboard.type("exec(")
    await page.locator(".pw-card strong").waitFor()
    await inside()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test("who only runs cells loads nothing of it, nor who follows a link with edits; who writes loads it within its budget", async () => {
    const page = await site.open(TUTORIAL)
    const loaded: { url: string; body: Promise<Buffer> }[] = []
    page.context().on("response", (response) => {
      if (OF_TYPES.test(new URL(response.url()).pathname)) loaded.push({ url: response.url(), body: response.body() })
    })
    await page.click('[data-do="run-all"]')
    await page.waitForFunction(() => /published outputs/.test(document.querySelector(".pw-bar")?.textContent ?? ""))
    expect(loaded).toEqual([])
    const first = await page.evaluate(() => document.querySelector(".pw-cell")?.id ?? "")
    await page.click(`#${first} [data-do="edit"]`)
    await page.locator(`#${first} .cm-content`).fill("const text: string = 5")
    await page.locator(`#${first} .cm-lintRange-error`).waitFor()
    expect(loaded.length).toBe(2)
    const weights = await Promise.all(loaded.map(async ({ body }) => gzipSync(await body, { level: 9 }).length))
    expect(
      weights.reduce((a, b) => a + b),
      String(weights),
    ).toBeLessThanOrEqual(WEIGHT)
    await page.click('[data-do="share"]')
    await page.waitForFunction(() => location.hash.startsWith("#edits="))
    const { pathname, hash } = new URL(page.url())
    await page.context().close()

    const other = await site.blank()
    const wanted: string[] = []
    other.context().on("request", (request) => {
      if (OF_TYPES.test(new URL(request.url()).pathname)) wanted.push(request.url())
    })
    await other.goto(site.origin + pathname + hash)
    await other.locator(`#${first} .cm-content`).waitFor()
    await other.click(`#${first} [data-do="run"]`)
    await other.locator(`#${first}[data-state="ran"]`).waitFor()
    expect(wanted).toEqual([])
    await other.click(`#${first} .cm-content`)
    await other.locator(`#${first} .cm-lintRange-error`).waitFor()
    expect(wanted.length).toBe(2)
    await other.context().close()
  })

  test("what cannot be loaded is said; the cell is written and runs without, and a later try may succeed", async () => {
    const page = await site.open(TUTORIAL)
    await page.context().route("**/types.json", (route) => route.abort())
    const first = await page.evaluate(() => document.querySelector(".pw-cell")?.id ?? "")
    await page.click(`#${first} [data-do="edit"]`)
    await page.locator('.pw-bar [role="status"]').getByText("the type checker cannot be loaded").waitFor()
    await page.getByText("without types: they could not be loaded").waitFor()
    await page.locator(`#${first} .cm-content`).fill("const text: string = 5\ntext")
    await page.keyboard.press("Shift+Enter")
    await page.locator(`#${first}[data-state="ran"]`).waitFor()
    expect(await page.textContent(`#${first} .pw-outputs`)).toBe("5")
    await page.context().unroute("**/types.json")
    await page.click(`#${first} .cm-content`)
    await page.locator(`#${first} .cm-lintRange-error`).waitFor()
    await page.context().close()
  })
})
