/** Tutorials on paper: everything that was written and printed, nothing to press, nothing cut; white, whatever the screen is. */
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { sitePaths, visitor, withSiteInChromium } from "./browser.ts"

const TUTORIALS = sitePaths().filter((path) => /\/tutorials\/.+/.test(path))
/** A4 without its margins of 15 mm, in CSS pixels. */
const PAPER = { width: 680, height: 1009 }
const THINGS_TO_PRESS =
  "header button, nav, .sidebar-pane, .right-sidebar-container, .pagination-links, .pw-bar, .pw-buttons, .pw-terminal, .copy, .sl-anchor-link"

withSiteInChromium("a printed tutorial", () => {
  const site = visitor()

  async function onPaper(path: string): Promise<Page> {
    const page = await site.open(path, { viewport: PAPER, colorScheme: "dark" })
    await page.emulateMedia({ media: "print" })
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")))
    return page
  }

  test.each(TUTORIALS)("%s has nothing to press, and shows all outputs whole", async (path) => {
    const page = await onPaper(path)
    expect(await page.locator(THINGS_TO_PRESS).count()).toBeGreaterThan(10)
    expect(await page.locator(THINGS_TO_PRESS).filter({ visible: true }).count()).toBe(0)
    const outputs = page.locator(
      ".pw-cell .pw-output, .pw-cell .pw-figure, .pw-cell .expressive-code pre, .sl-markdown-content p",
    )
    expect(await outputs.count()).toBeGreaterThan(10)
    const wrong = await outputs.evaluateAll((boxes) =>
      boxes.flatMap((box) => {
        if (box.closest("#try-your-own + p") !== null || box.closest(".pw-terminal") !== null) return []
        const { right, height } = box.getBoundingClientRect()
        const what = `${box.className} of ${box.closest("[id]")?.id}`
        if (height === 0) return [`${what} is not there`]
        if (right > window.innerWidth + 1) return [`${what} ends at ${right}`]
        return box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1
          ? [`${what} is cut`]
          : []
      }),
    )
    expect(wrong).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PAPER.width)
    await page.context().close()
  })

  test("figures fit a page", async () => {
    const page = await onPaper(TUTORIALS[0] as string)
    const figures = page.locator(".pw-figure > svg")
    expect(await figures.count()).toBeGreaterThan(3)
    for (const height of await figures.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height)))
      expect(height).toBeLessThan(PAPER.height)
    expect(
      await page.locator(".pw-figure").evaluateAll((all) => all.map((one) => getComputedStyle(one).breakInside)),
    ).not.toContain("auto")
    await page.context().close()
  })

  test("it is light and open while it is printed, and as it was afterwards", async () => {
    const page = await site.open(TUTORIALS[0] as string, { colorScheme: "dark" })
    const state = (): Promise<unknown> =>
      page.evaluate(() => ({
        theme: document.documentElement.dataset["theme"],
        open: document.querySelector<HTMLDetailsElement>(".test-fold")?.open,
      }))
    await page.evaluate(() => {
      const fold = document.createElement("details")
      fold.className = "test-fold"
      document.querySelector(".sl-markdown-content")?.append(fold)
    })
    expect(await state()).toEqual({ theme: "dark", open: false })
    await page.evaluate(() => {
      const seen: unknown[] = []
      Object.assign(window, { seen })
      window.addEventListener("beforeprint", () =>
        seen.push(
          document.documentElement.dataset["theme"],
          document.querySelector<HTMLDetailsElement>(".test-fold")?.open,
        ),
      )
    })
    const pdf = await page.pdf({ format: "A4" })
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-")
    // Before the pages come the styles; a page for each of the tutorial's parts.
    expect([...pdf.toString("latin1").matchAll(/\/Type \/Page\b/g)].length).toBeGreaterThan(5)
    expect(await page.evaluate(() => (window as { seen?: unknown[] }).seen)).toEqual(["light", true])
    await expect.poll(state).toEqual({ theme: "dark", open: false })
    await page.context().close()
  })
})
