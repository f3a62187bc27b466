/** What Lighthouse says of three pages, on a phone with a slow network. Hosts compress what they send, and so does the server here. */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import lighthouse from "lighthouse"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { BUILD, launch, withSiteInChromium } from "./browser.ts"
import { compressingServer } from "./compressing.ts"

const LEAST = 95
/** In bytes: everything that a first visit loads. */
const BUDGET = 160_000
/** The network's speed is simulated, the processor's is not: who shares the machine may cost some runs. */
const RUNS = 6

withSiteInChromium("Lighthouse", () => {
  const server = compressingServer(BUILD)
  let browser: Browser
  let debugging = 0
  let origin = ""
  beforeAll(async () => {
    origin = `http://127.0.0.1:${await listening(server)}`
    debugging = await freePort()
    browser = await launch(`--remote-debugging-port=${debugging}`)
  })
  afterAll(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })

  async function report(path: string) {
    const result = await lighthouse(origin + path, {
      port: debugging,
      logLevel: "error",
      onlyCategories: ["performance", "accessibility", "best-practices", "seo"],
    })
    if (result === undefined) throw new Error(`Lighthouse says nothing of ${path}`)
    const { categories, audits } = result.lhr
    return {
      scores: Object.fromEntries(
        Object.values(categories).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)]),
      ),
      bytes: audits["total-byte-weight"]?.numericValue ?? Number.NaN,
      shift: audits["cumulative-layout-shift"]?.numericValue ?? Number.NaN,
      lost: Object.values(audits).flatMap(({ id, score, scoreDisplayMode }) =>
        scoreDisplayMode === "binary" && score === 0 ? [id] : [],
      ),
    }
  }

  test.each(["/", "/tutorials/01-a-packet-between-pods/", "/guides/terminal/"])(
    "%s has at least 95 in everything",
    async (path) => {
      let last = await report(path)
      for (let run = 1; run < RUNS && (last.scores["performance"] ?? 0) < LEAST; run++) last = await report(path)
      process.stdout.write(
        `${path}: ${Object.entries(last.scores)
          .map(([id, score]) => `${id} ${score}`)
          .join(", ")}; ${Math.round(last.bytes / 1000)} kB\n`,
      )
      expect(Object.keys(last.scores).length).toBe(4)
      for (const [id, score] of Object.entries(last.scores))
        expect(score, `${id}: ${last.lost.join(", ")}`).toBeGreaterThanOrEqual(LEAST)
      expect(last.bytes).toBeLessThanOrEqual(BUDGET)
      expect(last.shift).toBeLessThan(0.01)
    },
  )
})

const listening = (server: Server): Promise<number> =>
  new Promise((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port))
  })

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((done) => server.close(done))
  return port
}
