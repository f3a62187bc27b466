/** Runs a terminal to its end: output goes out as it comes, input is read when it is asked for. */
import type { Cluster, Terminal, TerminalOptions } from "../../index.ts"
import { UsageError } from "./arguments.ts"

/** Bytes written before the host gets a turn to notice that nobody reads, or that Ctrl-C was pressed. */
const WRITTEN_MAX = 1 << 20
/** In nanoseconds. */
const YEAR = 365 * 86_400e9
/** What a shell reports of a program that died of SIGPIPE. */
const SIGPIPE_STATUS = 141

/** Counts what is written, so that the simulation pauses for slow readers. */
export class HostOutput {
  #written = 0

  constructor() {
    // Whoever read us has left (`| head -1`): quietly done, as any program that SIGPIPE ends.
    for (const stream of [process.stdout, process.stderr])
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error
        process.exit(SIGPIPE_STATUS)
      })
  }

  write(stream: "stdout" | "stderr", data: Uint8Array): void {
    this.#written += data.length
    process[stream].write(data)
  }

  get full(): boolean {
    return this.#written > WRITTEN_MAX
  }

  /** Waits until what was written has left, and lets the host have a turn. */
  async drained(): Promise<void> {
    this.#written = 0
    if (process.stdout.writableNeedDrain) await new Promise((done) => process.stdout.once("drain", done))
    await new Promise((done) => setImmediate(done))
  }
}

/** Chunks of standard input, read on demand: a script that never reads never waits. */
class HostInput {
  #chunks: AsyncIterator<Buffer> | undefined
  readonly #decoder = new TextDecoder()

  /** `undefined` at the end. */
  async next(): Promise<string | undefined> {
    this.#chunks ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    const { done, value } = await this.#chunks.next()
    return done === true ? undefined : this.#decoder.decode(value, { stream: true })
  }

  close(): void {
    if (this.#chunks !== undefined) process.stdin.destroy()
  }
}

/** A terminal on a machine or pod (the first machine); a place that cannot be is bad usage, and those that can are listed. */
export function openTerminal(cluster: Cluster, on: string | undefined, options: TerminalOptions): Terminal {
  try {
    return cluster.terminal(on ?? cluster.nodes[0]?.name ?? "", options)
  } catch (error) {
    throw new UsageError(`--on: ${(error as Error).message}`)
  }
}

/** Runs one command (what standard input says when there is none) with the host's standard streams and returns its exit code. Ctrl-C goes to the simulated program; twice, it ends podwire. */
export async function runCommand(
  cluster: Cluster,
  on: string | undefined,
  command: string | undefined,
  words: readonly string[],
): Promise<number> {
  const output = new HostOutput()
  const input = new HostInput()
  let lastOutput = cluster.sim.now
  const terminal = openTerminal(cluster, on, {
    ...(command === undefined ? {} : { command }),
    args: words,
    tty: false,
    onOutput: (stream, data) => {
      lastOutput = cluster.sim.now
      output.write(stream, data)
    },
  })
  const interrupt = (): void => {
    terminal.interrupt()
    process.once("SIGINT", () => process.exit(130))
  }
  process.once("SIGINT", interrupt)
  try {
    while (terminal.code === undefined) {
      const { sim } = cluster
      const limit = sim.now + YEAR
      const silent = (): boolean => sim.now > Math.max(limit, lastOutput + YEAR)
      await sim.until(() => terminal.code !== undefined || terminal.wantsInput || output.full || silent())
      if (silent())
        throw new Error("nothing was printed for a year of virtual time: what the command waits for does not happen")
      await output.drained()
      if (terminal.code !== undefined || !terminal.wantsInput) continue
      const chunk = await input.next()
      if (chunk === undefined) terminal.end()
      else terminal.write(chunk)
    }
    return terminal.code
  } finally {
    process.removeListener("SIGINT", interrupt)
    input.close()
  }
}
