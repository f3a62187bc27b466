/** The real tslab kernel, driven over ZeroMQ (Jupyter messaging protocol 5.3). */
import { type ChildProcess, spawn } from "node:child_process"
import { createHmac, randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import type { Dealer, Subscriber } from "zeromq"

/** One message as it arrived. */
export interface KernelMessage {
  type: string
  parent: string
  content: Record<string, unknown>
}

export type CellStatus = "ok" | "error" | "timeout" | "dead"

const RETRY_MS = 150
const START_TIMEOUT_MS = 30_000
const INTERRUPT_MS = 1000
const SHUTDOWN_MS = 2000

/** Loaded into the kernel before tslab: when the descriptor to us closes, however we ended, the kernel ends too. */
const GUARD = `data:text/javascript,${encodeURIComponent(`
import { Socket } from "node:net"
new Socket({ fd: 3 }).on("close", () => process.kill(process.pid, "SIGKILL")).on("error", () => {}).resume().unref()
`)}`

/** tslab's folder. It and zeromq are not podwire's dependencies: whoever runs notebooks installs them. */
function tslabFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("tslab/package.json"))
  } catch {
    throw new Error("notebooks need tslab and zeromq: npm install --save-dev tslab zeromq")
  }
}

/** The version of the tslab that runs notebooks. */
export function tslabVersion(): string {
  return String((JSON.parse(readFileSync(join(tslabFolder(), "package.json"), "utf8")) as { version: unknown }).version)
}

interface Sockets {
  shell: Dealer
  control: Dealer
  iopub: Subscriber
}

async function openSockets(): Promise<Sockets> {
  const { Dealer, Subscriber } = await import("zeromq").catch(() => {
    throw new Error("notebooks need tslab and zeromq: npm install --save-dev tslab zeromq")
  })
  return {
    shell: new Dealer({ linger: 0 }),
    control: new Dealer({ linger: 0 }),
    iopub: new Subscriber({ linger: 0 }),
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done) => {
          const server = createServer()
          server.listen(0, "127.0.0.1", () => done(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

export class TslabKernel {
  readonly #process: ChildProcess
  readonly #sockets: Sockets
  readonly #key: string
  readonly #folder: string
  readonly #session = randomBytes(8).toString("hex")
  readonly #listeners = new Set<(channel: "shell" | "iopub", message: KernelMessage) => void>()
  /** By request: who is told of what a cell publishes, after its end as well. */
  readonly #owners = new Map<string, (message: KernelMessage) => void>()
  #counter = 0
  #exited = false
  #broken: Error | undefined

  private constructor(child: ChildProcess, sockets: Sockets, key: string, folder: string) {
    this.#process = child
    this.#sockets = sockets
    this.#key = key
    this.#folder = folder
    child.once("exit", () => {
      this.#exited = true
    })
  }

  /** Starts a kernel in `cwd` and waits until it answers. Whatever goes wrong, nothing stays behind. */
  static async start(cwd: string): Promise<TslabKernel> {
    const tslab = resolve(tslabFolder(), "bin/tslab")
    const sockets = await openSockets()
    const ports = (await freePorts(5)) as [number, number, number, number, number]
    const [shell, iopub, stdin, control, heartbeat] = ports
    const key = randomBytes(16).toString("hex")
    const folder = mkdtempSync(join(tmpdir(), "podwire-kernel-"))
    const connection = join(folder, "connection.json")
    const file = {
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: heartbeat,
      ip: "127.0.0.1",
      key,
      transport: "tcp",
      signature_scheme: "hmac-sha256",
    }
    writeFileSync(connection, JSON.stringify(file), { mode: 0o600 })
    // The kernel starts whatever `node` comes first: it must be the one that runs this.
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    }
    const child = spawn(process.execPath, ["--import", GUARD, tslab, "kernel", "--config-path", connection], {
      cwd,
      env,
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      // Ctrl-C is for the runner: it stops the kernel in its own way.
      detached: true,
    })
    const kernel = new TslabKernel(child, sockets, key, folder)
    try {
      await kernel.#connect(shell, iopub, control)
    } catch (error) {
      await kernel.stop()
      throw error
    }
    return kernel
  }

  async #connect(shell: number, iopub: number, control: number): Promise<void> {
    const sockets = this.#sockets
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
    const deadline = Date.now() + START_TIMEOUT_MS
    try {
      while (!(seen.shell && seen.iopub)) {
        if (this.#exited) throw new Error("tslab ended while starting")
        if (this.#broken !== undefined) throw this.#broken
        if (Date.now() > deadline) throw new Error("tslab did not answer within 30 s")
        await this.#send(this.#sockets.shell, "kernel_info_request", {})
        await new Promise((done) => setTimeout(done, RETRY_MS))
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  async #listen(channel: "shell" | "iopub", socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) this.#receive(channel, frames)
    } catch (error) {
      // A closed socket ends the loop without an error.
      this.#broken = error as Error
      this.#process.kill("SIGKILL")
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
    const hmac = createHmac("sha256", this.#key)
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
  execute(
    code: string,
    onMessage: (message: KernelMessage, late: boolean) => void,
    timeout: number,
  ): Promise<CellStatus> {
    let reply: string | undefined
    let idle = false
    let over = false
    let timedOut = false
    const id = this.#newId()
    this.#owners.set(id, (message) => onMessage(message, over))
    return new Promise((done) => {
      let timer: NodeJS.Timeout
      const finish = (status: CellStatus): void => {
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
        if (reply !== undefined && idle) finish(timedOut ? "timeout" : reply === "ok" ? "ok" : "error")
      }
      timer = setTimeout(() => {
        timedOut = true
        this.#process.kill("SIGINT")
        timer = setTimeout(() => this.#process.kill("SIGKILL"), INTERRUPT_MS)
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

  /** Asks the kernel to end, and ends it if it does not. */
  async stop(): Promise<void> {
    const { shell, control, iopub } = this.#sockets
    if (!this.#exited) {
      const gone = new Promise<void>((done) => this.#process.once("exit", () => done()))
      const killer = setTimeout(() => this.#process.kill("SIGKILL"), SHUTDOWN_MS)
      await this.#send(control, "shutdown_request", { restart: false }).catch(() => undefined)
      await gone
      clearTimeout(killer)
    }
    shell.close()
    control.close()
    iopub.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
