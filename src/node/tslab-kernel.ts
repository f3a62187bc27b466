/** The real tslab kernel, driven over ZeroMQ (Jupyter messaging protocol 5.3). */
import { type ChildProcess, spawn } from "node:child_process"
import { createHmac, randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { Dealer, Subscriber } from "zeromq"

/** One message as it arrived. */
export interface KernelMessage {
  type: string
  parent: string
  content: Record<string, unknown>
}

const RETRY_MS = 150
const START_TIMEOUT_MS = 30_000

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
  readonly #shell = new Dealer({ linger: 0 })
  readonly #control = new Dealer({ linger: 0 })
  readonly #iopub = new Subscriber({ linger: 0 })
  readonly #key: string
  readonly #folder: string
  readonly #session = randomBytes(8).toString("hex")
  readonly #listeners = new Set<(channel: "shell" | "iopub", message: KernelMessage) => void>()
  #counter = 0
  #exited = false

  private constructor(child: ChildProcess, key: string, folder: string) {
    this.#process = child
    this.#key = key
    this.#folder = folder
    child.once("exit", () => {
      this.#exited = true
    })
  }

  /** Starts a kernel in `cwd` and waits until it answers. */
  static async start(cwd: string): Promise<TslabKernel> {
    const [shell, iopub, stdin, control, heartbeat] = (await freePorts(5)) as [number, number, number, number, number]
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
    const require = createRequire(import.meta.url)
    const tslab = resolve(dirname(require.resolve("tslab/package.json")), "bin/tslab")
    // The kernel starts whatever `node` comes first: it must be the one that runs this.
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    }
    const child = spawn(process.execPath, [tslab, "kernel", "--config-path", connection], {
      cwd,
      env,
      stdio: ["ignore", "ignore", "inherit"],
    })
    const kernel = new TslabKernel(child, key, folder)
    await kernel.#connect(shell, iopub, control)
    return kernel
  }

  async #connect(shell: number, iopub: number, control: number): Promise<void> {
    this.#shell.connect(`tcp://127.0.0.1:${shell}`)
    this.#control.connect(`tcp://127.0.0.1:${control}`)
    this.#iopub.connect(`tcp://127.0.0.1:${iopub}`)
    this.#iopub.subscribe()
    void this.#listen("shell", this.#shell)
    void this.#listen("iopub", this.#iopub)
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
        if (Date.now() > deadline) throw new Error("tslab did not answer within 30 s")
        await this.#send(this.#shell, "kernel_info_request", {})
        await new Promise((done) => setTimeout(done, RETRY_MS))
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  async #listen(channel: "shell" | "iopub", socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) this.#receive(channel, frames)
    } catch {
      // The socket was closed.
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
    for (const listener of this.#listeners) listener(channel, message)
  }

  #sign(frames: readonly (Buffer | string)[]): string {
    const hmac = createHmac("sha256", this.#key)
    for (const frame of frames) hmac.update(frame)
    return hmac.digest("hex")
  }

  async #send(socket: Dealer, type: string, content: Record<string, unknown>): Promise<string> {
    const id = `${this.#session}-${++this.#counter}`
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
    return id
  }

  /** Runs a cell; `onMessage` sees everything it publishes. Resolves with the reply's status. */
  async execute(
    code: string,
    onMessage: (message: KernelMessage) => void,
    timeout: number,
  ): Promise<"ok" | "error" | "timeout"> {
    let status: string | undefined
    let idle = false
    let id = ""
    const early: { channel: string; message: KernelMessage }[] = []
    return new Promise((done, fail) => {
      const finish = (result: "ok" | "error" | "timeout"): void => {
        clearTimeout(timer)
        this.#process.off("exit", died)
        this.#listeners.delete(listener)
        done(result)
      }
      const died = (): void => {
        clearTimeout(timer)
        this.#listeners.delete(listener)
        fail(new Error("the tslab kernel died"))
      }
      const take = (channel: string, message: KernelMessage): void => {
        if (message.parent !== id) return
        if (channel === "shell" && message.type === "execute_reply") status = String(message.content["status"])
        else if (channel === "iopub" && message.type === "status")
          idle ||= message.content["execution_state"] === "idle"
        else if (channel === "iopub") onMessage(message)
        if (status !== undefined && idle) finish(status === "ok" ? "ok" : "error")
      }
      const listener = (channel: "shell" | "iopub", message: KernelMessage): void => {
        if (id === "") early.push({ channel, message })
        else take(channel, message)
      }
      const timer = setTimeout(() => {
        this.#process.kill("SIGINT")
        setTimeout(() => finish("timeout"), 1000)
      }, timeout)
      this.#listeners.add(listener)
      this.#process.once("exit", died)
      this.#send(this.#shell, "execute_request", {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: true,
      }).then((sent) => {
        id = sent
        for (const { channel, message } of early) take(channel, message)
      }, fail)
    })
  }

  /** Asks the kernel to end, and ends it if it does not. */
  async stop(): Promise<void> {
    if (!this.#exited) {
      const gone = new Promise<void>((done) => this.#process.once("exit", () => done()))
      await this.#send(this.#control, "shutdown_request", { restart: false }).catch(() => undefined)
      const killer = setTimeout(() => this.#process.kill("SIGKILL"), 2000)
      await gone
      clearTimeout(killer)
    }
    this.#shell.close()
    this.#control.close()
    this.#iopub.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
