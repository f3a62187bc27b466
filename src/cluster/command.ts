/** From what a user writes to a finished program. */
import type { Kernel } from "../linux/kernel.ts"
import { BytesFile, NullFile, type OpenFile, SinkFile } from "../linux/task/file.ts"
import type { Process, SpawnOptions } from "../linux/task/process.ts"
import { ExecResult } from "../shell/exec-result.ts"

/** Where programs are started: a machine, a container, a pod's network. */
export interface Site {
  readonly kernel: Kernel
  /** The shell there. */
  readonly shell: readonly string[]
  readonly options: SpawnOptions
}

/** How a command line is run. */
export interface ExecOptions {
  /** Given up after this long, in virtual time: `"30s"`, `"500ms"`, or seconds. The command gets SIGTERM and the result code 143. */
  timeout?: string | number
  /** Standard input. */
  stdin?: string
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>
  /** Sees what is printed when it is printed; the result has it all the same. */
  onOutput?: (stream: "stdout" | "stderr", data: Uint8Array) => void
}

const EXEC_OPTIONS = { timeout: 0, stdin: 0, env: 0, onOutput: 0 } satisfies Record<keyof ExecOptions, 0>

/** Throws a TypeError for an option that does not exist. */
export function checkNames(what: string, options: object, known: object): void {
  const names = Object.keys(known)
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new TypeError(`${what} has no option "${unknown}"; there are: ${names.join(", ")}`)
}

/** A value for a command line: what needs no quotes stays bare. */
export function quote(value: unknown): string {
  const text = String(value)
  return text !== "" && /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A command line from a string, or from a template whose values are quoted: node.exec`ping -c 1 ${ip}`. */
export function commandLine(command: string | TemplateStringsArray, values: readonly unknown[]): string {
  if (typeof command === "string") return command
  return command.reduce((line, part, i) => line + part + (i < values.length ? quote(values[i]) : ""), "")
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
}

/** Nanoseconds of `"90s"`, `"1.5m"`, or a number of seconds. */
export function parseDuration(duration: string | number): number {
  if (typeof duration === "number" && Number.isFinite(duration) && duration >= 0) return Math.round(duration * 1e9)
  const match = typeof duration !== "string" ? null : /^(\d*\.?\d+)\s*(ns|us|µs|ms|s|min|m|h)$/.exec(duration.trim())
  if (match === null)
    throw new TypeError(
      `not a duration: ${typeof duration === "string" ? JSON.stringify(duration) : duration}; expected for example "500ms", "30s", "5m"`,
    )
  return Math.round(Number(match[1]) * (UNITS[match[2] as string] as number))
}

/** Collects what a program writes. */
export class Collector {
  stdout = ""
  stderr = ""
  output = ""
  readonly #decoders = [new TextDecoder(), new TextDecoder()] as const
  readonly #onOutput: ExecOptions["onOutput"]

  constructor(onOutput?: ExecOptions["onOutput"]) {
    this.#onOutput = onOutput
  }

  /** Descriptors 0 to 2. */
  fds(stdin: string | undefined): Map<number, OpenFile> {
    const input = stdin === undefined ? new NullFile() : new BytesFile(new TextEncoder().encode(stdin))
    return new Map<number, OpenFile>([
      [0, input],
      [1, new SinkFile((data) => this.#take(0, data))],
      [2, new SinkFile((data) => this.#take(1, data))],
    ])
  }

  #take(stream: 0 | 1, data: Uint8Array): void {
    this.#onOutput?.(stream === 0 ? "stdout" : "stderr", data)
    const text = this.#decoders[stream].decode(data, { stream: true })
    if (stream === 0) this.stdout += text
    else this.stderr += text
    this.output += text
  }

  result(code: number): ExecResult {
    return new ExecResult(this.stdout, this.stderr, this.output, code)
  }
}

/** Runs a command line in a site's shell. */
export function runAt(site: Site, script: string, exec: ExecOptions): Promise<ExecResult> {
  return runToEnd(site.kernel, [...site.shell, "-c", script], site.options, exec)
}

/** Runs a program and everything it needs, to its end. */
export async function runToEnd(
  kernel: Kernel,
  argv: readonly string[],
  options: SpawnOptions,
  exec: ExecOptions,
): Promise<ExecResult> {
  checkNames("exec", exec, EXEC_OPTIONS)
  const collector = new Collector(exec.onOutput)
  const env = new Map([...(options.env ?? []), ...Object.entries(exec.env ?? {})])
  const proc = kernel.processes.run(argv, { ...options, env, fds: collector.fds(exec.stdin) })
  if (typeof proc === "string") throw new Error(`${argv[0]}: ${proc}`)
  // By then another program may have taken the shell's place, with words of its own.
  await finish(kernel, proc, argv[argv.length - 1] ?? "", exec)
  return collector.result((proc.status as NonNullable<Process["status"]>).code)
}

/** A command that waits for what never happens would wait for ever: the kernels' timers keep the clock going. */
const YEAR = 365 * 86_400e9

/** Lets time pass until a process has ended. Throws when it does not end. */
async function finish(kernel: Kernel, proc: Process, command: string, exec: ExecOptions): Promise<void> {
  const { sim } = kernel
  const timer =
    exec.timeout === undefined
      ? undefined
      : sim.schedule(parseDuration(exec.timeout), { fire: () => proc.kill("SIGTERM") }, 0)
  const limit = sim.now + YEAR
  await sim.until(() => proc.status !== undefined || sim.now > limit)
  if (timer !== undefined) sim.cancel(timer)
  if (proc.status !== undefined) return
  killAll(proc)
  throw new Error(`a year of virtual time went by, and the command has not ended: ${command}`)
}

function killAll(proc: Process): void {
  for (const child of proc.children) killAll(child)
  proc.kill("SIGKILL")
}
