/** The shell on the first page: typed at by hand, by keys and by presses, in Chromium. */
import type { Page } from "playwright-core"
import { beforeAll, expect, test } from "vitest"
import { visitor, withSiteInChromium } from "./browser.ts"
import { violations } from "./violations.ts"

withSiteInChromium("the terminal below a tutorial", () => {
  const site = visitor()

  test("has a cluster with the tutorial's plugin", async () => {
    const page = await site.open("/tutorials/04-a-policy-that-bites/")
    await page.click("[data-start]")
    await page.waitForFunction(() => /# $/.test(document.querySelector(".pw-prompt")?.textContent ?? ""))
    await page.click('[data-command="kubectl get ciliumendpoints"]')
    await page.waitForFunction(() =>
      /backend-pod +\d+ +ready/.test(document.querySelector('[role="log"]')?.textContent ?? ""),
    )
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })
})

withSiteInChromium("a shell on the page's own cluster", () => {
  const site = visitor()

  test("finds what the cells made; the cells below find what was typed; a new beginning ends it", async () => {
    const page = await site.open("/tutorials/01-a-packet-between-pods/", {
      permissions: ["clipboard-read", "clipboard-write"],
    })
    const shell = page.locator("#fdb .pw-terminal")
    const type = async (line: string): Promise<void> => {
      await shell.locator("input").fill(line)
      await page.keyboard.press("Enter")
    }
    const log = (text: RegExp): Promise<unknown> =>
      page.waitForFunction(
        (text) => new RegExp(text).test(document.querySelector('#fdb [role="log"]')?.textContent ?? ""),
        text.source,
      )
    await page.click('#fdb [data-do="shell"]')
    await page.waitForFunction(() => /# $/.test(document.querySelector("#fdb .pw-prompt")?.textContent ?? ""))
    await type("kubectl get pod client-pod -o name")
    await log(/pod\/client-pod/)
    await type("ssh k8s-worker-1 bridge fdb del 5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105; echo gone")
    await log(/\ngone\n/)
    await shell.locator("[data-copy]").click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe(
        "kubectl get pod client-pod -o name\nssh k8s-worker-1 bridge fdb del 5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105; echo gone\n",
      )
    expect(await violations(page)).toEqual([])
    await page.click('#tcpdump [data-do="run"]')
    await page.waitForSelector('#tcpdump:is([data-state="ran"], [data-state="failed"])')
    // No row, no packet for tcpdump to see.
    await page.click('#routes [data-do="run"]')
    await page.waitForSelector('#routes[data-state="same"]')
    await log(/The cells run anew: this shell's cluster is gone\./)
    await page.context().close()
  })
})

withSiteInChromium("the terminal on the first page", () => {
  const site = visitor()
  let page: Page
  const prompt = (): Promise<unknown> =>
    page.waitForFunction(() => /^root@k8s-master:\S+# $/.test(document.querySelector(".pw-prompt")?.textContent ?? ""))
  const log = async (): Promise<string> => (await page.textContent('[role="log"]')) ?? ""
  /** Types a line; what it printed. */
  const type = async (line: string): Promise<string> => {
    const before = (await log()).length
    await page.fill(".pw-terminal input", line)
    await page.keyboard.press("Enter")
    await page.waitForFunction(
      ({ before, line }) => {
        const text = document.querySelector('[role="log"]')?.textContent ?? ""
        const prompt = document.querySelector(".pw-prompt")?.textContent ?? ""
        return text.length > before + line.length && /# $/.test(prompt)
      },
      { before, line },
    )
    // What it stands behind is the prompt, and the line itself.
    return (await log()).slice(before).replace(/^.*\n/, "")
  }

  beforeAll(async () => {
    page = await site.open("/")
    await page.focus("[data-start]")
    await page.keyboard.press("Enter")
    await prompt()
  })

  test("a command prints what Linux prints", async () => {
    expect(await type("uname -n; ip route get 10.244.2.2 | head -1")).toBe(
      "k8s-master\n10.244.2.2 via 10.244.2.0 dev flannel.1 src 10.244.0.0 uid 0 \n",
    )
    expect(await type("nosuch")).toBe("bash: nosuch: command not found\n")
  })

  test("a press on a command types it", async () => {
    await page.click('[data-command^="kubectl get pods"]')
    await page.waitForFunction(() =>
      /backend-pod .*k8s-worker-2/.test(document.querySelector('[role="log"]')?.textContent ?? ""),
    )
    await prompt()
  })

  test("variables and folders stay; history comes back with the arrow", async () => {
    await type("cd /etc && x=5")
    expect(await page.textContent(".pw-prompt")).toBe("root@k8s-master:/etc# ")
    expect(await type("cd; echo $x")).toBe("5\n")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    expect(await page.inputValue(".pw-terminal input")).toBe("cd /etc && x=5")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    expect(await page.inputValue(".pw-terminal input")).toBe("")
  })

  test("Tab completes; on an empty line it goes on", async () => {
    await page.fill(".pw-terminal input", "tcpd")
    await page.keyboard.press("Tab")
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>(".pw-terminal input")?.value === "tcpdump ",
    )
    await page.fill(".pw-terminal input", "")
    await page.keyboard.press("Tab")
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BUTTON")
  })

  test("Ctrl-C ends what runs", async () => {
    await page.fill(".pw-terminal input", "ping 192.168.80.103")
    await page.keyboard.press("Enter")
    await page.waitForFunction(() => /icmp_seq=2/.test(document.querySelector('[role="log"]')?.textContent ?? ""))
    await page.keyboard.press("Control+c")
    await prompt()
    expect(await log()).toMatch(/packets transmitted, \d+ received/)
  })

  test("no accessibility violations while it runs", async () => {
    expect(await violations(page)).toEqual([])
  })
})
