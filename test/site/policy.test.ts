/** Every page's Content-Security-Policy: nothing of the site offends it, and what somebody slips into a page does not run and asks nobody. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { sitePaths, type Visitor, visitor, withSiteInChromium } from "./browser.ts"

const TUTORIAL = "/tutorials/02-a-policy-nobody-reads/"

withSiteInChromium("the policy of the pages", () => {
  const site = visitor()

  for (const path of sitePaths())
    test(`${path} has one, and keeps to it`, async () => {
      const page = await watched(site, path)
      const policies = await page.locator('head meta[http-equiv="Content-Security-Policy"]').all()
      expect(policies.length).toBe(1)
      const policy = (await policies[0]?.getAttribute("content")) ?? ""
      expect(policy).toMatch(/^default-src 'none'; script-src 'self' /)
      expect(/script-src[^;]*/.exec(policy)?.[0]).not.toContain("unsafe-inline")
      expect(await offences(page)).toEqual([])
      await page.context().close()
    })

  test("cells run, are edited and show figures; the shell starts; the search finds", async () => {
    const page = await watched(site, TUTORIAL)
    const first = (await page.locator(".pw-cell").first().getAttribute("id")) ?? ""
    await page.click(`#${first} [data-do="edit"]`)
    await page
      .locator(`#${first} .cm-content`)
      .fill(
        `import { display } from "tslab"\ndisplay.html('<style>.seen { color: rgb(1, 2, 3) }</style><b class="seen" style="padding-left: 7px">figure</b>')`,
      )
    await page.click(`#${first} [data-do="run"]`)
    await page.waitForSelector(`#${first}[data-state="ran"]`)
    const styles = await page
      .locator(".seen")
      .evaluate((box) => [getComputedStyle(box).color, getComputedStyle(box).paddingLeft])
    expect(styles).toEqual(["rgb(1, 2, 3)", "7px"])
    await page.click("[data-start]")
    await page.waitForFunction(() => /# $/.test(document.querySelector(".pw-prompt")?.textContent ?? ""))
    await page.fill(".pw-terminal input", "echo typed")
    await page.keyboard.press("Enter")
    await page.waitForFunction(() => /^typed$/m.test(document.querySelector('[role="log"]')?.textContent ?? ""))
    await page.click("pw-search > button")
    await page.fill('pw-search input[type="search"]', "flannel")
    await page.waitForSelector("pw-search ol a")
    await page.click("pw-search form button")
    await page.waitForSelector("pw-search dialog", { state: "hidden" })
    expect(await offences(page)).toEqual([])
    await page.context().close()
  })

  test.each([
    ["an inline handler", "script-src-attr", `<img src="x" onerror="window.pwned = 1">`],
    ["a frame's address", "script-src-elem", `<iframe src="javascript:parent.pwned = 1"></iframe>`],
    ["an inline script", "script-src-elem", "window.pwned = 1"],
    ["a script of the page's own text", "script-src", "eval"],
  ])("%s does not run", async (_, directive, attack) => {
    const page = await watched(site, TUTORIAL)
    const result = await page.evaluate(async (attack) => {
      // What a test evaluates may do anything until it waits.
      await new Promise((done) => setTimeout(done, 0))
      try {
        if (attack === "eval") new Function("window.pwned = 1")()
        else if (attack.startsWith("<")) document.body.insertAdjacentHTML("beforeend", attack)
        else document.head.appendChild(document.createElement("script")).textContent = attack
        return "nothing thrown"
      } catch (error) {
        return (error as Error).name
      }
    }, attack)
    expect(result).toBe(attack === "eval" ? "EvalError" : "nothing thrown")
    await page.waitForFunction(() => ((window as { offences?: string[] }).offences ?? []).length > 0)
    expect((await offences(page))[0]).toMatch(new RegExp(`^${directive} `))
    expect(await page.evaluate(() => "pwned" in window)).toBe(false)
    await page.context().close()
  })

  test("nobody else is asked for anything", async () => {
    const asked: string[] = []
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? "")
      response.writeHead(200, { "access-control-allow-origin": "*" }).end("let it = 1")
    })
    await new Promise<void>((done) => elsewhere.listen(0, "127.0.0.1", done))
    const origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    const page = await watched(site, TUTORIAL)
    const ways = await page.evaluate(async (origin) => {
      const told = async (way: string, attempt: () => Promise<unknown>): Promise<string> => {
        try {
          await attempt()
          return `${way} worked`
        } catch {
          return `${way} refused`
        }
      }
      const loaded = (element: HTMLImageElement | HTMLScriptElement | HTMLLinkElement): Promise<unknown> =>
        new Promise((done, fail) => {
          element.onload = done
          element.onerror = fail
          document.head.append(element)
        })
      const form = document.body.appendChild(document.createElement("form"))
      form.action = `${origin}/form`
      form.submit()
      return [
        await told("fetch", () => fetch(`${origin}/fetch`)),
        await told("image", () => loaded(Object.assign(new Image(), { src: `${origin}/image` }))),
        await told("script", () =>
          loaded(Object.assign(document.createElement("script"), { src: `${origin}/script` })),
        ),
        await told("style", () =>
          loaded(Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${origin}/style` })),
        ),
        await told("beacon", async () => {
          if (!navigator.sendBeacon(`${origin}/beacon`)) throw new Error()
        }),
      ]
    }, origin)
    expect(ways.slice(0, 4)).toEqual(["fetch refused", "image refused", "script refused", "style refused"])
    // A form's navigation is refused in a task of its own, which a busy machine runs after the others.
    await expect
      .poll(async () => (await offences(page)).map((offence) => offence.split(" ")[0]).toSorted())
      .toEqual(["connect-src", "connect-src", "form-action", "img-src", "script-src-elem", "style-src-elem"])
    // Without a policy the same requests arrive.
    const open = await site.blank()
    await open.goto(`${site.origin}/favicon.svg`)
    expect(await open.evaluate((origin) => fetch(`${origin}/open`).then((response) => response.text()), origin)).toBe(
      "let it = 1",
    )
    expect(asked.filter((path) => path !== "/favicon.ico")).toEqual(["/open"])
    await page.context().close()
    await open.context().close()
    elsewhere.close()
    elsewhere.closeAllConnections()
  })
})

/** A page that writes down every offence against its policy, from the first byte. */
async function watched(site: Visitor, path: string): Promise<Page> {
  const page = await site.blank()
  await page.addInitScript(() => {
    const noted: string[] = []
    Object.assign(window, { offences: noted })
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile }) =>
      noted.push(`${effectiveDirective} ${blockedURI} ${sourceFile}`),
    )
  })
  await page.goto(site.origin + path, { waitUntil: "networkidle" })
  return page
}

const offences = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window as { offences?: string[] }).offences ?? ["nobody watched"])
