/**
 * The simulated API server behind a real HTTP port, for the real kubectl: requests become calls of `handle`, watches and logs are chunked
 * answers, exec speaks the WebSocket protocol v5.channel.k8s.io. While a stream is open the virtual clock moves.
 */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import type { ApiRequest } from "../../src/kube/api/request.ts"
import type { ApiServer } from "../../src/kube/api/server.ts"
import { badRequest } from "../../src/kube/api/status.ts"
import { SinkFile, SourceFile } from "../../src/linux/task/file.ts"
import type { Simulation } from "../../src/sim/simulation.ts"

/** Virtual time that passes per host turn while something is open. */
const STEP = 20_000_000

/** From an upgrade's answer to the first frame, in milliseconds of the host. */
const UPGRADE_TIME = 60

export interface ApiPort {
  readonly url: string
  /** Waits until no stream is open and the clock stands still. */
  idle(): Promise<void>
  close(): Promise<void>
}

export interface ServeOptions {
  /** The virtual time that streams do not run beyond (none). */
  limit?: () => number
  /** Seconds added to every timestamp in an answer: for a client that reckons ages by its own clock (0). */
  shift?: () => number
}

export async function serveApi(sim: Simulation, api: ApiServer, options: ServeOptions = {}): Promise<ApiPort> {
  const { limit = () => Number.POSITIVE_INFINITY, shift = () => 0 } = options
  let open = 0
  let pumping = false
  const pump = async (): Promise<void> => {
    if (pumping) return
    pumping = true
    while (open > 0) {
      const step = Math.min(STEP, limit() - sim.now)
      if (step > 0) await sim.advance(step)
      await new Promise((resolve) => setImmediate(resolve))
    }
    pumping = false
  }
  const opened = (): (() => void) => {
    open++
    void pump()
    return () => {
      open--
    }
  }
  const server = createServer((request, response) => void answer(api, request, response, opened, shift()))
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => void exec(api, request, socket, opened))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const idle = async (): Promise<void> => {
    while (open > 0 || pumping) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, idle, close: () => closeServer(server) }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  try {
    return text === "" ? undefined : JSON.parse(text)
  } catch (error) {
    return error
  }
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
}

async function answer(
  api: ApiServer,
  request: IncomingMessage,
  response: ServerResponse,
  opened: () => () => void,
  shift: number,
): Promise<void> {
  const body = await readBody(request)
  if (body instanceof SyntaxError) {
    const refused = badRequest(body.message)
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(refused))
    return
  }
  await api.needs({ method: request.method as ApiRequest["method"], path: request.url ?? "/" })?.()
  const result = api.handle({
    method: request.method as ApiRequest["method"],
    path: request.url ?? "/",
    headers: headersOf(request),
    ...(body === undefined ? {} : { body }),
  })
  response.writeHead(result.code, result.headers)
  const stream = result.stream ?? result.textStream
  if (stream === undefined) {
    response.end(result.text ?? `${shiftTimes(JSON.stringify(result.body), shift)}\n`)
    return
  }
  response.flushHeaders()
  const done = opened()
  const send = (): void => {
    for (let item = stream.take(); item !== undefined; item = stream.take())
      response.write(typeof item === "string" ? item : `${JSON.stringify(item)}\n`)
    if (stream.ended) response.end()
  }
  stream.listener = send
  response.on("close", () => {
    stream.close()
    done()
  })
  send()
}

/** Moves every RFC 3339 string of a JSON text. */
export function shiftTimes(text: string, seconds: number): string {
  if (seconds === 0) return text
  return text.replace(/"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"/g, (_, time: string, fraction = "") => {
    const moved = new Date(Date.parse(`${time}Z`) + seconds * 1000).toISOString().slice(0, 19)
    return `"${moved}${fraction}Z"`
  })
}

/** One frame, final, not masked. */
function frame(opcode: number, data: Buffer): Buffer {
  const head =
    data.length < 126
      ? Buffer.from([0x80 | opcode, data.length])
      : data.length < 65536
        ? Buffer.from([0x80 | opcode, 126, data.length >> 8, data.length & 255])
        : undefined
  if (head === undefined) throw new Error("frame too long")
  return Buffer.concat([head, data])
}

const channel = (number: number, data: Uint8Array): Buffer => frame(2, Buffer.concat([Buffer.from([number]), data]))

async function exec(api: ApiServer, request: IncomingMessage, socket: Duplex, opened: () => () => void): Promise<void> {
  const stdin = new SourceFile()
  const wants = new URL(request.url ?? "/", "http://localhost").searchParams
  // A program may write before the upgrade has been answered: those frames wait.
  let early: Buffer[] | undefined = []
  const send = (frame: Buffer): void => {
    if (early === undefined) socket.write(frame)
    else early.push(frame)
  }
  const write =
    (number: number) =>
    (data: Uint8Array): void => {
      for (let at = 0; at < data.length; at += 32768) send(channel(number, data.subarray(at, at + 32768)))
    }
  const streams = {
    ...(wants.get("stdin") === "true" ? { stdin } : {}),
    ...(wants.get("stdout") === "true" ? { stdout: new SinkFile(write(1)) } : {}),
    ...(wants.get("stderr") === "true" ? { stderr: new SinkFile(write(2)) } : {}),
  }
  const result = api.handle({ method: "GET", path: request.url ?? "/", headers: headersOf(request), streams })
  // What the container runtime refuses is said on the error channel of an open stream, as the kubelet does it.
  if (result.session === undefined && (result.body as { reason?: string }).reason !== "InternalError") {
    const text = JSON.stringify(result.body)
    socket.end(
      `HTTP/1.1 ${result.code} X\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    )
    return
  }
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64")
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
  )
  // No kubelet starts a program before the client is ready to hear of its end; a client that is not says "Unknown stream id 3".
  await new Promise((resolve) => setTimeout(resolve, UPGRADE_TIME))
  for (const frame of early) socket.write(frame)
  early = undefined
  const done = opened()
  receive(socket, stdin)
  while (result.session !== undefined && result.session.status === undefined)
    await new Promise((resolve) => setTimeout(resolve, 1))
  socket.write(channel(3, Buffer.from(JSON.stringify(result.session?.status ?? result.body))))
  socket.end(frame(8, Buffer.from([0x03, 0xe8])))
  done()
}

/** Takes the client's frames apart: channel 0 is standard input, 255 closes one. */
function receive(socket: Duplex, stdin: SourceFile): void {
  let pending = Buffer.alloc(0)
  socket.on("data", (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    for (;;) {
      if (pending.length < 2) return
      const short = (pending[1] as number) & 127
      const at = short < 126 ? 2 : short === 126 ? 4 : 10
      if (pending.length < at + 4) return
      const length = short < 126 ? short : short === 126 ? pending.readUInt16BE(2) : Number(pending.readBigUInt64BE(2))
      if (pending.length < at + 4 + length) return
      const mask = pending.subarray(at, at + 4)
      const payload = Buffer.from(
        pending.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ (mask[i & 3] as number)),
      )
      const opcode = (pending[0] as number) & 15
      pending = pending.subarray(at + 4 + length)
      if (opcode === 9) socket.write(frame(10, payload))
      if (opcode !== 2) continue
      if (payload[0] === 0) stdin.push(payload.subarray(1))
      if (payload[0] === 255) stdin.end()
    }
  })
  socket.on("error", () => undefined)
}
