/** Runs cells as tslab does: one after the other, each in a function of its own, over the names of those before. Needs neither Node nor a page. */
import { type Frame, failureOf } from "../failure.ts"
import type { DisplayOutput, Output } from "../ipynb.ts"
import { Console, type Inspect } from "./console.ts"
import { Display } from "./display.ts"
import { OutputLog } from "./output-log.ts"
import { Scope } from "./scope.ts"

/** A cell as the compiler leaves it. */
export interface CompiledCell {
  readonly id: string
  /** Hands the cell's names over: `own({ "a": () => a });`. */
  readonly own: string
  /** The rest of the body of an async function with `require` and `last`, line for line the cell. */
  readonly code: string
  /** What it imports: names by module; `*` for the whole. */
  readonly modules: Readonly<Record<string, readonly string[]>>
  /** Where `last(` stands in front of the last expression: what comes behind it in its line is further right than in the cell. */
  readonly last?: { readonly line: number; readonly column: number; readonly by: number }
}

export interface KernelHost {
  readonly inspect: Inspect
  /** The modules cells may import, by name, with at least these exports (`*`: all); `undefined` where there is none. */
  load(name: string, exports: readonly string[]): Promise<object | undefined>
  /** Their names, for the error that says what there is. */
  readonly modules: readonly string[]
}

/** What a cell came to. */
export interface CellResult {
  readonly ok: boolean
  /** Canonical. */
  readonly outputs: readonly Output[]
  /** What was kept of the outputs that are cut, by their places. */
  readonly whole: ReadonlyMap<number, string>
}

/** Names a script by its cell, so that a stack says which cell a frame is in. */
export const scriptName = (id: string): string => `podwire-cell:${id}`
/** Lines that V8 puts before the body of a `new Function`, and one of ours. */
const LINES_BEFORE = 3

export class Kernel {
  readonly #host: KernelHost
  readonly #scope = new Scope()
  readonly #cells = new Map<string, CompiledCell>()
  #outputs = new OutputLog()
  readonly #console: Console

  constructor(host: KernelHost) {
    this.#host = host
    this.#console = new Console(host.inspect, (name, text) => this.#outputs.add({ output_type: "stream", name, text }))
  }

  /** Runs a cell. */
  async run(cell: CompiledCell): Promise<CellResult> {
    const outputs = new OutputLog()
    this.#outputs = outputs
    this.#cells.set(cell.id, cell)
    let ok = true
    try {
      const modules = await this.#modules(cell.modules)
      const { last } = await this.#execute(cell, modules)
      if (last !== undefined && last !== null) this.#console.log(last)
    } catch (thrown) {
      ok = false
      outputs.add(this.#failure(cell, thrown))
    }
    return { ok, outputs: outputs.canonical(), whole: outputs.whole() }
  }

  async #modules(wanted: CompiledCell["modules"]): Promise<ReadonlyMap<string, object>> {
    const found = new Map<string, object>()
    for (const [name, exports] of Object.entries(wanted)) {
      const module = name === "tslab" ? this.#tslab() : await this.#host.load(name, exports)
      if (module === undefined)
        throw new Error(`Cannot find module '${name}': a page has ${["tslab", ...this.#host.modules].join(", ")}`)
      found.set(name, module)
    }
    return found
  }

  /** tslab's own module, as far as a page can have it. */
  #tslab(): object {
    const show = (data: Record<string, unknown>): DisplayOutput => {
      const output: DisplayOutput = { output_type: "display_data", data, metadata: {} }
      this.#outputs.add(output)
      return output
    }
    return { display: new Display(show, false), newDisplay: () => new Display(show, true) }
  }

  /** The last expression's value in an object: a promise among them is shown, not waited for. */
  async #execute(cell: CompiledCell, modules: ReadonlyMap<string, object>): Promise<{ last: unknown }> {
    let last: unknown
    const given = { console: this.#console }
    // Sloppy outside, for `with`; a cell itself is strict, as tslab's are.
    const make = new Function(
      "scope",
      `with (scope) return (async function (require, own, last) { "use strict"; ${cell.own}\n${cell.code}\n})\n//# sourceURL=${scriptName(cell.id)}`,
    ) as (scope: object) => (...args: unknown[]) => Promise<void>
    const body = make(this.#scope.object(given))
    await body(
      (name: string) => modules.get(name),
      (names: Record<string, () => unknown>) => this.#scope.declare(names),
      (value: unknown) => {
        last = value
      },
    )
    return { last }
  }

  #failure({ id }: CompiledCell, thrown: unknown): Output {
    const text = typeof thrown === "string" ? thrown : this.#host.inspect(thrown)
    const failure = failureOf([`${text}\n`], id, (frame) => this.#place(frame))
    return failure?.error ?? { output_type: "error", ename: "Error", evalue: text, traceback: [] }
  }

  /** `cell fdb 3:7`. */
  #place({ script, line, column }: Frame): string | undefined {
    const [, id = ""] = /^podwire-cell:([\w-]+)$/.exec(script) ?? []
    const cell = this.#cells.get(id)
    if (cell === undefined || line <= LINES_BEFORE) return undefined
    const own = line - LINES_BEFORE
    const { last } = cell
    const right = last !== undefined && own === last.line && column > last.column + last.by ? last.by : 0
    return `cell ${id} ${own}:${column - right}`
  }
}
