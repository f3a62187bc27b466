/** What the transfers of one curl share: the connection kept for the next one, standard output, what is known so far. */
import type { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import type { HttpStream } from "../tls-stream.ts"
import { Stdout } from "./output.ts"
import type { Progress } from "./progress.ts"
import { methodOf, type Settings } from "./settings.ts"

/** What curl_easy_getinfo tells of a transfer; times in nanoseconds, `connect` and later ones since `start`. */
interface TransferInfo {
  start: number
  connect: number
  startTransfer: number
  total: number
  size: number
  status: number
  contentType: string
  effectiveUrl: string
  redirects: number
  method: string
  requestSize: number
  headerSize: number
  scheme: string
  filename: string
  /** Where a redirect leads that is not followed. */
  redirect: string
}

export class Session {
  readonly proc: Process
  readonly settings: Settings
  readonly stdout: Stdout
  readonly info: TransferInfo
  /** The meter of the transfer under way, when it has one. */
  progress: Progress | undefined
  socket: TcpSocket | undefined
  /** What HTTP travels in: the socket, or TLS on it. */
  stream: HttpStream | undefined
  /** `host:port` that `socket` leads to. */
  socketFor = ""
  /** Connections made: the number of the next one. */
  connections = 0

  constructor(proc: Process, settings: Settings) {
    this.proc = proc
    this.settings = settings
    this.stdout = new Stdout(proc)
    this.info = this.#fresh()
  }

  #fresh(): TransferInfo {
    const times = { start: this.now, connect: 0, startTransfer: 0, total: 0 }
    const texts = {
      contentType: "",
      effectiveUrl: "",
      method: methodOf(this.settings),
      scheme: "http",
      filename: "",
      redirect: "",
    }
    return { ...times, ...texts, size: 0, status: 0, redirects: 0, requestSize: 0, headerSize: 0 }
  }

  get now(): number {
    return this.proc.kernel.sim.now
  }

  /** Nanoseconds since the transfer began. */
  get elapsed(): number {
    return this.now - this.info.start
  }

  /** When -m ends the transfer. */
  get deadline(): number {
    return this.info.start + this.settings.maxTime
  }

  /** Starts the clock and the counters of a transfer. */
  begin(): void {
    Object.assign(this.info, this.#fresh())
  }

  /** Says what only -v shows. */
  async verbose(text: string): Promise<void> {
    if (this.settings.verbose) await this.proc.err(text)
  }

  /** Ends the connection: the next transfer makes a new one. */
  disconnect(): void {
    this.stream?.close()
    this.stream = undefined
    this.socket = undefined
  }

  async close(): Promise<void> {
    this.stream?.close()
    await this.stdout.flush()
  }
}
