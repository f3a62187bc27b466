/** The package as it is published: its files, its doors, what the doors need. */
import { execFileSync, spawn } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import typescript6 from "typescript"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { finished } from "./process.ts"

const require = createRequire(import.meta.url)
/** tslab's compiler, by which notebooks are checked: TypeScript 5.0 with node10 resolution. */
const typescript5 = createRequire(require.resolve("tslab/package.json"))(
  "@tslab/typescript-for-tslab",
) as typeof typescript6
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  version: string
  main: string
  types: string
  bin: Record<string, string>
  exports: Record<string, string | { types: string; default: string }>
  typesVersions: Record<string, Record<string, string[]>>
  dependencies: Record<string, string>
  sideEffects: string[]
  peerDependencies: Record<string, string>
  peerDependenciesMeta: Record<string, { optional: boolean }>
}
const files = (
  JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" })) as [
    { files: { path: string; size: number }[] },
  ]
)[0].files.map(({ path }) => path)

describe("what is packed", () => {
  test("the built files, and what people read", () => {
    const others = files.filter((path) => !path.startsWith("dist/"))
    expect(others.sort()).toEqual(["CHANGELOG.md", "LICENSE", "NOTICE", "README.md", "package.json"])
    expect(files.filter((path) => !/\.(js|d\.ts|js\.map|md|json)$|^(?:LICENSE|NOTICE)$/.test(path))).toEqual([])
  })

  test("every module of the sources, and none that has no source any more (then: rm -rf dist, npm run build)", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
      .map((path) => path.replace(/\.ts$/, ""))
    const modules = files.filter((path) => path.endsWith(".js")).map((path) => path.replace(/^dist\/|\.js$/g, ""))
    expect(modules.filter((path) => !sources.includes(path))).toEqual([])
    expect(sources.filter((path) => !modules.includes(path))).toEqual([])
  })

  test("everything that package.json points at", () => {
    const doors = Object.values(manifest.exports).flatMap((door) =>
      typeof door === "string" ? [door] : Object.values(door),
    )
    const older = Object.values(manifest.typesVersions).flatMap((paths) => Object.values(paths).flat())
    for (const path of [manifest.main, manifest.types, ...Object.values(manifest.bin), ...doors, ...older])
      expect(files, path).toContain(path.replace(/^\.\//, ""))
    expect(readFileSync(Object.values(manifest.bin)[0] as string, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(
      true,
    )
  })

  test("no path of the machine that built it", () => {
    const home = resolve(".")
    expect(files.filter((path) => path.startsWith("dist/") && readFileSync(path, "utf8").includes(home))).toEqual([])
  })
})

describe("what is loaded", () => {
  /** The import specifiers of a built module, and whether it awaits at its top level. */
  function read(path: string): { imports: string[]; awaits: boolean } {
    const file = typescript6.createSourceFile(path, readFileSync(path, "utf8"), typescript6.ScriptTarget.Latest, true)
    const imports: string[] = []
    let awaits = false
    const visit = (node: typescript6.Node, inFunction: boolean): void => {
      if (
        (typescript6.isImportDeclaration(node) || typescript6.isExportDeclaration(node)) &&
        node.moduleSpecifier !== undefined
      )
        imports.push((node.moduleSpecifier as typescript6.StringLiteral).text)
      if (typescript6.isCallExpression(node) && node.expression.kind === typescript6.SyntaxKind.ImportKeyword)
        imports.push((node.arguments[0] as typescript6.StringLiteral).text)
      if (
        !inFunction &&
        (typescript6.isAwaitExpression(node) ||
          (typescript6.isForOfStatement(node) && node.awaitModifier !== undefined))
      )
        awaits = true
      typescript6.forEachChild(node, (child) => visit(child, inFunction || typescript6.isFunctionLike(node)))
    }
    visit(file, false)
    return { imports, awaits }
  }
  const modules = files.filter((path) => path.endsWith(".js"))
  /** What a door loads, with everything behind it. */
  function graph(door: string, seen: Set<string> = new Set()): Set<string> {
    if (seen.has(door)) return seen
    seen.add(door)
    for (const specifier of read(door).imports)
      if (specifier.startsWith(".")) graph(join(dirname(door), specifier), seen)
    return seen
  }

  test("nothing of Node outside of node/, no package that is no dependency", () => {
    const strangers = modules
      .filter((path) => !path.startsWith("dist/node/") && path !== "dist/vitest.js")
      .flatMap((path) =>
        read(path)
          .imports.filter((specifier) => !specifier.startsWith("."))
          .map((specifier) => `${path}: ${specifier}`),
      )
      .filter((line) => !Object.keys(manifest.dependencies).some((name) => line.split(": ")[1]?.startsWith(name)))
    expect(strangers).toEqual([])
  })

  test("no door awaits while it is loaded: tslab loads them with require", () => {
    for (const door of ["dist/index.js", "dist/node/index.js"])
      expect(
        [...graph(door)].filter((path) => read(path).awaits),
        door,
      ).toEqual([])
    expect([...graph("dist/index.js")].length).toBeGreaterThan(50)
  })

  test('loading "podwire" builds nothing: no packet arena, no second of work', async () => {
    const script = `
      const before = process.cpuUsage()
      await import("podwire")
      const { user, system } = process.cpuUsage(before)
      console.log(JSON.stringify({ cpu: (user + system) / 1e6, buffers: process.memoryUsage().arrayBuffers, handles: process.getActiveResourcesInfo() }))`
    const child = spawn(process.execPath, ["--input-type=module", "-e", script])
    const { cpu, buffers, handles } = JSON.parse((await finished(child)).stdout) as {
      cpu: number
      buffers: number
      handles: string[]
    }
    expect(buffers).toBeLessThan(4e6)
    expect(handles.filter((handle) => /Timeout|Immediate|Message/.test(handle))).toEqual([])
    expect(cpu).toBeLessThan(2)
  })

  test("require and import of every door", async () => {
    const script = `
      const { createCluster, VERSIONS } = require("podwire")
      const { save, runNotebook } = require("podwire/node")
      const { notebooks } = require("podwire/vitest-plugin")
      const { version } = require("podwire/package.json")
      createCluster({ nodes: 1 }).then(async (cluster) => {
        const same = await import("podwire")
        console.log((await cluster.node("control-plane").exec("uname -r")).text === VERSIONS.kernel, typeof save, typeof runNotebook, notebooks().name, version, same.createCluster === createCluster)
      })`
    const child = spawn(process.execPath, ["--input-type=commonjs", "-e", script])
    expect(await finished(child)).toMatchObject({
      stdout: `true function function podwire:notebooks ${manifest.version} true\n`,
      stderr: "",
    })
  })

  test("what is inside stays inside", async () => {
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      'await import("podwire/dist/linux/kernel.js").catch((e) => console.log(e.code))',
    ])
    expect((await finished(child)).stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n")
  })
})

describe("a consumer's compiler", () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "podwire-consumer-"))
    const installed = join(folder, "node_modules/podwire")
    for (const path of files) {
      mkdirSync(dirname(join(installed, path)), { recursive: true })
      cpSync(path, join(installed, path))
    }
    // What npm would install beside it, and what the consumer has.
    mkdirSync(join(folder, "node_modules/@types"))
    for (const name of [...Object.keys(manifest.dependencies), "vitest", "@types/node"])
      symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name))
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
    writeFileSync(join(folder, "sdk.ts"), SDK)
    writeFileSync(join(folder, "lab.test.ts"), LAB_TEST)
    writeFileSync(join(folder, "vitest.config.ts"), CONFIG)
    writeFileSync(join(folder, "wrong.ts"), WRONG)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Messages about a file, as `line: text`. */
  function compile(ts: typeof typescript6, file: string, options: Record<string, unknown>): string[] {
    const converted = ts.convertCompilerOptionsFromJson(
      { strict: true, noEmit: true, target: "es2022", lib: ["es2022"], ...options },
      folder,
    )
    expect(converted.errors).toEqual([])
    // Types are looked for from where the compiler runs.
    const host = ts.createCompilerHost(converted.options)
    host.getCurrentDirectory = () => folder
    const program = ts.createProgram([join(folder, file)], converted.options, host)
    return ts.getPreEmitDiagnostics(program).map(({ file: where, start, messageText }) => {
      const line = where === undefined || start === undefined ? 0 : where.getLineAndCharacterOfPosition(start).line + 1
      const name = where === undefined || where.fileName.endsWith(file) ? "" : `${where.fileName} `
      return `${name}${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
    })
  }

  const RESOLUTIONS: readonly [string, typeof typescript6, Record<string, unknown>][] = [
    ["6, nodenext", typescript6, { module: "nodenext", moduleResolution: "nodenext" }],
    ["6, node16", typescript6, { module: "node16", moduleResolution: "node16" }],
    ["6, bundler", typescript6, { module: "esnext", moduleResolution: "bundler" }],
    ["5.0 of tslab, node10", typescript5, { module: "esnext", moduleResolution: "node10", esModuleInterop: true }],
    ["5.0 of tslab, node16", typescript5, { module: "node16", moduleResolution: "node16" }],
  ]

  test("there are two compilers", () => {
    expect([typescript6.version, typescript5.version.slice(0, 3)]).toEqual(["6.0.3", "5.0"])
  })

  test.each(RESOLUTIONS)("TypeScript %s: podwire, every declaration checked", (_, ts, options) => {
    expect(compile(ts, "sdk.ts", { ...options, skipLibCheck: false, types: [] })).toEqual([])
  })

  test.each(RESOLUTIONS)("TypeScript %s: podwire/node", (_, ts, options) => {
    writeFileSync(join(folder, "node.ts"), NODE)
    expect(compile(ts, "node.ts", { ...options, skipLibCheck: true, types: [] })).toEqual([])
  })

  // Vitest's own declarations need a newer compiler than tslab's.
  test.each(RESOLUTIONS.slice(0, 3))("TypeScript %s: podwire/vitest", (_, ts, options) => {
    expect(compile(ts, "lab.test.ts", { ...options, skipLibCheck: true, types: [] })).toEqual([])
  })

  test.each(RESOLUTIONS.slice(0, 3))("TypeScript %s: podwire/vitest-plugin", (_, ts, options) => {
    expect(compile(ts, "vitest.config.ts", { ...options, skipLibCheck: true, types: [] })).toEqual([])
  })

  test.each(RESOLUTIONS)("TypeScript %s: mistakes are found", (_, ts, options) => {
    const lines = compile(ts, "wrong.ts", { ...options, skipLibCheck: true, types: [] }).map(
      (message) => message.split(":")[0],
    )
    expect(lines).toEqual(["2", "3", "4"])
  })
})

test("bundlers keep the matchers' registration, and drop what is not used of the rest", () => {
  expect(manifest.sideEffects).toEqual(["./dist/vitest.js"])
})

test("what only some users need is an optional peer", () => {
  expect(Object.keys(manifest.peerDependencies)).toEqual(["tslab", "vitest", "zeromq"])
  for (const name of Object.keys(manifest.peerDependencies))
    expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true })
})

test("the doors that are documented are the doors there are", () => {
  expect(Object.keys(manifest.exports)).toEqual([".", "./vitest", "./vitest-plugin", "./node", "./package.json"])
  expect(existsSync("dist/vitest.js")).toBe(true)
})

const SDK = `
import { type Capture, type Cluster, createCluster, defineTool, type ExecResult, flannel, type Hop, type PodHandle, type Reach, type Tool, VERSIONS } from "podwire"

const hello: Tool = defineTool("hello", async (proc) => { await proc.out("hello\\n"); return 0 })
const cluster: Cluster = await createCluster({ nodes: ["control-plane", { name: "worker-1", macs: { eth0: "08:00:27:00:00:01" } }], cni: flannel({ backend: "host-gw" }), tools: [hello], seed: 1 })
const pod: PodHandle = cluster.pod("web")
const result: ExecResult = await cluster.node("worker-1").exec\`ping -c 1 \${pod.ip}\`
const capture: Capture = await cluster.capture({ filter: "icmp" }, () => pod.exec("true", { timeout: "1s" }))
const hops: readonly Hop[] = capture.journey()
const reach: Reach = await pod.reach("10.244.1.2:80", { protocol: "udp" })
const bytes: Uint8Array = capture.toPcapng()
export const all = [result.code, hops.length, reach.reached, bytes.length, VERSIONS.kernel, capture.rows.map((row) => row.info)]
`

const NODE = `
import { type RunResult, createStaticServer, listen, parseNotebook, runNotebook, save } from "podwire/node"

const path: string = await save("x.bin", new Uint8Array(1))
const port: number = await listen(createStaticServer("build", { base: "/x" }), 4321)
const { failed }: RunResult = await runNotebook(parseNotebook("{}"), { cwd: "." })
export const all = [path, port, failed.map((cell) => cell.reason)]
`

const LAB_TEST = `
import "podwire/vitest"
import { createCluster } from "podwire"
import { expect, test } from "vitest"

test("web is reached", async () => {
  const cluster = await createCluster()
  const done: Promise<void> = expect(cluster.pod("client")).toReach(cluster.pod("web"), { port: 80, timeout: "3s" })
  await done
  await expect(cluster.node("worker-1")).not.toReach("web:81", { because: "NO_SOCKET" })
  // @ts-expect-error: there is no such protocol
  await expect(cluster.pod("client")).toReach("web:80", { protocol: "sctp" })
})
`

const CONFIG = `
import { notebooks } from "podwire/vitest-plugin"
import { defineConfig } from "vitest/config"

export default defineConfig({ plugins: [notebooks({ timeout: 10_000 })], test: { include: ["notebooks/*.ipynb"] } })
// @ts-expect-error: files are chosen by Vitest
notebooks({ include: "*.ipynb" })
`

const WRONG = `import { createCluster } from "podwire"
const cluster = await createCluster({ nodez: 3 })
const text: number = (await cluster.exec("a", "b")).stdout
await cluster.node(5).exec("ls")
export { text }
`
