/** The real tslab kernel, driven over ZeroMQ (Jupyter messaging protocol 5.3). */
import { type ChildProcess, spawn } from "node:child_process"
import { createHmac, randomBytes } from "node:crypto"
import { rmSync } from "node:fs"
import type { Dealer, Subscriber } from "zeromq"
import { type Connection, newConnection } from "./connection.ts"
import { CONNECTION_FILE, type KernelCommand, NEEDS_TSLAB, ownCommand } from "./kernel-command.ts"

/** One message as it arrived. */
export interface KernelMessage {
  type: string
  parent: string
  content: Record<string, unknown>
}

export type CellStatus = "ok" | "error" | "timeout" | "dead"

const RETRY_MS = 150
const START_TIMEOUT_MS = 60_000
/** What an interrupted cell has for its end: milliseconds, but on a busy machine. */
const INTERRUPT_MS = 5000
/** How long a kernel that has nothing to do may take to answer: one that does not is busy with what a cell left behind. */
const IDLE_MS = 5000
const SHUTDOWN_MS = 2000
const COMPLAINT_MAX = 4000

interface Sockets {
  shell: Dealer
  control: Dealer
  iopub: Subscriber
}

async function openSockets(): Promise<Sockets> {
  const { Dealer, Subscriber } = await import("zeromq").catch(() => {
    throw new Error(NEEDS_TSLAB)
  })
  return {
    shell: new Dealer({ linger: 0 }),
    control: new Dealer({ linger: 0 }),
    iopub: new Subscriber({ linger: 0 }),
  }
}

export class TslabKernel {
  readonly #process: ChildProcess
  readonly #sockets: Sockets
  readonly #connection: Connection
  readonly #session = randomBytes(8).toString("hex")
  readonly #listeners = new Set<(channel: "shell" | "iopub", message: KernelMessage) => void>()
  /** By request: who is told of what a cell publishes, after its end as well. */
  readonly #owners = new Map<string, (message: KernelMessage) => void>()
  #counter = 0
  #exited = false
  #broken: Error | undefined
  /** The end of what it wrote to standard error. */
  #complaint = ""

  private constructor(child: ChildProcess, sockets: Sockets, connection: Connection) {
    this.#process = child
    this.#sockets = sockets
    this.#connection = connection
    child.once("exit", () => {
      this.#exited = true
    })
    child.once("error", (error: NodeJS.ErrnoException) => {
      this.#exited = true
      this.#broken = error.code === "ENOENT" ? new Error(`${child.spawnfile}: no such program`) : error
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_MAX)
    })
  }

  /** Starts a kernel in `cwd`, tslab with this Node or what `command` says, and waits until it answers. Whatever goes wrong, nothing stays behind. */
  static async start(cwd: string, command?: KernelCommand): Promise<TslabKernel> {
    const sockets = await openSockets()
    const connection = await newConnection()
    const { argv, env } = command ?? ownCommand()
    const [program = "", ...args] = argv.map((word) => word.replaceAll(CONNECTION_FILE, connection.file))
    const child = spawn(program, args, {
      cwd,
      env: { ...(env ?? process.env), NO_COLOR: "1", FORCE_COLOR: "0" },
      // What another's command complains about is part of the answer.
      stdio: ["ignore", "ignore", command === undefined ? "inherit" : "pipe", "pipe"],
      // Ctrl-C is for the runner: it stops the kernel in its own way.
      detached: true,
    })
    const kernel = new TslabKernel(child, sockets, connection)
    try {
      await kernel.#connect()
    } catch (error) {
      await kernel.stop()
      throw error
    }
    return kernel
  }

  async #connect(): Promise<void> {
    const sockets = this.#sockets
    const { shell, iopub, control } = this.#connection
    sockets.shell.connect(`tcp://127.0.0.1:${shell}`)
    sockets.control.connect(`tcp://127.0.0.1:${control}`)
    sockets.iopub.connect(`tcp://127.0.0.1:${iopub}`)
    sockets.iopub.subscribe()
    void this.#listen("shell", sockets.shell)
    void this.#listen("iopub", sockets.iopub)
    await this.#ready()
  }

  /** A subscriber joins late and the kernel starts later still: asks until both channels have answered. */
  async #ready(): Promise<void> {
    const seen = { shell: false, iopub: false }
    const listener = (channel: "shell" | "iopub"): void => {
      seen[channel] = true
    }
    this.#listeners.add(listener)
    const deadline = performance.now() + START_TIMEOUT_MS
    try {
      while (!(seen.shell && seen.iopub)) {
        if (this.#broken !== undefined) throw this.#broken
        if (this.#exited) throw new Error(`tslab ended while starting${this.#lastWords()}`)
        if (performance.now() > deadline)
          throw new Error(`tslab did not answer within ${START_TIMEOUT_MS / 1000} s${this.#lastWords()}`)
        await this.#send(this.#sockets.shell, "kernel_info_request", {})
        await new Promise((done) => setTimeout(done, RETRY_MS))
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  /** Of what it complained about, the line that says most: an error's own, or the last. */
  #lastWords(): string {
    const lines = this.#complaint.trim().split("\n")
    const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[lines.length - 1]
    return said === "" ? "" : `: ${said}`
  }

  async #listen(channel: "shell" | "iopub", socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) this.#receive(channel, frames)
    } catch (error) {
      // A closed socket ends the loop without an error.
      this.#broken = error as Error
      this.#kill()
    }
  }

  #receive(channel: "shell" | "iopub", frames: Buffer[]): void {
    const at = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>")
    const [signature, header, parent, metadata, content] = frames.slice(at + 1)
    if (
      at < 0 ||
      signature === undefined ||
      header === undefined ||
      parent === undefined ||
      metadata === undefined ||
      content === undefined
    )
      return
    if (signature.toString() !== this.#sign([header, parent, metadata, content]))
      throw new Error("a message of the kernel has a wrong signature")
    const message = {
      type: String(JSON.parse(header.toString()).msg_type),
      parent: String(JSON.parse(parent.toString()).msg_id ?? ""),
      content: JSON.parse(content.toString()) as Record<string, unknown>,
    }
    if (channel === "iopub" && message.type !== "status") this.#owners.get(message.parent)?.(message)
    for (const listener of this.#listeners) listener(channel, message)
  }

  #sign(frames: readonly (Buffer | string)[]): string {
    const hmac = createHmac("sha256", this.#connection.key)
    for (const frame of frames) hmac.update(frame)
    return hmac.digest("hex")
  }

  #newId(): string {
    return `${this.#session}-${++this.#counter}`
  }

  async #send(
    socket: Dealer,
    type: string,
    content: Record<string, unknown>,
    id: string = this.#newId(),
  ): Promise<void> {
    const header = JSON.stringify({
      msg_id: id,
      username: "podwire",
      session: this.#session,
      date: new Date().toISOString(),
      msg_type: type,
      version: "5.3",
    })
    const frames = [header, "{}", "{}", JSON.stringify(content)]
    await socket.send(["<IDS|MSG>", this.#sign(frames), ...frames])
  }

  /**
   * Runs a cell. `onMessage` sees what it publishes; what comes after its end (a timer, a promise nobody awaited) with `late` set.
   * `timeout`: it ran longer than `timeout` milliseconds and could be interrupted. `dead`: the kernel has ended, by itself or because the
   * cell could not be interrupted.
   */
  async execute(
    code: string,
    onMessage: (message: KernelMessage, late: boolean) => void,
    timeout: number,
  ): Promise<CellStatus> {
    for (;;) {
      const status = await this.#execute(code, onMessage, timeout)
      if (status !== "abort") return status
      await new Promise((done) => setTimeout(done, RETRY_MS))
    }
  }

  /** `abort`: it did not run. tslab drops what arrives while it still clears away, about 200 ms, what was asked for before a cell that failed. */
  #execute(
    code: string,
    onMessage: (message: KernelMessage, late: boolean) => void,
    timeout: number,
  ): Promise<CellStatus | "abort"> {
    let reply: string | undefined
    let idle = false
    let over = false
    let timedOut = false
    const id = this.#newId()
    this.#owners.set(id, (message) => onMessage(message, over))
    return new Promise((done) => {
      let timer: NodeJS.Timeout
      const finish = (status: CellStatus | "abort"): void => {
        over = true
        clearTimeout(timer)
        this.#process.off("exit", died)
        this.#listeners.delete(listener)
        done(status)
      }
      const died = (): void => finish("dead")
      const listener = (channel: "shell" | "iopub", { parent, type, content }: KernelMessage): void => {
        if (parent !== id) return
        if (channel === "shell" && type === "execute_reply") reply = String(content["status"])
        if (channel === "iopub" && type === "status") idle ||= content["execution_state"] === "idle"
        if (reply === undefined || !idle) return
        finish(timedOut ? "timeout" : reply === "ok" || reply === "abort" ? reply : "error")
      }
      timer = setTimeout(() => {
        timedOut = true
        this.#process.kill("SIGINT")
        timer = setTimeout(() => this.#kill(), INTERRUPT_MS)
      }, timeout)
      this.#listeners.add(listener)
      if (this.#exited) {
        finish("dead")
        return
      }
      this.#process.once("exit", died)
      const content = {
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: true,
      }
      this.#send(this.#sockets.shell, "execute_request", { code, ...content }, id).catch(died)
    })
  }

  /**
   * Waits until what the kernel has printed by now is here: its timers that were due too. An answer may be given before the timers of its turn, the
   * next one is not. A kernel that does not answer is not waited for.
   */
  async settle(): Promise<void> {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), IDLE_MS)
    for (let turn = 0; turn < 2 && !limit.signal.aborted && !this.#exited; turn++) await this.#answer(limit.signal)
    clearTimeout(timer)
  }

  /** One question and the end of its answer on both channels, or the end of the kernel, or of the time. */
  #answer(limit: AbortSignal): Promise<void> {
    const id = this.#newId()
    const missing = new Set(["shell", "iopub"])
    return new Promise((done) => {
      const finish = (): void => {
        this.#listeners.delete(listener)
        this.#process.off("exit", finish)
        limit.removeEventListener("abort", finish)
        done()
      }
      const listener = (channel: "shell" | "iopub", { parent, content }: KernelMessage): void => {
        if (parent !== id || content["execution_state"] === "busy") return
        missing.delete(channel)
        if (missing.size === 0) finish()
      }
      this.#listeners.add(listener)
      this.#process.once("exit", finish)
      limit.addEventListener("abort", finish)
      this.#send(this.#sockets.shell, "kernel_info_request", {}, id).catch(finish)
    })
  }

  /** With what it started: a kernel may be behind a wrapper. */
  #kill(): void {
    if (this.#process.pid === undefined) return
    try {
      process.kill(-this.#process.pid, "SIGKILL")
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Asks the kernel to end, and ends it if it does not. */
  async stop(): Promise<void> {
    const { shell, control, iopub } = this.#sockets
    if (!this.#exited) {
      const gone = new Promise<void>((done) => this.#process.once("exit", () => done()))
      const killer = setTimeout(() => this.#kill(), SHUTDOWN_MS)
      await this.#send(control, "shutdown_request", { restart: false }).catch(() => undefined)
      await gone
      clearTimeout(killer)
    }
    shell.close()
    control.close()
    iopub.close()
    rmSync(this.#connection.folder, { recursive: true, force: true })
  }
}
