/** TCP as programs use it: connect, listen, accept, read, write, close. */
import { WaitQueue } from "../../sim/task.ts"
import type { Errno } from "../errno.ts"
import { ipRouteOutput } from "../ip/route-output.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Process } from "../task/process.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import type { TcpListenEndpoint } from "./tcp-table.ts"

export interface ConnectOptions {
  /** Gives up after this many nanoseconds, with ETIMEDOUT. */
  timeout?: number
  source?: number
  sourcePort?: number
  device?: NetDevice
  /** SO_MARK (0). */
  mark?: number
  /** IP_TRANSPARENT: `source` need not be one of this machine's addresses. */
  transparent?: boolean
}

export interface ListenOptions {
  /** Connections that wait to be accepted (511). */
  backlog?: number
  /** SO_MARK, for the connections too (0). */
  mark?: number
  /** IP_TRANSPARENT: connections to addresses of others may be handed to it (TPROXY). */
  transparent?: boolean
}

const EMPTY = new Uint8Array(0)

/** A connected socket. */
export class TcpSocket {
  readonly sock: TcpSock
  /** SO_RCVTIMEO in nanoseconds. */
  receiveTimeout: number = Number.POSITIVE_INFINITY

  constructor(sock: TcpSock) {
    this.sock = sock
  }

  /** One line to copy: `const socket = await TcpSocket.connect(proc, ipv4("10.244.2.2"), 80)`. */
  static async connect(
    proc: Process,
    address: number,
    port: number,
    options: ConnectOptions = {},
  ): Promise<TcpSocket | Errno> {
    const { net } = proc
    if (
      options.source !== undefined &&
      options.source !== 0 &&
      options.transparent !== true &&
      !net.isLocal(options.source)
    )
      return "EADDRNOTAVAIL"
    const way = ipRouteOutput(net, address, options.source ?? 0, options.device, options.mark)
    if (typeof way === "string") return way
    const sock = net.tcp.create(way.source, options.sourcePort ?? 0, address, port, {
      ...(options.mark === undefined ? {} : { mark: options.mark }),
      ...(options.transparent === undefined ? {} : { transparent: options.transparent }),
    })
    if (typeof sock === "string") return sock
    const errno = sock.connect()
    if (errno !== undefined) return errno
    const deadline = net.kernel.sim.now + (options.timeout ?? Number.POSITIVE_INFINITY)
    try {
      while (sock.state === TcpState.SYN_SENT || sock.state === TcpState.SYN_RECV) {
        const left = deadline - net.kernel.sim.now
        if (left <= 0 || !(await proc.task.wait(sock.changed, left))) {
          sock.abort()
          return "ETIMEDOUT"
        }
      }
    } catch (interrupted) {
      sock.abort()
      throw interrupted
    }
    return sock.error ?? new TcpSocket(sock)
  }

  get localAddress(): number {
    return this.sock.localAddress
  }
  get localPort(): number {
    return this.sock.localPort
  }
  get remoteAddress(): number {
    return this.sock.remoteAddress
  }
  get remotePort(): number {
    return this.sock.remotePort
  }

  /** Up to `max` bytes; empty at the end of the stream; an errno when the connection broke; `EAGAIN` after the receive timeout. */
  async read(proc: Process, max = 65536, timeout: number = this.receiveTimeout): Promise<Uint8Array | Errno> {
    const { sock } = this
    const deadline = sock.net.kernel.sim.now + timeout
    while (sock.receiveQueue.size === 0) {
      if (sock.error !== undefined) return sock.error
      if (sock.peerClosed) return EMPTY
      const left = deadline - sock.net.kernel.sim.now
      if (left <= 0 || !(await proc.task.wait(sock.changed, left))) return "EAGAIN"
    }
    return sock.read(max)
  }

  /** Writes everything, waiting for room; an errno when the connection is gone. */
  async write(proc: Process, data: Uint8Array): Promise<Errno | undefined> {
    const { sock } = this
    let rest = data
    while (rest.length > 0) {
      if (sock.error !== undefined) return sock.error
      if (sock.state !== TcpState.ESTABLISHED && sock.state !== TcpState.CLOSE_WAIT) return "EPIPE"
      const taken = sock.write(rest)
      rest = rest.subarray(taken)
      if (rest.length > 0) await proc.task.wait(sock.changed)
    }
    return undefined
  }

  /** Sends FIN; reading goes on. */
  shutdownWrite(): void {
    this.sock.shutdownWrite()
  }

  close(): void {
    this.sock.close()
  }
}

/** A listening socket. */
export class TcpListener implements TcpListenEndpoint {
  readonly net: NetNamespace
  readonly address: number
  readonly port: number
  readonly backlog: number
  readonly mark: number
  readonly transparent: boolean
  readonly #queue: TcpSock[] = []
  readonly #arrived = new WaitQueue()

  private constructor(net: NetNamespace, address: number, port: number, options: ListenOptions) {
    this.net = net
    this.address = address
    this.port = port
    this.backlog = Math.min(options.backlog ?? 511, net.sysctl.somaxconn)
    this.mark = options.mark ?? 0
    this.transparent = options.transparent ?? false
  }

  /** One line to copy: `const listener = TcpListener.listen(proc.net, 0, 80)`. */
  static listen(net: NetNamespace, address: number, port: number, options: ListenOptions = {}): TcpListener | Errno {
    if (address !== 0 && !net.isLocal(address)) return "EADDRNOTAVAIL"
    const listener = new TcpListener(net, address, port, options)
    return net.tcp.listen(listener) ?? listener
  }

  hasRoom(): boolean {
    return this.#queue.length <= this.backlog
  }

  get queued(): number {
    return this.#queue.length
  }

  established(sock: TcpSock): void {
    this.#queue.push(sock)
    this.#arrived.wakeOne()
  }

  /** The next connection. */
  async accept(proc: Process): Promise<TcpSocket> {
    while (this.#queue.length === 0) await proc.task.wait(this.#arrived)
    return new TcpSocket(this.#queue.shift() as TcpSock)
  }

  /** Stops listening; connections nobody accepted are reset. */
  close(): void {
    this.net.tcp.unlisten(this)
    for (const sock of this.#queue.splice(0)) sock.abort()
  }
}
