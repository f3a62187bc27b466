/** A connection whose bytes travel in TLS records: see wire/tls.ts for what that is worth. */
import type { Errno } from "../linux/errno.ts"
import type { TcpSocket } from "../linux/inet/tcp-socket.ts"
import type { Process } from "../linux/task/process.ts"
import { TlsReader, TlsWriter } from "../wire/tls.ts"
import { emitClientHello } from "../wire/tls-hello.ts"

/** What HTTP needs of a connection: a TCP socket, or TLS on one. */
export type HttpStream = Pick<TcpSocket, "read" | "write" | "close" | "remoteAddress" | "sock">

export class TlsStream implements HttpStream {
  readonly #socket: TcpSocket
  readonly #writer = new TlsWriter()
  readonly #reader = new TlsReader()
  #rest: Uint8Array = new Uint8Array(0)
  /** What goes in front of the first bytes: a client's name for whom it wants to talk to. */
  #hello: Uint8Array | undefined
  /** The other side has said something. */
  answered = false

  /** `serverName`: a client's, of the server it wants. */
  constructor(socket: TcpSocket, serverName?: string) {
    this.#socket = socket
    if (serverName !== undefined) {
      const random = socket.sock.net.prng.fork(`tls ${serverName} ${socket.sock.localPort}`)
      this.#hello = emitClientHello(
        serverName,
        Uint8Array.from({ length: 96 }, () => random.below(256)),
      )
    }
  }

  get sock(): TcpSocket["sock"] {
    return this.#socket.sock
  }
  get remoteAddress(): number {
    return this.#socket.remoteAddress
  }

  /** The peer speaks no TLS. */
  get fault(): boolean {
    return this.#reader.fault
  }

  /** With {@link fault}: what came instead of TLS. */
  get foreign(): Uint8Array {
    return this.#reader.pending
  }

  /** Bytes past TLS, to a peer that does not speak it. */
  writePlain(proc: Process, data: Uint8Array): Promise<Errno | undefined> {
    return this.#socket.write(proc, data)
  }

  /** As {@link TcpSocket.read}; `EPROTO` when what comes is no TLS. */
  async read(proc: Process, max = 65536, timeout?: number): Promise<Uint8Array | Errno> {
    while (this.#rest.length === 0) {
      const record = this.#reader.take()
      if (record !== undefined) {
        this.#rest = record
        this.answered = true
        continue
      }
      if (this.#reader.fault) return "EPROTO"
      const data = await this.#socket.read(proc, 65536, timeout)
      if (typeof data === "string" || data.length === 0) return data
      this.#reader.push(data)
    }
    const part = this.#rest.subarray(0, max)
    this.#rest = this.#rest.subarray(part.length)
    return part
  }

  write(proc: Process, data: Uint8Array): Promise<Errno | undefined> {
    const sealed = this.#writer.seal(data)
    const hello = this.#hello
    if (hello === undefined) return this.#socket.write(proc, sealed)
    this.#hello = undefined
    return this.#socket.write(proc, Uint8Array.from([...hello, ...sealed]))
  }

  close(): void {
    this.#socket.close()
  }
}
