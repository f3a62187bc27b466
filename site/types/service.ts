/** TypeScript's language service over a page's cells. Runs anywhere: it is given its library as texts. */
import ts from "typescript"
import { OPTIONS } from "./options.ts"
import type {
  CellText,
  Completion,
  Completions,
  Description,
  Hover,
  Signature,
  TypeMessage,
  Types,
} from "./protocol.ts"
import { description, message, signatureText, syntaxErrors } from "./texts.ts"
import { type CellModule, cellModules } from "./visible.ts"

const VARIABLES: ReadonlySet<string> = new Set(["const", "let", "var"])
const PREFERENCES: ts.GetCompletionsAtPositionOptions = { includeCompletionsWithInsertText: true }

export class CellTypes implements Types {
  readonly #library: Readonly<Record<string, string>>
  readonly #folders: ReadonlySet<string>
  readonly #service: ts.LanguageService
  #modules: ReadonlyMap<string, CellModule> = new Map()
  readonly #versions = new Map<string, { text: string; version: number }>()

  constructor(library: Readonly<Record<string, string>>) {
    this.#library = library
    this.#folders = new Set(Object.keys(library).flatMap(foldersOf))
    this.#service = ts.createLanguageService(this.#host())
  }

  /** The cells of the page, in order. */
  set cells(cells: readonly CellText[]) {
    this.#modules = new Map(cellModules(cells).map((module) => [module.path, module]))
    for (const [path, module] of this.#modules) {
      const text = textOf(module)
      const before = this.#versions.get(path)
      if (before?.text !== text) this.#versions.set(path, { text, version: (before?.version ?? 0) + 1 })
    }
  }

  check(id: string): readonly TypeMessage[] {
    const module = this.#module(id)
    // What is missing at the end of a cell must not be looked for in what we write behind it.
    const syntax = syntaxErrors(module.source)
    const types = this.#service.getSemanticDiagnostics(module.path).flatMap((diagnostic) => {
      const from = (diagnostic.start ?? 0) - module.before.length
      return from < 0 || from > module.source.length ? [] : [message(module.source, from, diagnostic)]
    })
    return [...syntax, ...types].sort((a, b) => a.from - b.from)
  }

  hover(id: string, at: number): Hover | undefined {
    const module = this.#module(id)
    const info = this.#service.getQuickInfoAtPosition(module.path, module.before.length + at)
    // Of what there is not, TypeScript says "any".
    if (info === undefined || info.kind === ts.ScriptElementKind.unknown) return undefined
    const from = info.textSpan.start - module.before.length
    const to = from + info.textSpan.length
    return { from, to, ...this.#described(module, module.source.slice(from, to), info) }
  }

  complete(id: string, at: number): Completions | undefined {
    const module = this.#module(id)
    const found = this.#service.getCompletionsAtPosition(module.path, module.before.length + at, PREFERENCES)
    if (found === undefined) return undefined
    const span = found.optionalReplacementSpan ?? found.entries[0]?.replacementSpan
    const word = /[\w$]*$/.exec(module.source.slice(0, at))?.[0] ?? ""
    const from = span === undefined ? at - word.length : span.start - module.before.length
    const entries = [...found.entries].sort((a, b) => compare(a.sortText, b.sortText) || compare(a.name, b.name))
    return { from, entries: entries.map(completion) }
  }

  describe(id: string, at: number, name: string): Description | undefined {
    const module = this.#module(id)
    const position = module.before.length + at
    const info = this.#service.getCompletionEntryDetails(
      module.path,
      position,
      name,
      {},
      undefined,
      undefined,
      undefined,
    )
    return info === undefined ? undefined : this.#described(module, name, info)
  }

  signature(id: string, at: number): Signature | undefined {
    const module = this.#module(id)
    const help = this.#service.getSignatureHelpItems(module.path, module.before.length + at, {})
    const item = help?.items[help.selectedItemIndex]
    if (help === undefined || item === undefined) return undefined
    return {
      at: help.applicableSpan.start - module.before.length,
      ...signatureText(item, help.argumentIndex),
      overload: help.selectedItemIndex + 1,
      overloads: help.items.length,
    }
  }

  #module(id: string): CellModule {
    const module = this.#modules.get(`/cell/${id}.ts`)
    if (module === undefined) {
      const there = [...this.#modules.keys()].map((path) => path.slice("/cell/".length, -".ts".length))
      throw new RangeError(`no cell ${id}: there are ${there.join(", ")}`)
    }
    return module
  }

  /** A variable of an earlier cell is described where that cell declares it: what stands in front of this cell has no comment. */
  #described(module: CellModule, name: string, info: ts.QuickInfo | ts.CompletionEntryDetails): Description {
    const own = description(info)
    const origin = VARIABLES.has(info.kind) ? module.origins.get(name) : undefined
    if (origin === undefined) return own
    const [there] = this.#service.getDefinitionAtPosition(module.path, origin) ?? []
    const first = there && this.#service.getQuickInfoAtPosition(there.fileName, there.textSpan.start)
    // Not where it is another variable of that name.
    return first !== undefined && description(first).declaration === own.declaration ? description(first) : own
  }

  #host(): ts.LanguageServiceHost {
    const read = (path: string): string | undefined => this.#versions.get(path)?.text ?? this.#library[path]
    const exists = (path: string): boolean => this.#modules.has(path) || Object.hasOwn(this.#library, path)
    return {
      getCompilationSettings: () => OPTIONS,
      getScriptFileNames: () => ["/globals.d.ts", ...this.#modules.keys()],
      getScriptVersion: (path) => String(this.#versions.get(path)?.version ?? 0),
      getScriptSnapshot: (path) => {
        const text = exists(path) ? read(path) : undefined
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => "/lib/lib.es2022.d.ts",
      fileExists: exists,
      readFile: read,
      directoryExists: (path) => this.#folders.has(path) || path === "/cell",
      getDirectories: () => [],
    }
  }
}

const textOf = ({ before, source, after }: CellModule): string => before + source + after

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join("/") || "/")
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function completion({ name, kind, insertText }: ts.CompletionEntry): Completion {
  return insertText === undefined ? { name, kind } : { name, kind, insert: insertText }
}
