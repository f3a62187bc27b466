import { readdirSync, readFileSync } from "node:fs"
import ts from "typescript"
import { describe, expect, test } from "vitest"

/** What the core may not use, and what to use instead. */
const BANS: readonly { pattern: RegExp; instead: string; raw?: boolean }[] = [
  { pattern: /\bDate\b(?!:)/, instead: "the virtual clock (sim.now, sim.epoch)" },
  { pattern: /\bMath\.random\b/, instead: "a named fork of sim.prng" },
  {
    pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame)\b/,
    instead: "sim.schedule, Timer or Task.wait",
  },
  { pattern: /\bperformance\./, instead: "the virtual clock" },
  {
    pattern:
      /(?<![.\w])(process\.(env|argv|exit|cwd|stdout|stderr|nextTick|hrtime)\b|globalThis|Buffer\.|__dirname|require\()/,
    instead: "src/node/",
  },
  { pattern: /\b(crypto\.(subtle|getRandomValues|randomUUID))\b/, instead: "sim.prng, or a hash of our own" },
  { pattern: /\b(document|window|navigator|localStorage)\./, instead: "site/" },
  { pattern: /\b(as any|: any|<any>)\b/, instead: "unknown and a check" },
  {
    pattern: /@ts-(ignore|nocheck|expect-error)|biome-ignore|eslint-disable/,
    raw: true,
    instead: "code that needs no escape",
  },
  { pattern: /\bUint8Array</, instead: "plain Uint8Array: TypeScript 5.0 (tslab) reads our declarations" },
  { pattern: /^await /m, instead: "no top-level await: tslab loads packages with require" },
  { pattern: /\b(TODO|FIXME|XXX)\b/, raw: true, instead: "doing it, or an issue" },
]

/** Code without comments and without the text of literals: words there are only words. */
function bare(source: string): string {
  const file = ts.createSourceFile("x.ts", source, ts.ScriptTarget.Latest, true)
  const cut: [number, number][] = []
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteral(node) ||
      ts.isRegularExpressionLiteral(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node) ||
      ts.isNoSubstitutionTemplateLiteral(node)
    )
      cut.push([node.getStart(file) + 1, node.getEnd() - 1])
    for (const range of [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.getEnd()) ?? []),
    ])
      cut.push([range.pos, range.end])
    ts.forEachChild(node, visit)
  }
  visit(file)
  const characters = [...Array(source.length).keys()].map((k) => source[k] as string)
  for (const [from, to] of cut) for (let k = from; k < to; k++) if (characters[k] !== "\n") characters[k] = " "
  return characters.join("")
}

function offences(source: string): string[] {
  const code = bare(source)
  return BANS.filter(({ pattern, raw }) => pattern.test(raw === true ? source : code)).map(
    ({ pattern, instead }) => `${pattern}: use ${instead}`,
  )
}

const coreFiles = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.startsWith("node/") && !file.endsWith(".d.ts"),
)

describe("no wall clock, host randomness, host timers or host globals in the core", () => {
  test("there are files to read", () => {
    expect(coreFiles.length).toBeGreaterThan(20)
  })

  test.each(coreFiles)("src/%s", (file) => {
    expect(offences(readFileSync(`src/${file}`, "utf8"))).toEqual([])
  })

  test.each([
    ["const t = Date.now()"],
    ["const r = Math.random()"],
    ["setTimeout(f, 1)"],
    ["const x = y as any"],
    ["const p = process.env"],
    ["await import('x')"],
  ])("notices %s", (source) => {
    expect(offences(source)).toHaveLength(1)
  })
})
