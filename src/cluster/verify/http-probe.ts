/** Sends a real HTTP request from one namespace to a server in another. */
import { serveHttp } from "../../images/http-server.ts"
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"
import { emitHead, HttpReader } from "../../wire/http.ts"
import type { CaseHttp } from "./case.ts"
import { inProcess } from "./in-process.ts"
import type { Place } from "./packet-world.ts"

export interface HttpAnswer {
  /** 0: no connection, or it broke. */
  readonly status: number
  /** What the server received; empty when it never saw the request. */
  readonly headers: Readonly<Record<string, string>>
}

const NONE: HttpAnswer = { status: 0, headers: {} }
const TIMEOUT = 2e9

/** Servers that answer 200 with the headers they got, one a namespace and port. */
export class EchoServers {
  readonly #running = new Map<NetNamespace, Set<number>>()

  /** Starts one unless it is there. */
  ensure(net: NetNamespace, port: number): void {
    const ports = this.#running.get(net) ?? new Set()
    if (ports.has(port)) return
    this.#running.set(net, ports.add(port))
    const text = (value: string): Uint8Array => new TextEncoder().encode(value)
    net.kernel.processes.run(["echo-server"], {
      net,
      tool: {
        name: "echo-server",
        async main(proc) {
          await serveHttp(proc, {
            port,
            handle: ({ head }) => {
              const body = text(JSON.stringify(Object.fromEntries(head.headers)))
              return { status: 200, reason: "OK", headers: [["Content-Length", String(body.length)]], body }
            },
            malformed: () => ({
              status: 400,
              reason: "Bad Request",
              headers: [["Content-Length", "0"]],
              body: text(""),
            }),
          })
          return 0
        },
      },
    })
  }
}

export function sendRequest(from: Place, to: Place, port: number, request: CaseHttp["request"]): Promise<HttpAnswer> {
  return inProcess(from.net, "http-probe", (proc) => exchange(proc, from.address, to.address, port, request))
}

async function exchange(
  proc: Process,
  source: number,
  address: number,
  port: number,
  { method, path, host = "server", headers = {} }: CaseHttp["request"],
): Promise<HttpAnswer> {
  const socket = await TcpSocket.connect(proc, address, port, { timeout: TIMEOUT, source })
  if (typeof socket === "string") return NONE
  try {
    await socket.write(proc, emitHead(`${method} ${path} HTTP/1.1`, [["Host", host], ...Object.entries(headers)]))
    const reader = new HttpReader()
    let head = reader.takeHead(false, method === "HEAD")
    let body = ""
    while (head === undefined || !reader.done) {
      const data = await socket.read(proc, 65536, TIMEOUT)
      if (typeof data === "string" || data.length === 0) break
      reader.push(data)
      head ??= reader.takeHead(false, method === "HEAD")
      if (head !== undefined) body += new TextDecoder().decode(reader.takeBody())
    }
    if (head === undefined) return NONE
    const status = Number(head.start.split(" ")[1])
    return {
      status,
      headers: status === 200 && body.startsWith("{") ? (JSON.parse(body) as Record<string, string>) : {},
    }
  } finally {
    socket.close()
  }
}
