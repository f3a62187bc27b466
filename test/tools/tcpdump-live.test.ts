/**
 * Flows seen by tcpdump at several places at once: on the twin of the real kernel, and on podwire's. Every line but the numbers that are drawn by
 * chance must be the same: which packets pass where, in which order, with which flags, windows, options, lengths and TTLs.
 */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { readGolden, readText } from "../support/golden.ts"
import { normaliseCapture } from "../support/normalise.ts"
import { type Topology, Twin } from "../support/twin.ts"

const FOLDER = "test/golden/live"
const topology = JSON.parse(readText("test/golden/topology.json")) as Topology
const html = { "index.html": readText("test/record/html/index.html"), "big.txt": readText("test/record/html/big.txt") }

interface Flow {
  name: string
  where: string
  seconds: string
  command: string
  prepared: { where: string; command: string }[]
  observers: { where: string; command: string; code: number; output: string }[]
}

const flows: Flow[] = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(`${FOLDER}/${file}`, "utf8")
  const [, where = "", seconds = "", command = ""] = /^# (\S+) for (\d+) s: (.*)$/m.exec(text) ?? []
  const prepared = [...text.matchAll(/^# prepared: (\S+): (.*)$/gm)].map(([, at = "", line = ""]) => ({
    where: at,
    command: line,
  }))
  const observers = readGolden(`${FOLDER}/${file}`)
  return { name: file.replace(".txt", ""), where, seconds, command, prepared, observers }
})

/** Each line of the standard error behind a mark, as the recorder writes it. */
const marked = (text: string): string => text.replace(/(?<=^|\n)(?=[^\n])/g, "! ")

test("there are flows", () => expect(flows.length).toBeGreaterThan(20))

describe.each(flows)("$name: $command", ({ where, seconds, command, prepared, observers }) => {
  /** Everybody looks on, as when it was recorded; each test reads its own part. */
  let watched: Promise<{ code: number; text: string }[]> | undefined
  const watch = async (): Promise<{ code: number; text: string }[]> => {
    const twin = await Twin.create({ topology, html })
    for (const step of prepared) expect((await twin.exec(step.where, step.command)).output).toBe("")
    const running = observers.map((o) => twin.exec(o.where, `exec timeout -s INT ${seconds} ${o.command}`))
    await twin.exec(where, `sleep 0.8; ${command.replace(/^busybox /, "/busybox/bin/")}`)
    const results = await Promise.all(running)
    return results.map(({ code, stdout, stderr }) => ({ code, text: stdout + marked(stderr) }))
  }

  test.each(observers.map((o, i) => ({ ...o, i })))(
    "$where $ $command",
    async ({ i, command: typed, code, output }) => {
      watched ??= watch()
      const result = (await watched)[i]
      expect(normaliseCapture(result?.text ?? "", typed)).toBe(normaliseCapture(output, typed))
      expect(result?.code).toBe(code)
    },
  )
})
