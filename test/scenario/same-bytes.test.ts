/** The same seed gives the same capture file, byte for byte; another seed gives another. */
import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"
import { fetchStory } from "../support/fetch-story.ts"

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
const run = async (seed?: number): Promise<string> => sha256(await fetchStory(createCluster, seed))

test("two runs are the same bytes", async () => {
  expect(await run()).toBe(await run())
})

test("runs at the same time do not touch each other", async () => {
  const alone = await run(7)
  expect(await Promise.all([run(7), run(8), run(7)])).toEqual([alone, await run(8), alone])
})

test("another seed is other bytes", async () => {
  const hashes = await Promise.all([1, 2, 3].map(run))
  expect(new Set(hashes).size).toBe(3)
})
