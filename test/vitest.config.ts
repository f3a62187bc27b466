import { defineConfig } from "vitest/config"
import { PATIENCE } from "./support/patience.ts"

/** Longer than what they wait for, so that the wait that failed is what is told. */
const LIMIT = 3 * PATIENCE
const waits = { testTimeout: LIMIT, hookTimeout: LIMIT, expect: { poll: { timeout: PATIENCE } } }

/** What measures comes when all others are done: they would take the processor from it. */
const SCORES = "test/site/lighthouse.test.ts"

/** Unit, golden, property and scenario tests run everywhere; "site" needs a built site and Chromium. */
export default defineConfig({
  test: {
    root: ".",
    // The default leaves a processor to whoever watches: of two, half.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "core",
          include: ["test/**/*.test.ts"],
          exclude: ["test/site/**", "test/node/**", "**/node_modules/**"],
          ...waits,
        },
      },
      { test: { name: "node", include: ["test/node/**/*.test.ts"], ...waits, fileParallelism: false } },
      {
        test: { name: "site", include: ["test/site/**/*.test.ts"], exclude: [SCORES, "**/node_modules/**"], ...waits },
      },
      { test: { name: "site-scores", include: [SCORES], sequence: { groupOrder: 1 }, ...waits } },
    ],
  },
})
