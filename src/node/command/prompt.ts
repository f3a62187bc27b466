/** `podwire sh` on a terminal: line editing, history, Tab, Ctrl-C, Ctrl-D, and a clock that a person can follow. */
import { createInterface, type Interface } from "node:readline"
import type { Cluster, Terminal } from "../../index.ts"
import { openTerminal } from "./drive.ts"

/** Between two outputs virtual time may leap; the reader waits at most this long (ms). */
const PAUSE_MAX_MS = 1000
/** A command that prints nothing runs at an hour a second: `sleep 60` is over at once, a waiting tcpdump costs nothing. */
const SLICE_NS = 180e9
const SLICE_MS = 50
/** While nobody types, virtual time goes with the reader's, up to this (ms). */
const IDLE_MAX_MS = 60_000
const HISTORY_SIZE = 1000

/** Runs an interactive shell until it ends; returns its exit code. */
export async function interactiveShell(cluster: Cluster, on: string | undefined): Promise<number> {
  const session = new Session(cluster, on)
  try {
    return await session.run()
  } finally {
    session.close()
  }
}

class Session {
  readonly #cluster: Cluster
  readonly #terminal: Terminal
  #lines: Interface
  #history: string[] = []
  /** Printed by programs, not shown yet. */
  #pending: ["stdout" | "stderr", Uint8Array][] = []
  /** What the last unfinished line of the screen says: the prompt, mostly. */
  #tail = ""
  readonly #decoder = new TextDecoder()
  /** Ends a pause: something was typed. */
  #wake: () => void = () => undefined
  #typed = false

  constructor(cluster: Cluster, on: string | undefined) {
    this.#cluster = cluster
    this.#terminal = openTerminal(cluster, on, { onOutput: (stream, data) => this.#pending.push([stream, data]) })
    this.#lines = this.#openLines()
  }

  close(): void {
    this.#lines.removeAllListeners("close")
    this.#lines.close()
    if (this.#tail !== "") process.stdout.write("\n")
  }

  async run(): Promise<number> {
    const terminal = this.#terminal
    for (;;) {
      await this.#work()
      if (terminal.code !== undefined) return terminal.code
      this.#lines.setPrompt(this.#tail)
      this.#lines.prompt(true)
      const since = performance.now()
      await this.#pause(undefined)
      await this.#cluster.advance(Math.min(performance.now() - since, IDLE_MAX_MS) / 1000)
    }
  }

  /** Lets the simulation run until input is wanted again, showing output in the order and, within limits, the rhythm of virtual time. */
  async #work(): Promise<void> {
    const { sim } = this.#cluster
    const terminal = this.#terminal
    const rests = (): boolean => terminal.code !== undefined || terminal.wantsInput
    let shown = sim.now
    for (;;) {
      await this.#slice(() => rests() || this.#pending.length > 0)
      if (this.#pending.length > 0) {
        await this.#pause(Math.min((sim.now - shown) / 1e6, PAUSE_MAX_MS))
        shown = sim.now
        this.#show()
      } else if (rests()) return
      else await this.#pause(SLICE_MS)
    }
  }

  /** Fires events until `done`, or for a slice of virtual time when nothing happens. */
  async #slice(done: () => boolean): Promise<void> {
    const { sim } = this.#cluster
    let over = false
    const timer = sim.schedule(SLICE_NS, { fire: () => (over = true) }, 0)
    await sim.until(() => over || done())
    sim.cancel(timer)
  }

  #show(): void {
    for (const [stream, data] of this.#pending.splice(0)) {
      process[stream].write(data)
      this.#tail += this.#decoder.decode(data, { stream: true })
    }
    this.#tail = this.#tail.slice(this.#tail.lastIndexOf("\n") + 1)
  }

  /** Waits (ms; for ever when undefined), or until something is typed. */
  async #pause(milliseconds: number | undefined): Promise<void> {
    if (this.#typed || milliseconds === 0) {
      this.#typed = false
      return
    }
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((done) => {
      this.#wake = done
      if (milliseconds !== undefined) timer = setTimeout(done, milliseconds)
    })
    clearTimeout(timer)
    this.#wake = () => undefined
    this.#typed = false
  }

  #openLines(): Interface {
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      prompt: "",
      history: this.#history,
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
      completer: (line: string): [string[], string] => {
        const word = /[^\s|&;<>(`$]*$/.exec(line)?.[0] ?? ""
        return [this.#terminal.complete(line), word]
      },
    })
    lines.on("history", (history: string[]) => (this.#history = history))
    lines.on("line", (line) => {
      // What is typed while a program runs stands alone.
      lines.setPrompt("")
      this.#tail = ""
      this.#terminal.write(`${line}\n`)
      this.#awake()
    })
    lines.on("SIGINT", () => {
      // The line typed so far is dropped; a running program says for itself what it stops with.
      lines.write(null, { ctrl: true, name: "u" })
      process.stdout.write(this.#terminal.wantsInput ? "^C\n" : "^C")
      this.#tail = ""
      this.#terminal.interrupt()
      this.#awake()
    })
    // Ctrl-D on an empty line closes readline for good; the shell decides whether that is the end.
    lines.on("close", () => {
      this.#terminal.end()
      this.#lines = this.#openLines()
      this.#awake()
    })
    return lines
  }

  #awake(): void {
    this.#typed = true
    this.#wake()
  }
}
