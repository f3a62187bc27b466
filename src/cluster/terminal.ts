/** A program with a keyboard: what is typed goes in while it runs, Ctrl-C and Ctrl-D included. */
import type { Kernel } from "../linux/kernel.ts"
import { type OpenFile, SinkFile, SourceFile } from "../linux/task/file.ts"
import { foregroundOf } from "../linux/task/foreground.ts"
import type { Process } from "../linux/task/process.ts"
import { printable } from "../shell/exec-result.ts"
import type { Simulation } from "../sim/simulation.ts"
import type { Site } from "./command.ts"
import { completions } from "./completion.ts"

/** What a {@link Terminal} runs, and who sees it. */
export interface TerminalOptions {
  /** Sees what is printed, when it is printed. */
  onOutput: (stream: "stdout" | "stderr", data: Uint8Array) => void
  /** A command line; an interactive shell when left out. */
  command?: string
  /** What the command finds in `$0`, `$1`, … (the shell's name, nothing). */
  args?: readonly string[]
  /** Programs find a terminal at their descriptors (true): shells prompt. When false they find pipes, and a shell reads its input as a script. */
  tty?: boolean
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>
}

/** See {@link Cluster.terminal}. */
export class Terminal {
  readonly #sim: Simulation
  readonly #kernels: readonly Kernel[]
  readonly #input: SourceFile
  readonly #files: ReadonlySet<OpenFile>
  readonly #program: Process

  constructor(sim: Simulation, kernels: readonly Kernel[], site: Site, options: TerminalOptions) {
    const tty = options.tty ?? true
    const out = new SinkFile((data) => options.onOutput("stdout", data), tty)
    const err = new SinkFile((data) => options.onOutput("stderr", data), tty)
    this.#sim = sim
    this.#kernels = kernels
    this.#input = new SourceFile(tty)
    this.#files = new Set<OpenFile>([this.#input, out, err])
    const argv =
      options.command === undefined ? site.shell : [...site.shell, "-c", options.command, ...(options.args ?? [])]
    const env = new Map([...(site.options.env ?? []), ...Object.entries(options.env ?? {})])
    const fds = new Map<number, OpenFile>([
      [0, this.#input],
      [1, out],
      [2, err],
    ])
    const proc = site.kernel.processes.run(argv, { ...site.options, env, fds })
    if (typeof proc === "string") throw new Error(`${site.shell[0]}: ${proc}`)
    this.#program = proc
  }

  /** Types text; a line ends with `\n`. Takes effect when time passes: see {@link settle}. */
  write(text: string): void {
    // A terminal hands out at most a line a read.
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) this.#input.push(new TextEncoder().encode(line))
  }

  /** Ctrl-D: whoever reads next finds the end of the input. Without a terminal (`tty: false`) the input is over for good. */
  end(): void {
    if (this.#input.isTty) this.#input.push(new Uint8Array(0))
    else this.#input.end()
  }

  /** Ctrl-C: SIGINT for what runs in the foreground; at the prompt it drops the line. */
  interrupt(): void {
    for (const proc of this.#foreground()) proc.kill("SIGINT")
  }

  /** A program waits for input, and none is left. */
  get wantsInput(): boolean {
    return this.#input.wanted
  }

  /** The exit code of the shell or command, once it has ended. */
  get code(): number | undefined {
    return this.#program.status?.code
  }

  /** Lets time pass until input is wanted, or the shell or command has ended. */
  settle(): Promise<void> {
    return this.#sim.until(() => this.wantsInput || this.code !== undefined)
  }

  /** What the last word of a line can become: programs for the first word, files for the others. */
  complete(line: string): string[] {
    return completions(this.#program, line)
  }

  #foreground(): Process[] {
    const holders = this.#kernels
      .flatMap((kernel) => kernel.processes.list())
      .filter((proc) => [...proc.fds.values()].some((file) => this.#files.has(file)) || proc === this.#program)
    return foregroundOf(holders)
  }

  toString(): string {
    const state = this.code === undefined ? (this.wantsInput ? "waits for input" : "runs") : `ended with ${this.code}`
    return `terminal: ${this.#program.argv.join(" ")} ${state}`
  }
}

printable(Terminal, (terminal) => terminal.toString())
