import { defineConfig } from "vitest/config"

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
          testTimeout: 60_000,
        },
      },
      { test: { name: "node", include: ["test/node/**/*.test.ts"], testTimeout: 120_000, fileParallelism: false } },
      { test: { name: "site", include: ["test/site/**/*.test.ts"], testTimeout: 120_000 } },
    ],
  },
})
