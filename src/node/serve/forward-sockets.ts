/** port-forward: SPDY/3.1 inside a WebSocket, as kubectl 1.31 and later does it (KEP-4006). */
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import type { Gateway, GatewayForward, Pipe } from "../../index.ts"
import { SpdyConnection } from "./spdy.ts"
import { refuse, refuseProtocol, requestOf, speaks } from "./upgrade.ts"

/** RFC 6455, section 7.4.1. */
const PROTOCOL_ERROR = 1002
const PROTOCOL = "SPDY/3.1+portforward.k8s.io"

export class ForwardSockets {
  readonly #gateway: Gateway
  readonly #opened: () => () => void
  readonly #sockets = new WebSocketServer({ noServer: true })

  constructor(gateway: Gateway, opened: () => () => void) {
    this.#gateway = gateway
    this.#opened = opened
    this.#sockets.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${PROTOCOL}`))
  }

  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const forward = this.#gateway.forward(requestOf(request))
    if ("code" in forward) {
      refuse(socket, forward)
      return
    }
    if (!speaks(request, [PROTOCOL])) {
      refuseProtocol(socket, request, [PROTOCOL])
      return
    }
    // A "/" is in no token of HTTP's, so that the library would refuse it.
    delete request.headers["sec-websocket-protocol"]
    this.#sockets.handleUpgrade(request, socket, head, (opened) => run(opened, forward, this.#opened()))
  }
}

function run(socket: WebSocket, forward: GatewayForward, done: () => void): void {
  const streams = new Streams(forward, {
    write(frame) {
      if (socket.readyState === socket.OPEN) socket.send(frame)
    },
    hangUp: () => socket.close(PROTOCOL_ERROR),
  })
  socket.on("error", () => undefined)
  socket.on("message", (data: Buffer) => streams.spdy.receive(data))
  socket.on("close", () => {
    streams.close()
    done()
  })
}

/** Two streams make a connection into the pod: one for its data, one for what went wrong. They name it by the same request id. */
class Streams {
  readonly spdy: SpdyConnection
  readonly #forward: GatewayForward
  readonly #errors = new Map<string, number>()
  readonly #pipes = new Map<number, Pipe>()

  constructor(forward: GatewayForward, wire: { write(frame: Uint8Array): void; hangUp(): void }) {
    this.#forward = forward
    this.spdy = new SpdyConnection(
      {
        opened: (stream, headers) => this.#opened(stream, headers),
        data: (stream, data) => this.#pipes.get(stream)?.write(data),
        ended: (stream) => this.#pipes.get(stream)?.end(),
        broken: wire.hangUp,
      },
      wire.write,
    )
  }

  #opened(stream: number, headers: ReadonlyMap<string, string>): void {
    const request = headers.get("requestid") ?? ""
    if (headers.get("streamtype") === "error") {
      this.#errors.set(request, stream)
      return
    }
    const error = this.#errors.get(request)
    const over = (text: string): void => {
      this.spdy.end(stream)
      if (error === undefined) return
      if (text !== "") this.spdy.send(error, Buffer.from(text))
      this.spdy.end(error)
    }
    const pipe = this.#forward.open(Number(headers.get("port")), {
      data: (data) => this.spdy.send(stream, data),
      end: () => over(""),
      failed: over,
    })
    this.#pipes.set(stream, pipe)
  }

  close(): void {
    for (const pipe of this.#pipes.values()) pipe.abort()
    this.spdy.close()
  }
}
