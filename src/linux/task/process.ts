/** A process: a program with its descriptors, environment, namespaces and place in the tree. Models task_struct. */
import { Task, WaitQueue } from "../../sim/task.ts"
import type { Errno } from "../errno.ts"
import type { Kernel } from "../kernel.ts"
import type { NetNamespace } from "../netns.ts"
import { NullFile, type OpenFile } from "./file.ts"
import { Signal } from "./signal.ts"
import type { Tool } from "./tool.ts"
import { resolvePath, type Vfs } from "./vfs.ts"

export interface ExitStatus {
  /** 0 to 255; 128 + the signal's number when one ended it. */
  readonly code: number
  readonly signal?: Signal
}

/** Thrown inside a program to end it. Programs do not catch it. */
export class ProcessExit {
  readonly status: ExitStatus
  constructor(status: ExitStatus) {
    this.status = status
  }
}

/** Thrown inside a program to put another in its place. Models execve(2) at the point of no return. */
export class ProcessExec {
  readonly tool: Tool
  readonly argv: readonly string[]
  readonly env: ReadonlyMap<string, string>
  constructor(tool: Tool, argv: readonly string[], env: ReadonlyMap<string, string>) {
    this.tool = tool
    this.argv = argv
    this.env = env
  }
}

/** Steps a program may take while the clock stands still, and what each such run costs: a processor is no faster. */
const STEPS_PER_SLICE = 1000
const SLICE = 10_000_000
/** A program that has used up so many slices in a row gets longer ones, twice as long every hundred: it hardly means to end. */
const PATIENCE = 1000
/** Bytes count as steps: 64 KiB each. */
const BYTES_PER_STEP = 65536
/** What a program may read to the end before the kernel's out-of-memory killer ends it. */
const MEMORY_MAX = 64 * 1024 * 1024
/** What making a process costs in steps. */
const FORK_STEPS = 100

export interface SpawnOptions {
  /** The program; looked up by `argv[0]` when absent. */
  tool?: Tool
  /** Replaces descriptors; the others are inherited. */
  fds?: ReadonlyMap<number, OpenFile>
  /** Replaces the whole environment. */
  env?: ReadonlyMap<string, string>
  cwd?: string
  uid?: number
  net?: NetNamespace
  fs?: Vfs
  hostname?: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A running program, as the program itself sees it: what a tool's `main` is given. Models task_struct. */
export class Process {
  readonly kernel: Kernel
  readonly pid: number
  readonly parent: Process | undefined
  readonly net: NetNamespace
  readonly fs: Vfs
  readonly task: Task
  argv: readonly string[]
  cwd: string
  uid: number
  /** Permissions that new files do not get. */
  umask: number
  /** The UTS namespace's name: a machine's or a pod's. */
  hostname: string
  readonly env: Map<string, string>
  readonly fds: Map<number, OpenFile> = new Map()
  /** Virtual time of birth. */
  readonly startTime: number
  readonly children: Set<Process> = new Set()
  /** The process that was started from outside: this one, or an ancestor. */
  readonly root: Process
  /** Of a root: it and its living descendants. */
  population = 1
  /** Signals to this process group reach it: the foreground job of a terminal. */
  group: number
  /** Set once it has ended. */
  status: ExitStatus | undefined = undefined
  readonly exited: WaitQueue = new WaitQueue()
  readonly #handlers = new Map<Signal, () => void>()
  readonly #ignored = new Set<Signal>()
  #dying: ProcessExit | undefined
  #interrupted: unknown
  /** Steps taken at {@link #stepTime}. */
  #steps = 0
  #stepTime = -1
  /** Slices used up in a row, and when the last one ends. */
  #slices = 0
  #sliceEnd = -1

  constructor(
    kernel: Kernel,
    pid: number,
    parent: Process | undefined,
    argv: readonly string[],
    options: Required<Omit<SpawnOptions, "tool" | "fds">>,
  ) {
    this.kernel = kernel
    this.pid = pid
    this.parent = parent
    this.argv = argv
    this.net = options.net
    this.fs = options.fs
    this.cwd = options.cwd
    this.uid = options.uid
    this.umask = parent?.umask ?? 0o022
    this.hostname = options.hostname
    this.env = new Map(options.env)
    this.task = new Task(kernel.sim)
    this.startTime = kernel.sim.now
    this.group = parent?.group ?? pid
    this.root = parent?.root ?? this
    for (const signal of parent === undefined ? [] : parent.#ignored) this.#ignored.add(signal)
    parent?.children.add(this)
  }

  // ── files ───────────────────────────────────────────────────────────────────────────────────

  /** Writes to standard output. */
  out(text: string | Uint8Array): Promise<void> {
    return this.write(1, text)
  }

  /** Writes to standard error. */
  err(text: string | Uint8Array): Promise<void> {
    return this.write(2, text)
  }

  /** Writes to a descriptor; returns when it is taken (a pipe may be full). */
  async write(fd: number, text: string | Uint8Array): Promise<void> {
    const data = typeof text === "string" ? encoder.encode(text) : text
    if (data.length > 0) await this.fds.get(fd)?.write(this, data)
    this.checkSignals()
    await this.step(1 + data.length / BYTES_PER_STEP)
  }

  /** Up to `max` bytes of a descriptor (65,536); empty at its end. */
  async read(fd: number, max = 65536): Promise<Uint8Array> {
    const file = this.fds.get(fd)
    return file === undefined ? new Uint8Array(0) : this.readFrom(file, max)
  }

  /** Reads from an open file that is no descriptor of ours. */
  async readFrom(file: OpenFile, max = 65536): Promise<Uint8Array> {
    const data = await file.read(this, max)
    await this.step(data.length / BYTES_PER_STEP)
    return data
  }

  /** Everything up to the end of a descriptor (standard input). */
  async readAll(fd = 0): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for (let size = 0; ; ) {
      const chunk = await this.read(fd)
      if (chunk.length === 0) break
      chunks.push(chunk)
      size += chunk.length
      this.checkMemory(size)
    }
    return concat(chunks)
  }

  /** Ends the program when it keeps more than there is. Models the out-of-memory killer. */
  checkMemory(size: number): void {
    if (size > MEMORY_MAX) throw new ProcessExit({ code: 128 + Signal.SIGKILL, signal: "SIGKILL" })
  }

  /** Everything up to the end of a descriptor, as text. */
  async readText(fd = 0): Promise<string> {
    return decoder.decode(await this.readAll(fd))
  }

  /** An absolute path for one as the user wrote it. */
  path(text: string): string {
    return resolvePath(this.cwd, text)
  }

  /** Closes a descriptor, when it is open. */
  closeFd(fd: number): void {
    this.fds.get(fd)?.close()
    this.fds.delete(fd)
  }

  /** Puts a file at a descriptor, closing what was there. */
  setFd(fd: number, file: OpenFile): void {
    this.closeFd(fd)
    this.fds.set(fd, file)
  }

  // ── time, children ──────────────────────────────────────────────────────────────────────────

  /** Sleeps in virtual time, in nanoseconds. */
  sleep(ns: number): Promise<void> {
    return this.task.sleep(ns)
  }

  /** fork and exec: starts a program beside this one. An errno when it cannot be found or run. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Process | Errno {
    this.#steps += FORK_STEPS
    return this.kernel.processes.spawn(this, argv, options)
  }

  /** Waits for a child's end. */
  async wait(child: Process): Promise<ExitStatus> {
    while (child.status === undefined) await this.task.wait(child.exited)
    this.children.delete(child)
    return child.status
  }

  /** Puts another program in this one's place: it does not return, unless with the reason why not. */
  exec(argv: readonly string[], env: ReadonlyMap<string, string> = this.env): Errno {
    return this.kernel.processes.exec(this, argv, env)
  }

  /** What {@link exec} leaves of the old program: descriptors, identity and what it ignored. */
  become(argv: readonly string[], env: ReadonlyMap<string, string>): void {
    this.argv = argv
    this.env.clear()
    for (const [name, value] of env) this.env.set(name, value)
    this.#handlers.clear()
  }

  /**
   * Work done without waiting for anything. A program that goes on and on while the clock stands still gives way for a time slice, so
   * that even an endless loop takes time, and whoever waits for its end with a timeout gets it. Models the scheduler's tick.
   */
  async step(count = 1): Promise<void> {
    const { now } = this.kernel.sim
    if (this.#stepTime !== now) {
      this.#stepTime = now
      this.#steps = 0
      if (now !== this.#sliceEnd) this.#slices = 0
    }
    this.#steps += count
    if (this.#steps < STEPS_PER_SLICE || this.task.blocked) return
    this.#steps = 0
    this.#slices++
    const slice = Math.round(SLICE * 2 ** Math.min(40, Math.max(0, (this.#slices - PATIENCE) / 100)))
    this.#sliceEnd = now + slice
    await this.task.sleep(slice)
  }

  // ── signals ─────────────────────────────────────────────────────────────────────────────────

  /** Handles a signal instead of dying of it. The handler runs at once; a sleeping program goes on sleeping. */
  on(signal: Signal, handler: () => void): void {
    this.#ignored.delete(signal)
    this.#handlers.set(signal, handler)
  }

  /** Lets a signal do what it does by default. */
  off(signal: Signal): void {
    this.#handlers.delete(signal)
    this.#ignored.delete(signal)
  }

  /** Lets a signal do nothing; SIGKILL cannot be ignored. */
  ignore(signal: Signal): void {
    this.#handlers.delete(signal)
    this.#ignored.add(signal)
  }

  /** Sends a signal to this process. */
  kill(signal: Signal): void {
    if (this.status !== undefined || this.#dying !== undefined) return
    if (signal !== "SIGKILL" && this.#ignored.has(signal)) return
    const handler = signal === "SIGKILL" ? undefined : this.#handlers.get(signal)
    if (handler !== undefined) {
      handler()
      return
    }
    if (signal === "SIGCHLD" || signal === "SIGCONT") return
    this.#dying = new ProcessExit({ code: 128 + Signal[signal], signal })
    this.task.interrupt(this.#dying)
  }

  /** A signal the program brings on itself; does not return unless it is handled. */
  raise(signal: Signal): void {
    if (this.#ignored.has(signal)) return
    const handler = this.#handlers.get(signal)
    if (handler !== undefined) handler()
    else throw new ProcessExit({ code: 128 + Signal[signal], signal })
  }

  /** Ends the program at once. */
  exit(code: number): never {
    throw new ProcessExit({ code })
  }

  /** Throws `reason` in the program, asleep or not: how a shell's handler for Ctrl-C ends what the shell is doing. */
  interrupt(reason: unknown): void {
    if (this.task.blocked) this.task.interrupt(reason)
    else this.#interrupted = reason
  }

  /** Dies here if a deadly signal came while the program was running; an {@link interrupt} is thrown here as well. */
  checkSignals(): void {
    if (this.#dying !== undefined) throw this.#dying
    if (this.#interrupted === undefined) return
    const reason = this.#interrupted
    this.#interrupted = undefined
    throw reason
  }
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** A descriptor that reads as empty and swallows what is written. */
export function nullFile(): OpenFile {
  return new NullFile()
}
