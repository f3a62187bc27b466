/** What is loaded before anything runs: the door, the kernel, the control plane. Programs and what serves few come by `import()`. */
import { build } from "esbuild"
import { expect, test } from "vitest"

/** Loaded by whoever needs it: `lazyTool` for programs, `task.load` inside one, `sim.load` for a call from outside. */
const LATE: readonly RegExp[] = [
  /^src\/tools\/(?!(coreutils\/)?index\.ts|kubectl\/table\.ts)/,
  /^src\/shell\/(?!(builtin-names|exec-result|lazy-tool|programs|tool)\.ts)/,
  /^src\/(capture|policy|kube\/proxy|kube\/dns)\//,
  /^src\/images\/(nginx-server|coredns)\.ts/,
  /^src\/cni\/(bridge\/|ipam\/|bundle\.ts|skel\.ts)/,
  /^src\/cni\/cilium\/((crds|datapath|envoy|hubble|monitor|operator|plugin)\/|chart\/(?!release))/,
  /^src\/cni\/flannel\/(flanneld|meta-plugin|backend)/,
  /^node_modules\/(yaml|re2js)\//,
]

/** For each late file that `entry` imports at once, or through others: the way there. */
async function tooEarly(stdin: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: stdin, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    format: "esm",
    splitting: true,
    platform: "browser",
    outdir: "bundle",
    write: false,
    metafile: true,
  })
  const way = new Map<string, readonly string[]>([["<stdin>", []]])
  for (const [path, before] of way)
    for (const { path: next, kind } of metafile.inputs[path]?.imports ?? [])
      if (kind === "import-statement" && !way.has(next)) way.set(next, [...before, next])
  return [...way]
    .filter(([path]) => LATE.some((late) => late.test(path)))
    .map(([, files]) => files.slice(-3).join(" imports "))
}

test("the first load has no program in it", async () => {
  expect(
    await tooEarly('export * as door from "./src/index.ts"; export * as core from "./src/cluster/create-cluster.ts"'),
  ).toEqual([])
})

test("a program that is imported at once is noticed, one that is loaded is not", async () => {
  const early = await tooEarly('export * from "./src/tools/bridge.ts"; import("./src/tools/curl/index.ts")')
  expect(early[0]).toBe("src/tools/bridge.ts")
  expect(early.some((way) => way.includes("curl"))).toBe(false)
})
