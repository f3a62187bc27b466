/** DNS over TCP through the proxy (RFC 7766: two bytes of length in front of each message). */
import type { Errno } from "../../../linux/errno.ts"
import { TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { parseDns } from "../../../wire/dns.ts"
import { IpProtocol } from "../../../wire/ipv4.ts"
import { type Asking, type DnsJudge, FORWARD_TIMEOUT } from "./judge.ts"

/** How long a client may be silent (miekg/dns server). */
const IDLE_TIMEOUT = 8 * SECOND

/** One connection of a client, and the one to its server that it needs. */
export async function serveTcp(proc: Process, socket: TcpSocket, judge: DnsJudge): Promise<number> {
  const { sock } = socket
  // The socket is transparent: its own address is where the client wanted to go.
  const asking: Asking = {
    client: sock.remoteAddress,
    clientPort: sock.remotePort,
    server: sock.localAddress,
    serverPort: sock.localPort,
    protocol: IpProtocol.TCP,
  }
  const down = new Messages(socket)
  let up: Messages | undefined
  try {
    for (;;) {
      const data = await down.read(proc, IDLE_TIMEOUT)
      const query = typeof data === "string" ? undefined : parseDns(data)
      if (typeof data === "string" || query === undefined || query.response) return 0
      let answer = judge.request(asking, query)
      if (answer === undefined) {
        up ??= await connect(proc, asking, judge)
        const got = up === undefined ? "ECONNREFUSED" : await up.exchange(proc, judge.forward(data).bytes)
        const message = typeof got === "string" ? undefined : parseDns(got)
        if (typeof got !== "string" && message !== undefined) answer = judge.response(asking, query, message, got)
        else {
          answer = judge.failed(asking, query)
          // No answer in time: the client hears nothing.
          if (got === "EAGAIN") return 0
        }
      }
      if ((await down.write(proc, answer)) !== undefined) return 0
    }
  } finally {
    up?.close()
    socket.close()
  }
}

async function connect(proc: Process, asking: Asking, judge: DnsJudge): Promise<Messages | undefined> {
  const { source, sourcePort, server, serverPort, mark } = judge.way(asking)
  const own = source === 0 ? {} : { source, sourcePort, transparent: true }
  const socket = await TcpSocket.connect(proc, server, serverPort, { timeout: FORWARD_TIMEOUT, mark, ...own })
  return typeof socket === "string" ? undefined : new Messages(socket)
}

class Messages {
  readonly #socket: TcpSocket
  #buffer: Uint8Array = new Uint8Array(0)

  constructor(socket: TcpSocket) {
    this.#socket = socket
  }

  /** The next message; an errno when there is none. */
  async read(proc: Process, timeout: number): Promise<Uint8Array | Errno> {
    for (;;) {
      const length = this.#buffer.length < 2 ? 0 : ((this.#buffer[0] as number) << 8) | (this.#buffer[1] as number)
      if (this.#buffer.length >= 2 && this.#buffer.length >= 2 + length) {
        const message = this.#buffer.slice(2, 2 + length)
        this.#buffer = this.#buffer.slice(2 + length)
        return message
      }
      const data = await this.#socket.read(proc, 65536, timeout)
      if (typeof data === "string") return data
      if (data.length === 0) return "ECONNRESET"
      this.#buffer = Uint8Array.from([...this.#buffer, ...data])
    }
  }

  write(proc: Process, message: Uint8Array): Promise<Errno | undefined> {
    return this.#socket.write(proc, Uint8Array.from([message.length >>> 8, message.length & 255, ...message]))
  }

  async exchange(proc: Process, query: Uint8Array): Promise<Uint8Array | Errno> {
    return (await this.write(proc, query)) ?? (await this.read(proc, FORWARD_TIMEOUT))
  }

  close(): void {
    this.#socket.close()
  }
}
