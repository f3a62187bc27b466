/** The packet view in Chromium: list, filter, layers and bytes linked both ways, why a packet died, the file; and figures that say why. */
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { readPcap } from "../../src/capture/file/savefile.ts"
import { sitePaths, visitor, withSiteInChromium } from "./browser.ts"
import { violations } from "./violations.ts"

const BITES = "/tutorials/04-a-policy-that-bites/"
const BETWEEN = "/tutorials/01-a-packet-between-pods/"

async function open(page: Page, cell: string): Promise<void> {
  await page.click(`#${cell} [data-do="packets"]`)
  await page.waitForSelector(`#${cell} .pw-hex`)
}
const said = (page: Page, cell: string): Promise<string | null> =>
  page.textContent(`#${cell} .pw-packets [role="status"]`)

withSiteInChromium("packets", () => {
  const site = visitor()

  test.each(sitePaths().filter((path) => /^\/tutorials\/.+/.test(path)))(
    "%s: with listening all cells give the published outputs, and as many packets as the buttons say",
    async (path) => {
      const page = await site.open(path)
      const last = await page.evaluate(
        () => [...document.querySelectorAll('.pw-cell:has([data-do="packets"]:not([hidden]))')].at(-1)?.id ?? "",
      )
      const count = /\d+/.exec((await page.textContent(`#${last} [data-do="packets"]`)) ?? "")?.[0]
      await open(page, last)
      if ((await page.locator(`#${last} .pw-packets option`).count()) === 1)
        expect(await said(page, last)).toContain(`${count} packets`)
      await page.click('[data-do="run-all"]')
      await page.waitForFunction(() =>
        /published outputs|failed|ran,/.test(document.querySelector('.pw-bar [role="status"]')?.textContent ?? ""),
      )
      expect(await page.textContent('.pw-bar [role="status"]')).toMatch(/^all \d+ cells gave the published outputs/)
      await page.context().close()
    },
  )

  test("a packet that a policy stopped: the decisions in order, the line of the manifest", async () => {
    const page = await site.open(BITES)
    await open(page, "denied")
    expect(await page.getAttribute("#denied", "data-state")).toBe("same")
    expect(await said(page, "denied")).toBe("2 packets, seen as 12 frames; 2 dropped")
    const way = await page.locator("#denied .pw-way li").allInnerTexts()
    expect(way.at(0)).toContain("client-pod eth0")
    expect(way.at(-1)).toMatch(/cilium_vxlan\s+dropped\s+SKB_DROP_REASON_TC_INGRESS: Policy denied/)
    expect(await page.textContent("#denied .pw-packet .pw-output")).toContain(
      "isolated by NetworkPolicy default/default-deny-ingress spec (deny.yaml:5)",
    )
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test("fields and bytes are linked both ways, outer and inner apart", async () => {
    const page = await site.open(BETWEEN)
    await open(page, "capture")
    await page.fill("#capture .pw-packets input", "udp port 8472 and inbound")
    await page.keyboard.press("Enter")
    await page.waitForSelector('#capture input[aria-invalid="true"]')
    await page.fill("#capture .pw-packets input", "udp port 8472")
    await page.keyboard.press("Enter")
    await page.waitForSelector('#capture input[aria-invalid="false"]')
    await page.click('#capture .pw-way button:has-text("decapsulated")')
    const digits = (name: string): Promise<string> =>
      page.evaluate(
        (name) =>
          [...document.querySelectorAll(`#capture .pw-hex .${name}`)]
            .map((cell) => cell.textContent ?? "")
            .filter((text) => text.length === 2)
            .join(""),
        name,
      )
    await page.click('#capture .pw-inner button:has-text("eth.dst")')
    expect(await digits("pw-chosen")).toBe("5e8373 4b9806".replace(" ", ""))
    // The other way: the byte at 0x0e begins the outer IPv4 header.
    await page.locator("#capture .pw-hex span", { hasText: /^45$/ }).first().click()
    expect(await page.textContent("#capture .pw-layers button[aria-pressed='true']")).toContain(
      "Internet Protocol Version 4",
    )
    expect((await digits("pw-outer")).length).toBe(2 * 50)
    await page.context().close()
  })

  test("the file holds the frames of the filter", async () => {
    const page = await site.open(BETWEEN)
    await open(page, "capture")
    await page.fill("#capture .pw-packets input", "udp port 8472")
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click('#capture .pw-packets button:has-text("pcapng")'),
    ])
    expect(download.suggestedFilename()).toBe("capture.pcapng")
    const file = readPcap(readFileSync(await download.path()))
    expect(file).toMatchObject({ linkType: 1 })
    expect("frames" in file ? file.frames.length : 0).toBeGreaterThan(10)
    await page.context().close()
  })

  test("two clusters, a cell that runs again, a close button; at the width of a phone nothing overflows", async () => {
    const page = await site.open("/tutorials/06-where-they-part/", { viewport: { width: 360, height: 800 } })
    await open(page, "policy")
    expect(await page.locator("#policy .pw-packets select option").allTextContents()).toEqual([
      "cluster 1 of 2: 16 packets",
      "cluster 2 of 2: 6 packets",
    ])
    await page.selectOption("#policy .pw-packets select", { index: 1 })
    await page.waitForFunction(() => /dropped/.test(document.querySelector("#policy [role=status]")?.textContent ?? ""))
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    await page.click('[data-do="reset-all"]')
    await page.click('#policy [data-do="run"]')
    await page.waitForSelector('#policy[data-state="same"]')
    await page.waitForFunction(() => /dropped/.test(document.querySelector("#policy [role=status]")?.textContent ?? ""))
    await page.click('#policy .pw-packets button:has-text("Close")')
    expect(await page.locator(".pw-packets").count()).toBe(0)
    await page.context().close()
  })

  test("by keyboard alone: the list, a packet's way, its fields, and back to the button", async () => {
    const page = await site.open(BETWEEN)
    const here = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? "")
    const tabTo = async (what: string): Promise<void> => {
      for (let steps = 0; steps < 300; steps++) {
        if (await page.evaluate((what) => document.activeElement?.matches(what), what)) return
        await page.keyboard.press("Tab")
      }
      throw new Error(`Tab does not come to ${what}`)
    }
    await page.focus('#capture [data-do="packets"]')
    await page.keyboard.press("Enter")
    await page.waitForSelector("#capture .pw-packets input:focus")
    await page.keyboard.type("udp port 8472")
    await page.keyboard.press("Enter")
    await page.waitForSelector('#capture input[aria-invalid="false"]')
    await tabTo("#capture .pw-packet-list button")
    await page.keyboard.press("Enter")
    await page.waitForSelector("#capture .pw-way")
    await tabTo("#capture .pw-way button")
    await page.keyboard.press("Enter")
    await tabTo("#capture .pw-layers button")
    const field = await here()
    await page.keyboard.press("Enter")
    await page.waitForSelector("#capture .pw-hex .pw-chosen")
    expect(await page.textContent("#capture .pw-layers button[aria-pressed='true']")).toBe(field)
    for (let steps = 0; steps < 300 && (await here()) !== "Close"; steps++) await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.waitForSelector('#capture [data-do="packets"]:focus')
    expect(await page.locator(".pw-packets").count()).toBe(0)
    await page.context().close()
  })

  test("the clock: instants by hand and by themselves, the packet's way so far, tables as they stood", async () => {
    const page = await site.open(BETWEEN)
    await open(page, "break")
    await page.click('#break .pw-packets button:has-text("Clock")')
    await page.waitForSelector("#break .pw-tables")
    const clock = (): Promise<string | null> => page.textContent("#break .pw-clock output")
    expect(await clock()).toMatch(/^0\.000000 s, instant 1 of \d+$/)
    expect(await page.textContent("#break .pw-happenings")).toContain("client-pod eth0 sent")
    await page.focus("#break .pw-clock input")
    await page.keyboard.press("ArrowRight")
    await page.waitForFunction(() => /dropped/.test(document.querySelector("#break .pw-happenings")?.textContent ?? ""))
    expect(await page.textContent("#break .pw-happenings")).toContain("SKB_DROP_REASON_VXLAN_NO_REMOTE")
    const tables = await page.textContent("#break .pw-tables")
    expect(tables).toContain("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink")
    expect(tables).not.toContain("5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105")
    // The page's own time stands still and leaps: it would have played to its end before a busy machine presses Pause.
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(3_600_000)
    const instant = (): Promise<number> => page.locator("#break .pw-clock input").evaluate(standsAt)
    await page.click('#break .pw-clock button:has-text("Play")')
    expect(await instant()).toBe(1)
    await page.clock.runFor(1_000)
    expect(await instant()).toBe(3)
    await page.click('#break .pw-clock button:has-text("Pause")')
    await page.clock.runFor(60_000)
    expect(await instant()).toBe(3)
    await page.clock.resume()
    expect(await violations(page)).toEqual([])
    await page.click("#break .pw-happenings button")
    await page.waitForSelector("#break .pw-hex")
    await page.context().close()
  })

  test("who wants less motion has no Play", async () => {
    const page = await site.open(BETWEEN, { reducedMotion: "reduce" })
    await open(page, "break")
    await page.click('#break .pw-packets button:has-text("Clock")')
    await page.waitForSelector("#break .pw-tables")
    expect(await page.isVisible('#break .pw-clock button:has-text("Play")')).toBe(false)
    await page.context().close()
  })

  test("a cell of a matrix says why when it is pressed", async () => {
    const page = await site.open(BITES)
    await page.locator("#matrix svg.pwf g:has(> title)").first().click()
    await page.locator("#matrix svg.pwf g:has(> title)", { hasText: "denied" }).first().click()
    expect(await page.textContent("#matrix .pw-why")).toContain("deny.yaml:5")
    await page.context().close()
  })
})

/** Runs in the page. */
const standsAt = (slider: Element): number => (slider as HTMLInputElement).valueAsNumber
