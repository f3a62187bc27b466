/** A shell on a cluster, for a terminal on a page: what is typed comes as messages, what it prints goes as messages. */
import type { Cluster, Terminal } from "podwire"

export type ToShell =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "interrupt" | "end" }
  | { readonly kind: "complete"; readonly line: string }

export type FromShell =
  | { readonly kind: "output"; readonly text: string }
  /** It waits for a line. */
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "words"; readonly line: string; readonly words: readonly string[] }

/** Virtual time that passes at most before the page has a turn. A program that prints nothing runs at an hour a second. */
const SLICE_NS = 180e9
const SLICE_MS = 50
/** Between two outputs virtual time may leap; the reader waits at most this long (ms). */
const PAUSE_MAX_MS = 1000

export class Shell {
  readonly #cluster: Cluster
  readonly #terminal: Terminal
  readonly #tell: (message: FromShell) => void
  readonly #decoder = new TextDecoder()
  #pending = ""
  #working = false
  /** Ends a pause: something was typed. */
  #wake = (): void => undefined

  constructor(cluster: Cluster, machine: string, tell: (message: FromShell) => void) {
    this.#cluster = cluster
    this.#tell = tell
    this.#terminal = cluster.terminal(machine, {
      onOutput: (_, data) => {
        this.#pending += this.#decoder.decode(data, { stream: true })
      },
    })
    void this.#work()
  }

  hear(message: ToShell): void {
    const terminal = this.#terminal
    if (message.kind === "complete") {
      this.#tell({ kind: "words", line: message.line, words: terminal.complete(message.line) })
      return
    }
    if (message.kind === "line") terminal.write(`${message.text}\n`)
    else if (message.kind === "interrupt") terminal.interrupt()
    else terminal.end()
    this.#wake()
    void this.#work()
  }

  /** Lets the shell work until it wants a line again. */
  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    const { sim } = this.#cluster
    let shown = sim.now
    for (;;) {
      await this.#slice()
      if (this.#pending !== "") {
        await this.#pause(Math.min((sim.now - shown) / 1e6, PAUSE_MAX_MS))
        shown = sim.now
        this.#tell({ kind: "output", text: this.#pending })
        this.#pending = ""
      } else if (this.#rests) break
      else await this.#pause(SLICE_MS)
    }
    this.#working = false
    const { code } = this.#terminal
    this.#tell(code === undefined ? { kind: "ready" } : { kind: "ended", code })
  }

  get #rests(): boolean {
    return this.#terminal.code !== undefined || this.#terminal.wantsInput
  }

  async #slice(): Promise<void> {
    const { sim } = this.#cluster
    let over = false
    const timer = sim.schedule(SLICE_NS, { fire: () => (over = true) }, 0)
    await sim.until(() => over || this.#rests || this.#pending !== "")
    sim.cancel(timer)
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((done) => {
      this.#wake = done
      setTimeout(done, milliseconds)
    })
  }
}
