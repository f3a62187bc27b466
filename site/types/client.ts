/** A page's side of its type checker: one for all its editors, started when the first of them needs it. */
import { say } from "../i18n/strings.ts"
import type { CellText, FromTypes, ToTypes, Types } from "./protocol.ts"

/** The page around the editors. */
export interface TypesPage {
  /** The address of what the checker reads. */
  readonly library: string
  /** The cells as they are now, in order. */
  cells(): readonly CellText[]
  /** A reader has asked to write. */
  readonly writing: boolean
  /** Says something to the reader. */
  say(text: string): void
}

/** What can be asked, and what the answer is; undefined when there is none: not loaded, or not there. */
type Answer<K extends keyof Types> = ReturnType<Types[K]> | undefined
export type Loading = "waiting" | "loading" | "ready" | "failed"

/** How long a reader pauses before the page looks at what was typed (ms). */
const PAUSE_MS = 250

export class TypesClient {
  readonly page: TypesPage
  readonly #listeners = new Set<() => void>()
  readonly #waiting = new Map<number, (value: unknown) => void>()
  #worker: Worker | undefined
  #asked = 0
  /** The cells the worker has, as text. */
  #sent = ""
  #timer: ReturnType<typeof setTimeout> | undefined
  loading: Loading = "waiting"

  constructor(page: TypesPage) {
    this.page = page
  }

  /** Calls when messages are to be asked for anew, or when loading has come further. Returns what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A reader is about to write: loads what is needed; where that failed before, only when asked to try again. */
  start(again = false): void {
    if (this.#worker !== undefined || (this.loading === "failed" && !again)) return
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "podwire types" })
    worker.addEventListener("message", ({ data }: MessageEvent<FromTypes>) => this.#hear(data))
    worker.addEventListener("error", (event) => {
      event.preventDefault()
      this.#fail(event.message)
    })
    this.#worker = worker
    this.#sent = ""
    this.#post({ kind: "start", library: new URL(this.page.library, location.href).href })
    this.#become("loading")
  }

  /** A cell's text is another one: all cells may have other messages soon. */
  changed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tellAll(), PAUSE_MS)
  }

  async ask<K extends keyof Types>(what: K, ...args: Parameters<Types[K]>): Promise<Answer<K>> {
    if (this.#worker === undefined) return undefined
    const cells = this.page.cells()
    const text = JSON.stringify(cells)
    const n = ++this.#asked
    this.#post({ kind: "ask", n, what, args, ...(text === this.#sent ? {} : { cells }) })
    this.#sent = text
    return new Promise((done) => this.#waiting.set(n, done as (value: unknown) => void))
  }

  #post(message: ToTypes): void {
    this.#worker?.postMessage(message)
  }

  #hear(message: FromTypes): void {
    if (message.kind === "failed") {
      this.#fail(message.why)
      return
    }
    this.#waiting.get(message.n)?.(message.value)
    this.#waiting.delete(message.n)
    if (this.loading !== "ready") this.#become("ready")
  }

  /** The editors go on without. */
  #fail(why = ""): void {
    this.#worker?.terminate()
    this.#worker = undefined
    for (const done of this.#waiting.values()) done(undefined)
    this.#waiting.clear()
    this.#become("failed")
    this.page.say(say("types.lost", { why: why === "" ? "" : ` (${why})` }))
  }

  #become(loading: Loading): void {
    this.loading = loading
    this.#tellAll()
  }

  #tellAll(): void {
    for (const listener of this.#listeners) listener()
  }
}

const clients = new WeakMap<TypesPage, TypesClient>()

export function clientOf(page: TypesPage): TypesClient {
  let client = clients.get(page)
  if (client === undefined) clients.set(page, (client = new TypesClient(page)))
  return client
}
