/** Cells as one script that Node runs as it is: what a reader takes home. */
import { type CellParts, cellParts } from "./cell-parts.ts"

/** A cell of the page, as it stands there. */
export interface ScriptCell {
  readonly id: string
  readonly source: string
  /** Published as failing: an exercise. */
  readonly fails: boolean
}

/** Two cells that cannot stand in one script. */
export class ScriptError extends Error {}

/** All cells, in their order. `title` and `version` stand in the first line. Throws {@link ScriptError} and CompileError. */
export function scriptOf(cells: readonly ScriptCell[], title: string, version: string): string {
  const parts = cells.map(partsOf)
  return written(parts, parts, title, version)
}

/** The last of the cells, and those before it that it needs: whoever makes, reads or changes something that it uses. */
export function scriptFor(cells: readonly ScriptCell[], title: string, version: string): string {
  const parts = cells.map(partsOf)
  const last = parts.at(-1)
  const shared = new Set(namesMade(parts))
  const touched = ({ declares, reads }: CellParts): string[] =>
    [...declares, ...reads].filter((name) => shared.has(name))
  const kept = new Set(last === undefined ? [] : [last])
  // Whoever comes along brings names, by which others may have changed the same things: a cluster has many.
  for (let before = 0; before < kept.size; ) {
    before = kept.size
    const needed = new Set([...kept].flatMap(touched))
    for (const part of parts) if (!part.fails && touched(part).some((name) => needed.has(name))) kept.add(part)
  }
  return written(
    parts.filter((part) => kept.has(part)),
    parts,
    title,
    version,
  )
}

const partsOf = ({ id, source, fails }: ScriptCell): CellParts => cellParts(id, source, fails)

/** What cells share. Imports are everybody's. */
const namesMade = (parts: readonly CellParts[]): string[] =>
  parts.flatMap(({ declares, imports }) => {
    const imported = new Set(imports.flatMap(({ locals }) => locals))
    return [...declares].filter((name) => !imported.has(name))
  })

function written(parts: readonly CellParts[], all: readonly CellParts[], title: string, version: string): string {
  const imports = importsFor(parts, all)
  const taken = parts.find(({ declares }) => OWN.some((name) => declares.has(name)))
  if (taken !== undefined)
    throw new ScriptError(
      `cell ${taken.id} declares one of ${OWN.join(", ")}, which the script has itself: give it another name`,
    )
  const shows = parts.some(({ code }) => /\bshow\(/.test(code))
  const displays = imports.has("tslab")
  imports.delete("tslab")
  const packages = [...imports.keys()].join(" ")
  const lines = [...(displays ? ['import { writeFileSync } from "node:fs"'] : []), ...importLines(imports)]
  return [
    `// ${title}. Made with podwire ${version}.\n// ${packages === "" ? "" : `npm install ${packages} && `}node this-file.ts`,
    ...(lines.length === 0 ? [] : [lines.join("\n")]),
    ...(shows ? [SHOW] : []),
    ...(displays ? [DISPLAY] : []),
    `${bodies(parts).join("\n\n")}\n`,
  ].join("\n\n")
}

/** What is written below. */
const OWN = ["show", "shown", "toFile"]
const SHOW = `/** What a notebook prints of a cell's last value. */
const show = (value: unknown): void => {
  if (value !== undefined && value !== null) console.log(value)
}`
/** tslab's display, for the forms that podwire's figures have. */
const DISPLAY = `/** What a notebook shows goes into files. */
let shown = 0
const toFile = (kind: string) => (text: string): void => {
  const file = \`output-\${++shown}.\${kind}\`
  writeFileSync(file, text)
  console.log(\`written: \${file}\`)
}
const display = { html: toFile("html"), svg: toFile("svg"), markdown: toFile("md"), text: toFile("txt") }`

/** Names by module: those that the cells import, and those that they have from others. */
function importsFor(parts: readonly CellParts[], all: readonly CellParts[]): Map<string, Set<string>> {
  const byModule = new Map<string, Set<string>>()
  for (const part of all)
    for (const { module, names, locals } of part.imports) {
      const wanted = names.filter(
        (_, i) => parts.includes(part) || parts.some(({ reads }) => reads.has(locals[i] ?? "")),
      )
      if (wanted.length === 0 && !parts.includes(part)) continue
      const known = byModule.get(module) ?? new Set()
      for (const name of wanted) known.add(name)
      byModule.set(module, known)
    }
  return byModule
}

function importLines(byModule: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...byModule].flatMap(([module, names]) => {
    const whole = [...names].filter((name) => name.startsWith("*"))
    const single = [...names].filter((name) => !name.startsWith("*"))
    return [
      ...whole.map((name) => `import ${name} from ${JSON.stringify(module)}`),
      ...(single.length > 0 ? [`import { ${single.sort().join(", ")} } from ${JSON.stringify(module)}`] : []),
      ...(names.size === 0 ? [`import ${JSON.stringify(module)}`] : []),
    ]
  })
}

/** A notebook lets a later cell declare a name again; a script does not: the earlier cell gets a block of its own, if nobody between needs it. */
function bodies(parts: readonly CellParts[]): string[] {
  return parts.map((part, i) => {
    const imported = new Set(part.imports.flatMap(({ locals }) => locals))
    const own = [...part.declares].filter((name) => !imported.has(name))
    const again = own.filter((name) => parts.slice(i + 1).some((later) => later.declares.has(name)))
    const head = `// ${part.id}`
    if (part.fails) return `${head}: mend it\ntry {\n${part.code}\n} catch (error) {\n  console.error(String(error))\n}`
    if (again.length === 0) return `${head}\n${part.code}`
    const needed = own.find((name) => isRead(name, parts.slice(i + 1)))
    if (needed !== undefined)
      throw new ScriptError(
        `cells ${part.id} and ${parts.slice(i + 1).find(({ declares }) => declares.has(again[0] ?? ""))?.id} both declare ${again[0]}, and a script cannot: give it two names`,
      )
    return `${head}\n{\n${part.code}\n}`
  })
}

/** Before it is declared again. */
function isRead(name: string, later: readonly CellParts[]): boolean {
  const until = later.findIndex(({ declares }) => declares.has(name))
  return later.slice(0, until < 0 ? undefined : until).some(({ reads }) => reads.has(name))
}
