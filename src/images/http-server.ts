/** A small HTTP/1.1 server for images: connections, keep-alive, one request after another. */
import type { Errno } from "../linux/errno.ts"
import { TcpListener } from "../linux/inet/tcp-socket.ts"
import type { Process } from "../linux/task/process.ts"
import type { HttpStream } from "../tools/tls-stream.ts"
import { formatIpv4 } from "../wire/address.ts"
import { emitHead, type HttpHead, HttpReader } from "../wire/http.ts"

/** A request, read whole. */
export interface HttpRequest {
  method: string
  /** As on the request line: path and query. */
  target: string
  version: string
  head: HttpHead
  body: Uint8Array
  /** The client's address as text. */
  client: string
}

/** What a server answers. */
export interface HttpResponse {
  status: number
  reason: string
  /** Sent in this order; Connection is added. */
  headers: (readonly [string, string])[]
  body: Uint8Array
  /** The body goes out by a write of its own, as sendfile(2) does it (false). */
  sendfile?: boolean
}

/** What {@link serveHttp} serves. */
export interface HttpServerOptions {
  port: number
  /** Nanoseconds an idle connection is kept (65 s). */
  keepAlive?: number
  /** Answers a request. */
  handle(request: HttpRequest, proc: Process): Promise<HttpResponse> | HttpResponse
  /** Called when a response is out, for the access log. */
  log?(request: HttpRequest, response: HttpResponse): Promise<void>
  /** The answer to bytes that are no request. */
  malformed(): HttpResponse
  /** Where Connection stands among the headers: in front of this one, or last. */
  connectionBefore?: string
}

/** Serves until the process ends. An errno when the port cannot be had. */
export async function serveHttp(proc: Process, options: HttpServerOptions): Promise<Errno> {
  const listener = TcpListener.listen(proc.net, 0, options.port)
  if (typeof listener === "string") return listener
  try {
    for (;;) {
      const socket = await listener.accept(proc)
      // Each connection is a thread of its own on the virtual clock.
      const worker = proc.spawn(proc.argv, {
        tool: { name: "connection", main: (child) => serveConnection(child, socket, options) },
      })
      if (typeof worker === "string") socket.close()
      else proc.children.delete(worker)
    }
  } finally {
    listener.close()
  }
}

/** Answers one connection's requests until it ends. */
export async function serveConnection(
  proc: Process,
  socket: HttpStream,
  options: Omit<HttpServerOptions, "port">,
): Promise<number> {
  const reader = new HttpReader()
  try {
    for (;;) {
      const request = await readRequest(proc, socket, reader, options)
      if (request === undefined) break
      if (request === "malformed") {
        await respond(proc, socket, options.malformed(), false, false, options)
        break
      }
      const response = await options.handle(request, proc)
      const keep = reader.keepAlive
      await respond(proc, socket, response, keep, request.method === "HEAD", options)
      await options.log?.(request, response)
      if (!keep) break
      // Small packets are held back only until the first answer is out: nginx's tcp_nodelay.
      socket.sock.noDelay = true
    }
  } finally {
    socket.close()
  }
  return 0
}

async function readRequest(
  proc: Process,
  socket: HttpStream,
  reader: HttpReader,
  options: Omit<HttpServerOptions, "port">,
): Promise<HttpRequest | "malformed" | undefined> {
  let head = reader.pending > 0 ? reader.takeHead(true) : undefined
  const parts: Uint8Array[] = []
  while (head === undefined || !reader.done) {
    if (reader.fault !== undefined) return "malformed"
    if (head !== undefined) {
      const body = reader.takeBody()
      if (body.length > 0) parts.push(body)
      if (reader.done) break
    }
    const data = await socket.read(proc, 65536, options.keepAlive ?? 65e9)
    if (typeof data === "string" || data.length === 0) return undefined
    reader.push(data)
    head ??= reader.takeHead(true)
  }
  const [method = "", target = "", version = ""] = head.start.split(" ")
  const body = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    body.set(part, at)
    at += part.length
  }
  return { method, target, version, head, body, client: formatIpv4(socket.remoteAddress) }
}

async function respond(
  proc: Process,
  socket: HttpStream,
  response: HttpResponse,
  keep: boolean,
  headOnly: boolean,
  options: Omit<HttpServerOptions, "port">,
): Promise<void> {
  const headers = [...response.headers]
  const at =
    options.connectionBefore === undefined ? -1 : headers.findIndex(([name]) => name === options.connectionBefore)
  headers.splice(at < 0 ? headers.length : at, 0, ["Connection", keep ? "keep-alive" : "close"])
  const head = emitHead(`HTTP/1.1 ${response.status} ${response.reason}`, headers)
  if (response.sendfile === true && !headOnly) {
    await socket.write(proc, head)
    await socket.write(proc, response.body)
    return
  }
  const whole = new Uint8Array(head.length + (headOnly ? 0 : response.body.length))
  whole.set(head)
  if (!headOnly) whole.set(response.body, head.length)
  await socket.write(proc, whole)
}
