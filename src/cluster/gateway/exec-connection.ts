/** One exec as messages: v5.channel.k8s.io, and v4 of older clients. Models apimachinery's pkg/util/remotecommand. */
import type { ExecSession, ExecStreams } from "../../kube/api/request.ts"
import type { Status } from "../../kube/api/status.ts"
import { SinkFile, SourceFile } from "../../linux/task/file.ts"
import type { GatewayExec } from "./gateway.ts"
import { LineDiscipline, terminalOutput } from "./line-discipline.ts"

/** The first byte of every message. */
const Channel = { STDIN: 0, STDOUT: 1, STDERR: 2, ERROR: 3, RESIZE: 4, CLOSE: 255 } as const
const CHUNK = 32_768

/** A program in a container and its client. */
export class ExecConnection implements GatewayExec {
  /** What the program has at its descriptors. */
  readonly streams: ExecStreams
  readonly #send: (message: Uint8Array) => void
  readonly #tty: boolean
  readonly #stdin: SourceFile
  readonly #typed: LineDiscipline | undefined
  #session: ExecSession | undefined
  #refused: Status | undefined

  constructor(path: string, send: (message: Uint8Array) => void) {
    const wants = (name: string): boolean => new RegExp(`[?&]${name}=(?:true|1)(?:&|$)`).test(path)
    this.#send = send
    this.#tty = wants("tty")
    this.#stdin = new SourceFile(this.#tty)
    if (this.#tty)
      this.#typed = new LineDiscipline({
        input: (data) => this.#stdin.push(data),
        echo: (data) => this.#say(Channel.STDOUT, data),
        interrupt: () => this.#session?.interrupt(),
      })
    // A terminal has one way out.
    const stderr = this.#tty ? Channel.STDOUT : wants("stderr") ? Channel.STDERR : undefined
    this.streams = {
      ...(wants("stdin") ? { stdin: this.#stdin } : {}),
      ...(wants("stdout") ? { stdout: this.#sink(Channel.STDOUT) } : {}),
      ...(stderr === undefined ? {} : { stderr: this.#sink(stderr) }),
    }
  }

  /** The program runs, or the container runtime said why not. */
  begin(session: ExecSession | undefined, refused: Status | undefined): void {
    this.#session = session
    this.#refused = refused
  }

  get last(): Uint8Array | undefined {
    const status = this.#session === undefined ? this.#refused : this.#session.status
    return status && message(Channel.ERROR, new TextEncoder().encode(JSON.stringify(status)))
  }

  /** Sizes of the client's terminal are of no use to anybody here. */
  receive(data: Uint8Array): void {
    const content = data.slice(1)
    if (data[0] === Channel.CLOSE && content[0] === Channel.STDIN) this.#stdin.end()
    if (data[0] !== Channel.STDIN) return
    if (this.#typed === undefined) this.#stdin.push(content)
    else this.#typed.type(content)
  }

  abort(): void {
    if (this.last === undefined) this.#session?.abort()
  }

  #sink(channel: number): SinkFile {
    return new SinkFile((data) => this.#say(channel, this.#tty ? terminalOutput(data) : data), this.#tty)
  }

  #say(channel: number, data: Uint8Array): void {
    for (let at = 0; at < data.length; at += CHUNK) this.#send(message(channel, data.subarray(at, at + CHUNK)))
  }
}

function message(channel: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 1)
  bytes[0] = channel
  bytes.set(data, 1)
  return bytes
}
