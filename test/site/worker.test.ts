/** The built SDK runs in a browser's Worker as it runs in Node: the same seed leaves the same capture file. What it makes a reader download. */
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Page } from "playwright-core"
import { beforeAll, expect, test } from "vitest"
import { bundle, type Chunk, loading, packagesIn, shares, weight } from "../support/bundle.ts"
import { fetchStory } from "../support/fetch-story.ts"
import { needs } from "../support/needs.ts"
import { visitor, withChromium } from "./browser.ts"

const SDK = resolve("dist/index.js")
/**
 * In bytes: what can be imported; with kernel and control plane; what a first run loads (a cluster with its add-ons, and a few commands on it),
 * which is to stay under 300 kB; everything. Lower them when something is; raise them only for something a reader sees.
 */
const DOOR = { minified: 100_000, compressed: 40_000 }
const CORE = { minified: 530_000, compressed: 190_000 }
const FIRST_RUN = { compressed: 300_000 }
const EVERYTHING = { minified: 2_000_000 }
/** What programs say of themselves: loaded when one is asked. */
const TEXTS = { minified: 350_000 }

const WORKER = `
import { createCluster } from ${JSON.stringify(SDK)}
import { fetchStory } from ${JSON.stringify(resolve("test/support/fetch-story.ts"))}
const STORIES = {
  fetch: (seed) => fetchStory(createCluster, seed),
  commands: async () => {
    const cluster = await createCluster({ preset: "article" })
    const worker = cluster.node("k8s-worker-1")
    for (const command of ["kubectl get pods -A", "ip route", "ping -c 1 192.168.80.101"])
      if (!(await worker.exec(command)).ok) throw new Error(command)
  },
}
self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ bytes: await STORIES[data.story](data.seed), globals: [typeof document, typeof process] })
  } catch (error) {
    self.postMessage({ error: String(error?.stack ?? error) })
  }
}
self.postMessage("ready")
`

needs({ "a built SDK (npm run build)": existsSync(SDK) })("the SDK as a bundle", () => {
  let chunks: Chunk[] = []
  let door: Chunk[] = []
  let core: Chunk[] = []
  beforeAll(async () => {
    chunks = await bundle({ entryPoints: [SDK] })
    door = loading(chunks, "dist/index.js")
    core = loading(chunks, "dist/index.js", "dist/cluster/create-cluster.js")
  })

  test("needs nothing of Node, and no package it does not name", () => {
    expect(weight(door).minified).toBeGreaterThan(10_000)
    expect(weight(core).minified).toBeGreaterThan(100_000)
    for (const { text } of chunks)
      expect(text).not.toMatch(/["'`]node:[a-z]|\brequire\(|process\.(env|cwd|stdout)|__dirname/)
    expect(packagesIn(core)).toEqual(["pure-rand"])
    expect(packagesIn(chunks).filter((name) => !["pure-rand", "re2js", "yaml"].includes(name))).toEqual([])
  })

  test("stays within its budgets", () => {
    for (const [part, budget] of [[door, DOOR] as const, [core, CORE] as const]) {
      const { minified, compressed } = weight(part)
      expect(minified, `minified, by folder:\n${shares(part)}`).toBeLessThanOrEqual(budget.minified)
      expect(compressed, `compressed; minified, by folder:\n${shares(part)}`).toBeLessThanOrEqual(budget.compressed)
    }
    const isText = ({ inputs }: Chunk): boolean =>
      [...inputs.keys()].every((path) => /[\\/]help(?:[\\/]|\.js$)/.test(path))
    const [texts, code] = [chunks.filter(isText), chunks.filter((chunk) => !isText(chunk))]
    expect(weight(code).minified, `minified, by folder:\n${shares(code)}`).toBeLessThanOrEqual(EVERYTHING.minified)
    expect(weight(texts).minified, `minified, by folder:\n${shares(texts)}`).toBeLessThanOrEqual(TEXTS.minified)
  })

  withChromium("in a Worker", () => {
    const site = visitor()
    let page: Page
    let worker: Chunk[] = []
    let loaded = new Set<string>()
    beforeAll(async () => {
      worker = await bundle({ stdin: { contents: WORKER, resolveDir: resolve("."), loader: "js" } })
      page = await site.blank()
      await page.route("**/worker/*", (route) => {
        const name = route.request().url().split("/").pop() ?? ""
        loaded.add(name)
        const body = worker.find((chunk) => chunk.name === name)?.text ?? ""
        return route.fulfill({ contentType: "text/javascript", body })
      })
      await page.route("**/empty", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }))
      await page.goto(`${site.origin}/empty`)
    })

    test("the same seed leaves the same capture file as in Node", async () => {
      const { createCluster } = (await import(pathToFileURL(SDK).href)) as typeof import("../../src/index.ts")
      for (const seed of [undefined, 2]) {
        const answer = await page.evaluate(runWorker, { story: "fetch", seed })
        expect(answer.error).toBeUndefined()
        expect(answer.globals).toEqual(["undefined", "undefined"])
        const there = Uint8Array.from(answer.bytes ?? [])
        const here = await fetchStory(createCluster, seed)
        expect(there.length).toBeGreaterThan(5_000)
        expect(sha256(there)).toBe(sha256(here))
      }
    })

    test("what a first run loads stays within its budget", async () => {
      loaded = new Set()
      expect((await page.evaluate(runWorker, { story: "commands" })).error).toBeUndefined()
      const asked = worker.filter(({ name }) => loaded.has(name))
      expect(asked.length).toBeGreaterThan(loading(worker, "<stdin>").length + 5)
      expect(weight(asked).compressed, `minified, by folder:\n${shares(asked)}`).toBeLessThanOrEqual(
        FIRST_RUN.compressed,
      )
    })
  })
})

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

interface Answer {
  bytes?: number[]
  globals?: string[]
  error?: string
}

/** Runs in the page. */
function runWorker(data: { story: string; seed?: number | undefined }): Promise<Answer> {
  return new Promise((done) => {
    const worker = new Worker("/worker/entry.js", { type: "module" })
    worker.onerror = (event) => done({ error: event.message })
    worker.onmessage = ({ data: answer }) => {
      if (answer === "ready") return worker.postMessage(data)
      worker.terminate()
      done(answer.bytes === undefined ? answer : { ...answer, bytes: Array.from(answer.bytes as Uint8Array) })
    }
  })
}
