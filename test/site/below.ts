/** The site built for a path below a host's root, into a folder of its own. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"

/** Builds it around the tests of the describe it is called in; the folder. */
export function siteBelow(base: string): string {
  const folder = mkdtempSync(join(tmpdir(), "podwire-site-"))
  beforeAll(() => {
    execFileSync(process.execPath, ["node_modules/astro/bin/astro.mjs", "build", "--outDir", folder], {
      // Not the test runner's own environment: it sets BASE_URL and NODE_ENV, which the build would take for its own.
      env: { PATH: process.env["PATH"], HOME: folder, PODWIRE_BASE: base, ASTRO_TELEMETRY_DISABLED: "1" },
      stdio: "pipe",
    })
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
