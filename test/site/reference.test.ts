/** The reference: every export with its words, every name at its place. The compiler's own checker says what is exported, the pages what is shown. */
import { existsSync, readFileSync } from "node:fs"
import { parseHTML } from "linkedom"
import ts from "typescript"
import { beforeAll, describe, expect, test } from "vitest"
import { GROUPS, groupOf, SIDEBAR } from "../../site/reference/groups.ts"
import { type Entry, entries } from "../../site/reference/sdk.ts"
import { BUILD, withSite } from "./browser.ts"

const DOORS: Readonly<Record<string, string>> = {
  podwire: "dist/index.d.ts",
  "podwire/vitest": "dist/vitest.d.ts",
  "podwire/vitest-plugin": "dist/node/vitest/plugin.d.ts",
  "podwire/node": "dist/node/index.d.ts",
}

/** `Cluster`, `Cluster.exec`, … of a door, as the type checker has them. */
function exportedNames(door: string): string[] {
  const file = DOORS[door] as string
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    skipLibCheck: true,
    types: ["node"],
  })
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol
  return checker.getExportsOfModule(module).flatMap((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    const members = [...(target.members?.values() ?? [])].filter(isPublicMember)
    return [symbol.name, ...members.map((member) => `${symbol.name}.${member.name}`)]
  })
}

/** Fields and methods; not type parameters, constructors, and what symbols or `#` hide. */
const isPublicMember = ({ name, flags }: ts.Symbol): boolean =>
  (flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor)) !== 0 &&
  /^[a-z]\w*$/i.test(name)

const words = (entry: Entry) => [...entry.signatures, ...entry.members.flatMap(({ signatures }) => signatures)]

describe("what the SDK's reference is made of", () => {
  test("every export has a doc comment, and what can be left out has one", () => {
    const bare = entries().filter(({ signatures }) => signatures.every(({ words }) => words.text === ""))
    expect(bare.map(({ name }) => name)).toEqual([])
    const silent = entries().flatMap(({ name, members }) =>
      members
        .filter(({ signatures }) => signatures.every(({ words }) => words.text === ""))
        .filter(({ signatures }) => /^[\w ]+\?:/.test(signatures[0]?.code ?? ""))
        .map((member) => `${name}.${member.name}`),
    )
    expect(silent).toEqual([])
  })

  test("every parameter that is described is a parameter", () => {
    for (const entry of entries())
      for (const {
        code,
        words: { params },
      } of words(entry))
        for (const { name } of params)
          expect(code, `${entry.name}: @param ${name}`).toMatch(new RegExp(`\\b${name}\\??:`))
  })

  test("every example is TypeScript", () => {
    const examples = entries().flatMap((entry) => words(entry).flatMap(({ words }) => words.examples))
    expect(examples.length).toBeGreaterThan(20)
    for (const code of examples) expect(problemsOf(code), code).toEqual([])
    expect(problemsOf("const cluster = await createCluster({ preset: ")).not.toEqual([])
  })

  test("every source belongs to one page, and every page has something", () => {
    expect(SIDEBAR.length).toBe(GROUPS.length)
    for (const group of GROUPS)
      expect(
        entries().some((entry) => entry.group === group),
        group.slug,
      ).toBe(true)
    expect(() => groupOf("nowhere/new.ts")).toThrow("src/nowhere/new.ts exports something and is in no group")
  })
})

const problemsOf = (code: string): string[] =>
  (
    ts.transpileModule(code, { reportDiagnostics: true, compilerOptions: { module: ts.ModuleKind.ESNext } })
      .diagnostics ?? []
  ).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))

withSite("the SDK's reference", () => {
  const pages = new Map<string, Document>()
  beforeAll(() => {
    for (const { slug } of SIDEBAR) pages.set(slug, documentOf(`reference/sdk/${slug}/index.html`))
  })

  for (const door of Object.keys(DOORS))
    test.runIf(existsSync(DOORS[door] as string))(`every export of ${door} is on a page, with its members`, () => {
      const names = exportedNames(door)
      expect(names.length).toBeGreaterThan(0)
      for (const name of names) {
        const entry = entries().find((one) => one.door === door && one.name === name.split(".")[0])
        const heading = pages.get(entry?.group.slug ?? "")?.getElementById(name)
        expect(heading?.textContent, name).toBe(name.split(".").at(-1))
        // What is said below it, up to the next name.
        const signature = heading?.closest(".sl-heading-wrapper")?.nextElementSibling
        expect(signature?.className, name).toBe("pw-signature")
        expect(signature?.textContent, name).toContain(name.split(".").at(-1))
      }
    })

  test("the matcher is there", () => {
    expect(pages.get("matchers")?.getElementById("toReach")).not.toBeNull()
  })

  test("types lead to their places, in the right door", () => {
    const linkIn = (page: string, name: string, text: string): string | null | undefined => {
      const heading = pages.get(page)?.getElementById(name)?.closest(".sl-heading-wrapper")
      const links = [...(heading?.nextElementSibling?.querySelectorAll("a") ?? [])]
      return links.find((link) => link.textContent === text)?.getAttribute("href")
    }
    expect(linkIn("cluster", "createCluster", "ClusterOptions")).toBe("/reference/sdk/cluster/#ClusterOptions")
    expect(linkIn("cluster", "Cluster.capture", "Capture")).toBe("/reference/sdk/capture/#Capture")
    expect(linkIn("matchers", "ToReachOptions", "ReachOptions")).toBe("/reference/sdk/cluster/#ReachOptions")
    // A row's cell is not a notebook's.
    expect(linkIn("figures", "Row", "Cell")).toBeUndefined()
    expect(linkIn("runner", "Notebook.cells", "Cell")).toBe("/reference/sdk/runner/#Cell")
  })

  test("the list has them all", () => {
    const list = documentOf("reference/sdk/index.html")
    expect([...list.querySelectorAll(".pw-index a")].map((link) => link.textContent).sort()).toEqual(
      entries()
        .map(({ name }) => name)
        .sort(),
    )
  })
})

withSite("the reference of programs", () => {
  const listed = (page: string, name: string): { known: string[]; refused: string[] } => {
    const wrapper = documentOf(`reference/tools/${page}index.html`).getElementById(name)?.closest(".sl-heading-wrapper")
    expect(wrapper, `${name} on ${page}`).not.toBeNull()
    const found = { known: [] as string[], refused: [] as string[] }
    for (
      let next = wrapper?.nextElementSibling;
      next && next.className !== wrapper?.className;
      next = next.nextElementSibling
    ) {
      const words = [...next.querySelectorAll("code")].map((code) => code.textContent ?? "")
      if (next.className.includes("pw-options")) found.known.push(...words)
      if (next.className.includes("pw-refused")) found.refused.push(...words)
    }
    return found
  }

  test("every program on the PATH of a machine and of a container is there", async () => {
    const { cilium, createCluster } = await import("podwire")
    const cluster = await createCluster({ preset: "article", cni: cilium() })
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a" },
      spec: { containers: [{ name: "a", image: "busybox", command: ["sleep", "9"] }] },
    })
    await cluster.pod("a").ready()
    for (const [where, page] of [
      ["k8s-master", ""],
      ["a", "containers/"],
    ] as const) {
      const { lines } = await cluster.exec(where, "for d in $(echo $PATH | tr : ' '); do ls $d 2>/dev/null; done")
      const names = new Set(lines.filter((line) => line !== ""))
      expect(names.size).toBeGreaterThan(60)
      const { document } = parseHTML(readFileSync(`${BUILD}/reference/tools/${page}index.html`, "utf8"))
      const headings = [...document.querySelectorAll(".sl-markdown-content h2")].map((heading) => heading.textContent)
      for (const name of names) expect(headings, `${name} of ${where}`).toContain(name)
    }
  })

  test("options are those that the programs have", () => {
    expect(listed("", "wc")).toEqual({
      known: ["-c", "-l", "-m", "-w", "-L", "--lines", "--words", "--bytes", "--chars", "--max-line-length"],
      refused: [],
    })
    expect(listed("", "date").known).toContain("--date …")
    expect(listed("", "find").known).toEqual(expect.arrayContaining(["-name", "-delete", "-exec"]))
    expect(listed("", "find").refused).toContain("-perm")
    expect(listed("", "head").known).toContain("-NUMBER")
    expect(listed("", "curl").known).toContain("--resolve …")
    expect(listed("", "curl").refused).toContain("--http2")
    // Beginnings of names work, and are no names.
    expect(listed("", "sort").known).not.toContain("--human")
    expect(listed("", "ip").refused).toContain("tunnel")
    expect(listed("", "whoami")).toEqual({ known: [], refused: [] })
    expect(listed("containers/", "wget").known).toContain("-O …")
    expect(listed("kubectl/", "kubectl-get").known).toContain("--show-labels")
    expect(listed("kubectl/", "kubectl").refused).toContain("drain")
    expect(listed("cilium/", "cilium").refused).toContain("sysdump")
    expect(listed("cilium/", "cilium-dbg-monitor").refused).toContain("--hex")
    expect(listed("cilium/", "hubble-observe").known).toContain("--from-pod …")
  })

  test("what the shell runs itself is there", () => {
    const { document } = parseHTML(readFileSync(`${BUILD}/reference/tools/shell/index.html`, "utf8"))
    const words = (selector: string) =>
      [...document.querySelectorAll(`${selector} code`)].map((code) => code.textContent)
    expect(words(".pw-options")).toEqual(expect.arrayContaining(["cd", "trap", "read", "[["]))
    expect(words(".pw-refused")).toEqual(expect.arrayContaining(["compgen", "suspend"]))
  })
})

const documentOf = (path: string): Document => parseHTML(readFileSync(`${BUILD}/${path}`, "utf8")).document
