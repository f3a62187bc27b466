/** The types of a page's cells: the service behind the editor, in Node, beside tslab, which checks the same notebooks. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { createConverter } from "tslab/dist/converter.js"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { typesLibrary } from "../../site/types/library.ts"
import { CellTypes } from "../../site/types/service.ts"
import { parseNotebook } from "../../src/notebook/ipynb.ts"
import { needs } from "../support/needs.ts"
import { TYPE_ERRORS } from "../support/type-errors.ts"

/** In bytes: what the checker reads. */
const LIBRARY = { gzip: 230_000, brotli: 180_000 }

needs({ "a built SDK (npm run build)": existsSync("dist/index.d.ts") })("types of cells", () => {
  let library: Readonly<Record<string, string>> = {}
  let types: CellTypes
  beforeAll(() => {
    library = typesLibrary(process.cwd())
    types = new CellTypes(library)
  })
  /** Cells c0, c1 …; the place of `|` in the last one, which is not part of it. */
  const cells = (...sources: readonly string[]): { id: string; at: number } => {
    const last = sources.at(-1) as string
    const texts = [...sources.slice(0, -1), last.replace("|", "")]
    types.cells = texts.map((source, i) => ({ id: `c${i}`, source }))
    return { id: `c${sources.length - 1}`, at: last.indexOf("|") }
  }
  const messages = (...sources: readonly string[]): string[] =>
    types.check(cells(...sources).id).map(({ line, column, code }) => `${line}:${column} TS${code}`)
  const cluster = 'import { createCluster } from "podwire"\nconst cluster = await createCluster({ preset: "article" })'

  test("the library stays within its budget", () => {
    const text = JSON.stringify(library)
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(LIBRARY.gzip)
    expect(brotliCompressSync(text).length).toBeLessThanOrEqual(LIBRARY.brotli)
    expect(Object.keys(library).filter((path) => /lib\.dom|@types/.test(path))).toEqual([])
  })

  test.each(readdirSync("notebooks").filter((file) => file.endsWith(".ipynb")))("%s has no error", (file) => {
    const code = parseNotebook(readFileSync(`notebooks/${file}`, "utf8")).cells.filter(
      ({ cell_type }) => cell_type === "code",
    )
    types.cells = code
    expect(code.length).toBeGreaterThan(3)
    expect(code.flatMap(({ id }) => types.check(id))).toEqual([])
  })

  describe("as in tslab", () => {
    const tslab = createConverter()
    afterAll(() => tslab.close())
    /** What tslab says of the last cell: `1:5 TS2339`. It prints a chain of messages as several, at one place. */
    const inTslab = (sources: readonly string[]): string[] => {
      let declared = ""
      let found: string[] = []
      for (const source of sources) {
        const { declOutput, diagnostics } = tslab.convert(declared, source)
        declared = declOutput ?? declared
        found = diagnostics.map(({ start, code }) => `${start.line + 1}:${start.character + 1} TS${code}`)
      }
      return found
    }
    test.each(TYPE_ERRORS.map((sources) => [sources.join(" ⏎ "), sources] as const))("%s", (_, sources) => {
      const [here, there] = [messages(...sources), inTslab(sources)]
      const places = (all: readonly string[]) => [...new Set(all.map((one) => one.split(" ")[0]))]
      expect(places(here)).toEqual(places(there))
      expect(there).toEqual(expect.arrayContaining(here))
    })
  })

  test("an error is at its place in the cell, and says what is meant", () => {
    const { id } = cells(cluster, 'const where = "k8s-master"\nawait cluster.nod(where)')
    expect(types.check(id)).toEqual([
      {
        from: 41,
        to: 44,
        line: 2,
        column: 15,
        code: 2551,
        text: "Property 'nod' does not exist on type 'Cluster'. Did you mean 'node'?",
      },
    ])
    expect(messages(cluster, "cluster.nothing")).toEqual(["1:9 TS2339"])
  })

  test("names of another cell are checked again when that cell changes", () => {
    expect(messages("const n = 1", "n.toFixed()")).toEqual([])
    expect(messages('const n = "1"', "n.toFixed()")).toEqual(["1:3 TS2551"])
    expect(messages("const n = 1", "n.toFixed()")).toEqual([])
  })

  test("values, interfaces, type aliases, classes, enumerations and functions reach later cells", () => {
    const declarations = [
      "interface Shape { area(): number }\ntype Pair<T> = [T, T]",
      "class Square<T> implements Shape { constructor(readonly tag: T) {} area() { return 4 } }\nenum Color { Red, Blue }",
      "function double(x: number): number\nfunction double(x: string): string\nfunction double(x: any) { return x + x }\nlet count = 0",
    ]
    const uses = `const s: Shape = new Square("tag")
const pair: Pair<Color> = [Color.Red, Color.Blue]
class Cube extends Square<number> {}
new Cube(5).tag.toFixed()
double("a").length + double(1).toFixed().length
count += 1`
    expect(messages(...declarations, uses)).toEqual([])
    expect(messages(...declarations, "new Square(1).tag.length; double(true)")).toEqual(["1:19 TS2339", "1:34 TS2769"])
  })

  test("what a page has not is not there for its types either", () => {
    const { id } = cells(
      'import { readFileSync } from "node:fs"\nimport x from "left-pad"\ndocument.title\nprocess.exit()',
    )
    expect(types.check(id).map(({ text }) => text)).toEqual([
      "Cannot find name 'node:fs'. A page has no Node.",
      "Cannot find module 'left-pad' or its corresponding type declarations. A page has tslab, podwire, @observablehq/plot, linkedom.",
      "Cannot find name 'document'.",
      "Cannot find name 'process'. A page has no Node.",
    ])
    const used =
      'console.log(1); console.dir({}, { depth: 0 }); setTimeout(() => {}, 5); new URL("http://a/").host; structuredClone({})'
    expect(messages(used)).toEqual([])
  })

  test("a cell that is not closed says so at its own end", () => {
    expect(messages("function f() {\n  const a = [1, 2")).toEqual(["2:18 TS1005"])
    expect(messages("'open")).toEqual(["1:6 TS1002"])
    expect(messages("", "// a comment")).toEqual([])
  })

  test("hover shows type and doc comment, of a package's names and of other cells'", () => {
    const { id, at } = cells(cluster, 'cluster.no|de("k8s-master")')
    expect(types.hover(id, at)).toEqual({
      from: 8,
      to: 12,
      declaration: "(method) Cluster.node(name: string): NodeHandle",
      doc: "A machine by name. Throws with the names that exist.",
    })
    const own = cells(
      "/** The lab. */\nconst lab = { nodes: 4 }\n/** Twice. */\nfunction twice(x: number) { return 2 * x }",
      "l|ab.nodes",
    )
    expect(types.hover(own.id, own.at)).toMatchObject({
      declaration: "const lab: {\n    nodes: number;\n}",
      doc: "The lab.",
    })
    const call = cells("/** Twice. */\nfunction twice(x: number) { return 2 * x }", "tw|ice(1)")
    expect(types.hover(call.id, call.at)).toMatchObject({ declaration: "twice(x: number): number", doc: "Twice." })
    const other = cells("/** The lab. */\nconst lab = 4", "{ const lab = true; l|ab }")
    expect(types.hover(other.id, other.at)).toMatchObject({ declaration: "const lab: true", doc: "" })
    const nothing = cells(cluster, "cluster.not|hing")
    expect(types.hover(nothing.id, nothing.at)).toBeUndefined()
  })

  test("completion: members, names of other cells, words of a type, packages; each with its description", () => {
    const member = cells(cluster, "await cluster.|")
    const found = types.complete(member.id, member.at)
    expect(found?.from).toBe(14)
    expect(found?.entries).toEqual(
      expect.arrayContaining([
        { name: "node", kind: "method" },
        { name: "pod", kind: "method" },
      ]),
    )
    expect(found?.entries.map(({ name }) => name)).not.toContain("hasOwnProperty")
    expect(types.describe(member.id, member.at, "pod")?.declaration).toMatch(/^\(method\) Cluster\.pod\(/)
    const name = cells("/** The lab. */\nconst laboratory = 4", "lab|")
    expect(types.complete(name.id, name.at)?.from).toBe(0)
    expect(types.complete(name.id, name.at)?.entries).toContainEqual({ name: "laboratory", kind: "const" })
    expect(types.describe(name.id, name.at, "laboratory")).toEqual({
      declaration: "const laboratory: 4",
      doc: "The lab.",
    })
    const word = cells('import { createCluster } from "podwire"\ncreateCluster({ preset: "art|" })')
    expect(types.complete(word.id, word.at)).toEqual({ from: 65, entries: [{ name: "article", kind: "string" }] })
    const module = cells('import {} from "pod|"')
    expect(
      types
        .complete(module.id, module.at)
        ?.entries.map(({ name }) => name)
        .sort(),
    ).toEqual(["@observablehq/plot", "linkedom", "podwire", "tslab"])
  })

  test("signature help: which overload, which parameter", () => {
    const { id, at } = cells(cluster, 'await cluster.node("k8s-master").exec("ls", |)')
    const help = types.signature(id, at)
    expect(help?.label).toBe("exec(command: string, options?: ExecOptions): Promise<ExecResult>")
    expect(help?.label.slice(help.from, help.to)).toBe("options?: ExecOptions")
    expect(help?.doc).toContain("Runs a command line")
    const rest = cells("function all(first: string, ...more: number[]) {}", 'all("a", 1, 2, |)')
    const more = types.signature(rest.id, rest.at)
    expect(more?.label.slice(more.from, more.to)).toBe("...more: number[]")
    const outside = cells("const a = 1|")
    expect(types.signature(outside.id, outside.at)).toBeUndefined()
  })

  test("a cell that is not there is named", () => {
    cells("1", "2")
    expect(() => types.check("c7")).toThrow("no cell c7: there are c0, c1")
  })
})
