/** One HTTP message on a connection: its head, then its body in pieces as they come. */
import type { TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { emitHead, type HttpHead, HttpReader, header } from "../../../wire/http.ts"
import type { HeaderList } from "./headers.ts"

/** What ended the reading of a head: the peer is gone, or what it sent is no HTTP. */
export type Broken = "closed" | "malformed" | "timeout"

export class MessageStream {
  readonly socket: TcpSocket
  readonly reader: HttpReader = new HttpReader()
  readonly #proc: Process

  constructor(proc: Process, socket: TcpSocket) {
    this.#proc = proc
    this.socket = socket
  }

  /** The next head. `timeout`: nanoseconds without a byte. */
  async head(request: boolean, headOnly: boolean, timeout: number): Promise<HttpHead | Broken> {
    let head = this.reader.pending > 0 ? this.reader.takeHead(request, headOnly) : undefined
    while (head === undefined) {
      if (this.reader.fault !== undefined) return "malformed"
      const data = await this.socket.read(this.#proc, 65536, timeout)
      if (data === "EAGAIN") return "timeout"
      if (typeof data === "string" || data.length === 0) return "closed"
      this.reader.push(data)
      head = this.reader.takeHead(request, headOnly)
    }
    return head
  }

  /** The next piece of the body; empty when it is over; undefined when the peer broke off. */
  async piece(): Promise<Uint8Array | undefined> {
    const { reader } = this
    for (;;) {
      if (reader.done) return new Uint8Array(0)
      const data = reader.takeBody()
      if (data.length > 0 || reader.done) return data
      if (reader.fault !== undefined) return undefined
      const more = await this.socket.read(this.#proc)
      if (typeof more === "string") return undefined
      if (more.length === 0) reader.end()
      else reader.push(more)
      if (more.length === 0 && reader.takeBody().length === 0) return reader.done ? new Uint8Array(0) : undefined
    }
  }

  /**
   * Sends a message: `start` and `headers`, then what `source` still has of its body. A body of unknown length goes in chunks.
   * False when either side broke off.
   */
  async send(start: string, headers: HeaderList, source: MessageStream, hasBody: boolean): Promise<boolean> {
    const proc = this.#proc
    const chunked = hasBody && !headers.some(([name]) => name === "content-length")
    const list = headers.filter(([name]) => !(chunked && name === "transfer-encoding"))
    if (chunked) list.push(["transfer-encoding", "chunked"])
    const head = emitHead(start, list)
    if (!hasBody) return (await this.socket.write(proc, head)) === undefined
    // What has arrived already leaves with the head, as the real proxy's one write does.
    let pending: Uint8Array = head
    for (;;) {
      const piece = source.reader.done ? new Uint8Array(0) : await source.piece()
      if (piece === undefined) return false
      const end = piece.length === 0
      const framed = chunked ? frame(piece, end) : piece
      const whole = joined(pending, framed)
      if (whole.length > 0 && (await this.socket.write(proc, whole)) !== undefined) return false
      pending = new Uint8Array(0)
      if (end || (!chunked && source.reader.done)) return true
    }
  }
}

function frame(piece: Uint8Array, end: boolean): Uint8Array {
  const encoder = new TextEncoder()
  if (end) return encoder.encode("0\r\n\r\n")
  return joined(joined(encoder.encode(`${piece.length.toString(16)}\r\n`), piece), encoder.encode("\r\n"))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

/** Whether a request brings a body. */
export const hasRequestBody = (head: HttpHead): boolean =>
  header(head, "content-length") !== undefined || header(head, "transfer-encoding") !== undefined
