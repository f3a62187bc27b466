/** The same seed gives the same bytes; another one gives others. */
import { beforeAll, describe, expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"
import { busyStory, type Run } from "../support/busy-story.ts"

let runs: readonly [Run, Run, Run]
beforeAll(async () => {
  runs = [await busyStory(1), await busyStory(1), await busyStory(2)]
})

test("another beginning of time changes dates, and nothing else", async () => {
  const said = async (epoch: number): Promise<string[]> => {
    const cluster = await createCluster({ preset: "article", epoch })
    const { stdout } = await cluster.node("k8s-worker-1").exec("date; ip addr; ip neigh")
    return stdout.split(/(?<=\d{4}\n)/)
  }
  const [first, second] = [await said(0), await said(1_760_768_220)]
  expect(first[0]).toMatch(/^Thu Jan +1 00:00:\d\d UTC 1970\n$/)
  expect(second[0]).toMatch(/^Sat Oct 18 06:17:\d\d UTC 2025\n$/)
  expect(first.slice(1)).toEqual(second.slice(1))
})

describe("two clusters of one seed that do the same things", () => {
  test("there was something to compare", () => {
    expect(runs[0].pcapng.length).toBeGreaterThan(10_000)
    expect(runs[0].kubectl).toMatch(/shop-[a-z0-9]+-[a-z0-9]{5} /)
    expect(runs[0].kubectl).not.toContain("command not found")
  })

  test("send the same bytes at the same times", () => {
    expect(Buffer.compare(runs[0].pcapng, runs[1].pcapng)).toBe(0)
  })

  test("have the same addresses, names, versions, ages", () => {
    expect(runs[1].macs).toBe(runs[0].macs)
    expect(runs[1].kubectl).toBe(runs[0].kubectl)
  })

  test("took the same steps", () => {
    expect([runs[1].events, runs[1].now]).toEqual([runs[0].events, runs[0].now])
  })
})

test("another seed: other bytes, other MAC addresses of pods, other names", () => {
  expect(Buffer.compare(runs[0].pcapng, runs[2].pcapng)).not.toBe(0)
  expect(runs[2].macs).not.toBe(runs[0].macs)
  expect(runs[2].kubectl).not.toBe(runs[0].kubectl)
})
