/**
 * What the README and the site's pages show is true: every `ts` block compiles against the built types and runs, every `sh` block runs, and
 * what stands below a block is what it prints.
 *
 * - `ts`: a block that imports begins a program, the ones after it go on with it. `no-run` after the language: compiled only.
 * - `sh` that begins with `npx` or `npm`: typed at the reader's own machine. Calls of `npx podwire sh … -c`, `verify` and `version` are run, other
 *   commands must exist.
 * - `yaml title="pods.yaml"`: a file in the folder those commands run in.
 * - A page in another language shows the blocks of the English one, which alone is run.
 * - Any other `sh`: typed on a machine of the simulated cluster, `title="k8s-worker-1"` or the first; a page has one cluster, in order.
 *
 * PODWIRE_ACCEPT=1 writes what is printed into the pages, in every language.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Cluster } from "podwire"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  blocksOf,
  filesOf,
  type Output,
  PAGES,
  type Program,
  programsOf,
  type Snippet,
  snippetsOf,
  translationsOf,
} from "../support/docs.ts"
import { needs } from "../support/needs.ts"

const accept = process.env["PODWIRE_ACCEPT"] === "1"
const CLI = resolve("dist/node/cli.js")
const MARK = "\u0000\n"
const TRANSLATED = PAGES.flatMap((page) => translationsOf(page).map((translation) => [translation, page] as const))

needs({ "a built SDK (npm run build)": existsSync(CLI) })("what the pages show", () => {
  // Inside the package, so that "podwire" is this one.
  let folder = ""
  beforeAll(() => {
    mkdirSync(".cache", { recursive: true })
    folder = mkdtempSync(resolve(".cache/docs-"))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test("there is something to check", () => {
    expect(PAGES.flatMap(snippetsOf).filter(({ output }) => output !== undefined).length).toBeGreaterThan(3)
  })

  test.each(TRANSLATED)("%s shows what %s shows", (translation, page) => {
    expect(blocksOf(translation)).toEqual(blocksOf(page))
  })

  test("there is something to compare", () => {
    expect(TRANSLATED.flatMap(([translation]) => blocksOf(translation)).length).toBeGreaterThan(3)
  })

  for (const page of PAGES) describePage(page, () => folder)
})

function describePage(page: string, folder: () => string): void {
  const snippets = snippetsOf(page)
  if (snippets.length === 0) return
  const printed = new Map<Output, string>()
  const check = (output: Output | undefined, text: string): void => {
    if (output === undefined) return
    if (accept) printed.set(output, text)
    else expect(trimmed(text)).toBe(trimmed(output.text))
  }

  describe(page, () => {
    afterAll(() => {
      if (printed.size === 0) return
      const texts = snippets.map(({ output }) => (output === undefined ? undefined : printed.get(output)))
      for (const one of [page, ...translationsOf(page)]) accepted(one, texts)
    })

    for (const program of programsOf(snippets)) {
      const line = program.snippets[0]?.line ?? 0
      test(`line ${line}: the program compiles`, () => {
        const file = join(folder(), `${page.replace(/\W+/g, "-")}-${line}.ts`)
        writeFileSync(file, textOf(program))
        expect(problemsOf(file)).toEqual([])
      })
      if (program.snippets.some(({ meta }) => meta.includes("no-run"))) continue
      test(`line ${line}: the program runs, and prints what is shown`, () => {
        const file = join(folder(), `${page.replace(/\W+/g, "-")}-${line}-run.ts`)
        writeFileSync(file, textOf(program))
        const result = spawnSync(process.execPath, [file], { cwd: folder(), encoding: "utf8" })
        expect(result.stderr).toBe("")
        expect(result.status).toBe(0)
        const parts = result.stdout.split(MARK)
        for (const [i, { output }] of program.snippets.entries()) check(output, parts[i] ?? "")
      })
    }

    const readers = (): string => {
      const own = join(folder(), page.replace(/\W+/g, "-"))
      for (const { name, text } of filesOf(page)) {
        mkdirSync(dirname(join(own, name)), { recursive: true })
        writeFileSync(join(own, name), text)
      }
      mkdirSync(own, { recursive: true })
      return own
    }
    let cluster: Cluster | undefined
    for (const one of snippets.filter(({ lang }) => lang === "sh"))
      test(`line ${one.line}: ${one.code.split("\n")[0]}`, async () => {
        if (/^(npx|npm) /.test(one.code)) return check(one.output, atTheReader(one, readers()))
        cluster ??= await (await import("podwire")).createCluster({ preset: "article" })
        check(one.output, await inTheCluster(cluster, one))
      })
  })
}

const textOf = (program: Program): string =>
  program.snippets.map(({ code }) => code).join(`\nprocess.stdout.write(${JSON.stringify(MARK)})\n`)

/** What TypeScript says of a program, under the options of a strict project on Node. */
function problemsOf(file: string): string[] {
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    lib: ["lib.es2024.d.ts"],
    types: ["node"],
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : ts.getLineAndCharacterOfPosition(file, start ?? 0).line + 1
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
  })
}

/** Runs what the reader would type in a folder with the page's files. */
function atTheReader({ code }: Snippet, cwd: string): string {
  const lines = code.split("\n").map((line) => line.replace(/\s+#.*$/, ""))
  const run = lines.filter((line) => {
    if (/^npx podwire (sh .*-c |verify |version)/.test(line)) return true
    expect(exists(line), `"${line}" names a command that does not exist`).toBe(true)
    return false
  })
  const npx = `npx() { shift; '${process.execPath}' '${CLI}' "$@"; }`
  return run.length === 0
    ? ""
    : execFileSync("sh", ["-c", `exec 2>&1\n${npx}\n${run.join("\n")}`], { cwd, encoding: "utf8" })
}

/** Whether each of the commands of a line is one of npm's, of package.json's, or of podwire's. */
function exists(line: string): boolean {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }
  return line.split(/&&|;/).every((part) => {
    const [program, first = "", second = ""] = part.trim().split(/\s+/)
    if (program === undefined || program === "") return true
    if (program === "npx") return first === "podwire" && /^(sh|run|verify|serve|doctor|version|help)$/.test(second)
    if (program !== "npm") return false
    return ["ci", "cit", "install", "pack"].includes(first) || (first === "run" ? second : first) in scripts
  })
}

/** Types the lines at a machine; what both streams print, in order. */
async function inTheCluster(cluster: Cluster, { code, meta, output }: Snippet): Promise<string> {
  const host = /title="([^"]+)"/.exec(meta)?.[1] ?? cluster.nodes[0]?.name ?? ""
  const decoder = new TextDecoder()
  let text = ""
  const result = await cluster.exec(host, code, {
    onOutput: (_, data) => void (text += decoder.decode(data, { stream: true })),
  })
  if (output === undefined) expect(result.code, text).toBe(0)
  return text
}

/** Spaces at the ends of lines are the tools' own, but an editor may take them away. */
const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, "").trimEnd()

/** Writes what the page's snippets print, where they print anything, below them. */
function accepted(page: string, printed: readonly (string | undefined)[]): void {
  let text = readFileSync(page, "utf8")
  for (const [i, { output }] of [...snippetsOf(page).entries()].reverse()) {
    const now = printed[i]
    if (output === undefined || now === undefined) continue
    text = `${text.slice(0, output.from)}${trimmed(now)}\n${text.slice(output.to)}`
  }
  writeFileSync(page, text)
}
