/** The site built for a path below a host's root: links stay below it and lead somewhere, and what was visited works without a network. */
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { brokenLinks, pagesOf } from "./broken-links.ts"
import { BUILD, withChromium, withSite } from "./browser.ts"
import { runFirstCell, search, unpluggable } from "./unplugged.ts"

// One build for all that is asked of it: two at once would write the same cache.
withSite("below a base path", () => {
  const folder = mkdtempSync(join(tmpdir(), "podwire-site-"))
  // No limit but the build's own end: a busy machine takes minutes.
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, ["node_modules/astro/bin/astro.mjs", "build", "--outDir", folder], {
      // Not the test runner's own environment: it sets BASE_URL and NODE_ENV, which the build would take for its own.
      env: { PATH: process.env["PATH"], HOME: folder, PODWIRE_BASE: "/podwire/", ASTRO_TELEMETRY_DISABLED: "1" },
      maxBuffer: 1 << 26,
    })
  }, 0)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test("links stay below it and lead somewhere", () => {
    expect(pagesOf(folder)).toEqual(pagesOf(BUILD))
    expect(brokenLinks(folder, "/podwire/")).toEqual([])
  })

  withChromium("without a network", () => {
    const { visit, visited, unplug } = unpluggable()

    test("pages, cells and search work", async () => {
      const origin = await visit(folder, "/podwire/")
      const page = await visited(`${origin}/podwire/tutorials/02-a-policy-nobody-reads/`)
      expect(await page.evaluate(async () => (await caches.keys())[0])).toContain(`podwire ${origin}/podwire/ `)
      await unplug()
      await page.reload()
      await runFirstCell(page)
      const [found = ""] = await search(page, "flannel")
      expect(found).toMatch(/^\/podwire\//)
      await page.click("pw-search ol a")
      await page.waitForURL(`${origin}${found}`)
    })
  })
})
