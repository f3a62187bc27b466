/** A run is the same whether the code of its programs was loaded before it, in it, or slowly. */
import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import type { LoadedRun } from "../support/loaded-run.ts"

const SCRIPT = resolve(import.meta.dirname, "../support/loaded-run.ts")

async function run(...args: string[]): Promise<LoadedRun> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...args], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout) as LoadedRun
}

test("frames, events, clock and output do not show when code was loaded", async () => {
  const [first, before, late, later] = await Promise.all([
    run("first"),
    run("before"),
    run("late", "1"),
    run("late", "2"),
  ])
  expect(first.before).toBe(0)
  expect(before.before).toBeGreaterThan(50)
  expect(first.run.size).toBeGreaterThan(10_000)
  expect(first.run.kubectl).toMatch(/shop-[a-z0-9]+-[a-z0-9]{5} /)
  for (const other of [before, late, later]) expect(other.run).toEqual(first.run)
})
