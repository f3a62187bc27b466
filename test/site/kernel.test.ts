/** The pages run: every cell of every tutorial in Chromium gives the published outputs; a reader edits, breaks, stops and resets. */
import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { parseNotebook } from "../../src/notebook/ipynb.ts"
import { sitePaths, visitor, withSiteInChromium } from "./browser.ts"

const TUTORIALS = sitePaths().filter((path) => /^\/tutorials\/.+/.test(path))
/** In bytes, compressed in one piece: the article's cluster, pods from YAML, a table of kubectl. */
const FIRST_RUN = 300_000
const FIRST = "/tutorials/02-a-policy-nobody-reads/"

const states = (page: Page): Promise<(string | undefined)[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".pw-cell")].map((cell) => `${cell.id} ${cell.dataset["state"]}`),
  )
const status = (page: Page): Promise<string | null> => page.textContent('.pw-bar [role="status"]')
const press = (page: Page, cell: string, what: string): Promise<void> => page.click(`#${cell} [data-do="${what}"]`)
const settled = (page: Page, cell: string, state: string): Promise<unknown> =>
  page.waitForSelector(`#${cell}[data-state="${state}"]`)
const idOf = (page: Page, n: number): Promise<string> =>
  page.evaluate((n) => document.querySelectorAll(".pw-cell")[n]?.id ?? "", n)

/** Opens the editor of a cell and writes this into it. */
async function write(page: Page, cell: string, text: string): Promise<void> {
  await press(page, cell, "edit")
  const editor = page.locator(`#${cell} .cm-content`)
  await editor.fill(text)
}

withSiteInChromium("cells in the browser", () => {
  const site = visitor()

  test.each(TUTORIALS)("%s: all cells give the published outputs", async (path) => {
    const page = await site.open(path)
    const troubles: string[] = []
    page.on("pageerror", (error) => troubles.push(error.message))
    await page.click('[data-do="run-all"]')
    await page.waitForFunction(() =>
      /published outputs|failed|ran,/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
    )
    const all = await states(page)
    expect(all.filter((state) => !state?.endsWith(" same"))).toEqual([])
    expect(await status(page)).toBe(`all ${all.length} cells gave the published outputs, byte for byte`)
    expect(troubles).toEqual([])
    await page.context().close()
  })

  test("run, edit, run again, reset", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await press(page, first, "run")
    await settled(page, first, "same")
    await write(page, first, "const answer: number = 6 * 7\nanswer")
    await page.keyboard.press("Shift+Enter")
    await settled(page, first, "ran")
    expect(await page.textContent(`#${first} .pw-outputs`)).toBe("42")
    await press(page, first, "reset")
    await page.waitForSelector(`#${first} .cm-content`, { state: "hidden" })
    expect(await page.textContent(`#${first} .pw-outputs`)).not.toBe("42")
    await press(page, first, "run")
    await settled(page, first, "same")
    await page.context().close()
  })

  test("a cell below one that changed is stale, and runs on what is there now", async () => {
    const page = await site.open(FIRST)
    const [first, second] = [await idOf(page, 0), await idOf(page, 1)]
    await press(page, second, "run")
    await settled(page, second, "same")
    await write(page, first, "const shared = { n: 1 }")
    await settled(page, second, "stale")
    await write(page, second, "shared.n + 1")
    await press(page, second, "run")
    await settled(page, second, "ran")
    expect(await page.textContent(`#${second} .pw-outputs`)).toBe("2")
    await page.context().close()
  })

  test("an edit that is undone makes everything fresh again, before a run and after it", async () => {
    const page = await site.open(FIRST)
    const [first, second] = [await idOf(page, 0), await idOf(page, 1)]
    await write(page, first, "const other = 1")
    await settled(page, first, "edited")
    await settled(page, second, "stale")
    await page.keyboard.press("Control+z")
    await settled(page, second, "idle")
    await press(page, second, "run")
    await settled(page, second, "same")
    await page.focus(`#${first} .cm-content`)
    // At once: what is typed slowly is undone key by key.
    await page.keyboard.insertText("// ")
    await settled(page, first, "edited")
    await settled(page, second, "stale")
    await page.keyboard.press("Control+z")
    await settled(page, first, "same")
    await settled(page, second, "same")
    await page.context().close()
  })

  test("verify runs the published page from its beginning and shows its seal", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    const hash = await page.textContent(".pw-end code")
    await page.click('[data-do="verify"]')
    await page.waitForFunction(() =>
      /SHA-256/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
    )
    expect(await status(page)).toMatch(
      /^verified here: podwire \d+\.\d+\.\d+, seed 1, all \d+ cells byte for byte, SHA-256 /,
    )
    expect((await status(page))?.endsWith(` ${hash}`)).toBe(true)
    await write(page, first, "1")
    await page.click('[data-do="verify"]')
    await page.waitForFunction(() => /Reset/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""))
    await page.context().close()
  })

  test("another seed gives other addresses; a link carries it, and where a cell's clock stands", async () => {
    const page = await site.open("/tutorials/01-a-packet-between-pods/")
    await page.fill("input[data-seed]", "7")
    await press(page, "tcpdump", "run")
    await settled(page, "tcpdump", "ran")
    await settled(page, "create-cluster", "same")
    await page.click('#break [data-do="packets"]')
    await page.waitForSelector("#break .pw-hex")
    await page.click('#break .pw-packets button:has-text("Clock")')
    await page.waitForSelector("#break .pw-tables")
    await page.click('#break .pw-clock button:has-text("▶")')
    const clock = await page.textContent("#break .pw-clock output")
    await page.click('[data-do="share"]')
    await page.waitForFunction(() => location.hash.startsWith("#edits="))
    const url = new URL(page.url())
    const other = await site.open(url.pathname + url.hash)
    await other.waitForFunction(() =>
      /The clock of cell break/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
    )
    expect(await other.inputValue("input[data-seed]")).toBe("7")
    await other.click('#break [data-do="packets"]')
    await expect.poll(() => other.textContent("#break .pw-clock output")).toBe(clock)
    await page.context().close()
    await other.context().close()
  })

  test("a failure says where, in the cell's terms", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await write(page, first, "function f() {\n  throw new Error('broken')\n}\nf()")
    await press(page, first, "run")
    await settled(page, first, "failed")
    expect(await page.textContent(`#${first} .pw-error`)).toBe(
      `Error: broken\n    at f (cell ${first} 2:9)\n    at cell ${first} 4:1`,
    )
    // The place leads to the line.
    await page.click(`#${first} .pw-place`)
    await page.keyboard.type("/* here */ ")
    expect(await page.innerText(`#${first} .cm-content`)).toContain("  throw /* here */ new Error('broken')")
    await write(page, first, "const = 5")
    await press(page, first, "run")
    await settled(page, first, "failed")
    expect(await page.textContent(`#${first} .pw-error`)).toContain(`cell ${first} 1:`)
    await page.context().close()
  })

  test.each([
    ["an endless loop", "while (true) {}"],
    ["a promise that never comes", "await new Promise(() => {})"],
    ["an endless loop of promises", "while (true) await null"],
    ["an endless loop that prints", "while (true) console.log('x'.repeat(1000))"],
  ])("%s stops, and the page is ready again", async (_, source) => {
    const page = await site.open(FIRST)
    const [first, second] = [await idOf(page, 0), await idOf(page, 1)]
    await write(page, first, source)
    await press(page, first, "run")
    await settled(page, first, "running")
    await page.click('[data-do="stop"]')
    await settled(page, first, "stopped")
    await press(page, first, "reset")
    await press(page, second, "run")
    await settled(page, second, "same")
    await page.context().close()
  })

  test("a flood of output is cut, and says so; the page goes on", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await write(page, first, "for (let i = 0; i < 500_000; i++) console.log('line', i)")
    await press(page, first, "run")
    await settled(page, first, "ran")
    const text = (await page.textContent(`#${first} .pw-output`)) ?? ""
    expect(text.startsWith("line 0\nline 1\n")).toBe(true)
    expect(text.length).toBeLessThan(70_000)
    expect(text).toMatch(/\n… \d+ more characters$/)
    const all = page.locator(`#${first} .pw-show-all`)
    expect(await all.textContent()).toMatch(/^Show all 1,048,\d+ characters$/)
    await all.click()
    const whole = (await page.textContent(`#${first} .pw-output`)) ?? ""
    // Two numbers of the page's agree: what it shows and what it says is left are all that was printed.
    const printed = Array.from({ length: 500_000 }, (_, i) => `line ${i}\n`).join("").length
    const [, shown = "", left] = /^([^…]*)… (\d+) more characters\n$/.exec(whole) ?? []
    expect([shown.length + Number(left), shown.length > 1_000_000]).toEqual([printed, true])
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("pw-output")
    expect(await all.count()).toBe(0)
    await press(page, first, "reset")
    await press(page, first, "run")
    await settled(page, first, "same")
    await page.context().close()
  })

  test("two tabs are two kernels", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    const other = await page.context().newPage()
    await other.goto(site.origin + FIRST)
    await write(page, first, "while (true) {}")
    await press(page, first, "run")
    await settled(page, first, "running")
    await press(other, first, "run")
    await settled(other, first, "same")
    expect(await page.getAttribute(`#${first}`, "data-state")).toBe("running")
    await page.context().close()
  })

  test("a worker that is slow to come is waited for, can be stopped, and is asked for again", async () => {
    const page = await site.open(FIRST)
    const [first, second] = [await idOf(page, 0), await idOf(page, 1)]
    let release = (): void => undefined
    const held = new Promise<void>((done) => (release = done))
    await page.context().route(/\/worker-[^/]*\.js$/, async (route) => {
      await held
      await route.continue().catch(() => undefined)
    })
    await press(page, second, "run")
    await settled(page, first, "running")
    await settled(page, second, "waiting")
    await page.click('[data-do="stop"]')
    await settled(page, second, "stopped")
    await press(page, second, "run")
    await settled(page, first, "running")
    release()
    await settled(page, second, "same")
    await page.context().close()
  })

  test("what runs the cells does not come: the page says so, and the next press asks again", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await page.route("**/*.cells.json", (route) => route.abort())
    await press(page, first, "run")
    await page.locator('.pw-bar [role="status"]').getByText("What runs the cells did not come").waitFor()
    await page.unroute("**/*.cells.json")
    await press(page, first, "run")
    await settled(page, first, "same")
    await page.context().close()
  })

  test("HTML of an output cannot run anything in the page, nor reach the network from the worker", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await write(
      page,
      first,
      `import { display } from "tslab"
display.html('<b>shown</b><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"><iframe src="javascript:parent.hacked=3"></iframe><a href="javascript:hacked=4">x</a>')
console.log(typeof fetch, typeof WebSocket, typeof importScripts, typeof document)`,
    )
    await press(page, first, "run")
    await settled(page, first, "ran")
    expect(await page.textContent(`#${first} .pw-output`)).toBe("undefined undefined undefined undefined")
    const html = await page.innerHTML(`#${first} .pw-figure`)
    expect(html).toContain("<b>shown</b>")
    expect(html).not.toMatch(/script|onerror|iframe/)
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
    await page.context().close()
  })

  test("Markdown of an output is read, and cannot run anything either", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    const text =
      '## Seen\\n\\n| device | mtu |\\n|---|---|\\n| cni0 | 1450 |\\n\\n```\\n<pre>\\n```\\n\\n<img src=x onerror="window.hacked = 1"> [x](javascript:hacked=2)'
    await write(page, first, `import { display } from "tslab"\ndisplay.markdown('${text}')`)
    await press(page, first, "run")
    await settled(page, first, "ran")
    const prose = page.locator(`#${first} .pw-figure.pw-prose`)
    expect(await prose.locator("h2").textContent()).toBe("Seen")
    expect(await prose.locator('[aria-label="Table: device, mtu"] td').allTextContents()).toEqual(["cni0", "1450"])
    expect(await prose.locator("pre").textContent()).toBe("<pre>")
    expect(await prose.innerHTML()).not.toMatch(/javascript:|onerror|<img/)
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
    await page.context().close()
  })

  test("what a page does not have is refused by name", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await write(page, first, 'import fs from "node:fs"')
    await press(page, first, "run")
    await settled(page, first, "failed")
    expect(await page.textContent(`#${first} .pw-error`)).toContain(
      "Cannot find module 'node:fs': a page has tslab, podwire, @observablehq/plot, linkedom",
    )
    await write(page, first, 'await import("https://example.com/x.js")')
    await press(page, first, "run")
    await settled(page, first, "failed")
    expect(await page.textContent(`#${first} .pw-error`)).toContain("import() is not there in a page")
    await page.context().close()
  })

  test("a link brings the edits, and runs nothing", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    const text = 'console.log("from afar: <b>日本語</b>")'
    await write(page, first, text)
    await page.click('[data-do="share"]')
    await page.waitForFunction(() => location.hash.startsWith("#edits="))
    const url = new URL(page.url())
    const other = await site.open(url.pathname + url.hash)
    await other.waitForSelector(`#${first} .cm-content`)
    await other.waitForFunction(() =>
      /brings other texts for 1 of/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
    )
    expect(await other.innerText(`#${first} .cm-content`)).toBe(text)
    // What is published belongs to other texts.
    const shown = await states(other)
    expect(shown[0]).toBe(`${first} edited`)
    expect(shown.slice(1).filter((state) => !state?.endsWith(" stale"))).toEqual([])
    await press(other, first, "run")
    await settled(other, first, "ran")
    expect(await other.textContent(`#${first} .pw-output`)).toBe("from afar: <b>日本語</b>")
    await other.click('[data-do="reset-all"]')
    await other.waitForFunction(() => location.hash === "")
    expect(await other.isVisible('[data-do="share"]')).toBe(false)
    for (const broken of ["#edits=", "#edits=AAAA", "#edits=%%%", `#edits=${btoa("<script>")}`]) {
      const page = await site.open(FIRST + broken)
      await page.waitForFunction(() =>
        /cannot be read/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
      )
      await page.context().close()
    }
    await page.context().close()
    await other.context().close()
  })

  test("a page is taken home with its edits: a cell with what it needs, the page as a script and as a notebook", async () => {
    const page = await site.open(FIRST)
    const [first, second] = [await idOf(page, 0), await idOf(page, 1)]
    await write(page, first, "const answer: number = 6 * 7\nanswer")
    await press(page, first, "run")
    await settled(page, first, "ran")
    const taken = async (press: () => Promise<void>): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent("download"), press()])
      return `${download.suggestedFilename()}\n${readFileSync(await download.path(), "utf8")}`
    }
    // Headless Chromium without the permission: a file instead of the clipboard.
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }))
    const script = await taken(() => press(page, first, "script"))
    expect(script.split("\n")[0]).toBe(`${first}.ts`)
    expect(script.endsWith("const answer: number = 6 * 7\nshow(answer)\n")).toBe(true)
    expect(await taken(() => page.click('[data-do="save-script"]'))).toContain(`// ${second}\n`)
    const [name = "", ...text] = (await taken(() => page.click('[data-do="save-notebook"]'))).split("\n")
    expect(name).toBe("02-a-policy-nobody-reads.ipynb")
    const { cells } = parseNotebook(text.join("\n"))
    const published = parseNotebook(readFileSync(`notebooks/${name}`, "utf8"))
    expect(cells.find(({ id }) => id === first)?.outputs).toEqual([
      { output_type: "stream", name: "stdout", text: "42\n" },
    ])
    expect(cells.find(({ id }) => id === second)).toEqual(published.cells.find(({ id }) => id === second))
    await write(page, second, "const = 1")
    await press(page, second, "script")
    await page.waitForFunction(
      (id) => document.querySelector('.pw-bar [role="status"]')?.textContent?.startsWith(`cell ${id} 1:`),
      second,
    )
    await page.context().close()
  })

  test("a first run loads neither compiler nor editor, and stays within its budget", async () => {
    const page = await site.open(FIRST)
    const loaded: { url: string; body: Promise<Buffer> }[] = []
    page.context().on("response", (response) => {
      if (/\.(js|json)$/.test(new URL(response.url()).pathname))
        loaded.push({ url: response.url(), body: response.body() })
    })
    const first = await idOf(page, 0)
    await press(page, first, "run")
    await settled(page, first, "same")
    const bodies = await Promise.all(loaded.map(({ body }) => body))
    // As hosts of static files compress: once, and well.
    const weight = gzipSync(Buffer.concat(bodies), { level: 9 }).length
    expect(bodies.length).toBeGreaterThan(5)
    expect(bodies.length).toBeLessThan(20)
    expect(weight).toBeGreaterThan(200_000)
    expect(weight, loaded.map(({ url }, i) => `${bodies[i]?.length} ${url}`).join("\n")).toBeLessThanOrEqual(FIRST_RUN)
    await page.context().close()
  })

  test("by keyboard alone: Enter on a button runs, Tab leaves the editor", async () => {
    const page = await site.open(FIRST)
    const first = await idOf(page, 0)
    await page.focus(`#${first} [data-do="run"]`)
    await page.keyboard.press("Enter")
    await settled(page, first, "same")
    await page.focus(`#${first} [data-do="edit"]`)
    await page.keyboard.press("Enter")
    await page.waitForSelector(`#${first} .cm-content:focus`)
    await page.keyboard.press("Tab")
    expect(await page.evaluate(() => document.activeElement?.closest(".cm-content"))).toBeNull()
    await page.context().close()
  })
})
