/** exec over WebSocket, as kubectl 1.30 and later does it. */
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { type WebSocket, WebSocketServer } from "ws"
import type { Gateway, GatewayExec } from "../../index.ts"
import { refuse, refuseProtocol, requestOf, speaks } from "./upgrade.ts"

const PROTOCOLS: readonly string[] = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
/** No kubelet starts a program before the client is ready to hear of its end; a client that is not says "Unknown stream id 3". In milliseconds. */
const READY_MS = 60
const POLL_MS = 1
const NORMAL_CLOSURE = 1000

export class ExecSockets {
  readonly #gateway: Gateway
  readonly #opened: () => () => void
  readonly #sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => PROTOCOLS.find((name) => offered.has(name)) ?? false,
  })

  constructor(gateway: Gateway, opened: () => () => void) {
    this.#gateway = gateway
    this.#opened = opened
  }

  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const messages = new Messages()
    const exec = this.#gateway.exec(requestOf(request), (message) => messages.send(message))
    if ("code" in exec) refuse(socket, exec)
    else if (speaks(request, PROTOCOLS))
      this.#sockets.handleUpgrade(request, socket, head, (opened) => void this.#run(opened, exec, messages))
    else {
      exec.abort()
      refuseProtocol(socket, request, PROTOCOLS)
    }
  }

  /** Until the program has ended, or the client has left. */
  async #run(socket: WebSocket, exec: GatewayExec, messages: Messages): Promise<void> {
    socket.on("error", () => undefined)
    socket.on("message", (data: Buffer) => exec.receive(data))
    await sleep(READY_MS)
    messages.to(socket)
    const done = this.#opened()
    while (exec.last === undefined && socket.readyState === socket.OPEN) await sleep(POLL_MS)
    if (exec.last === undefined) exec.abort()
    else socket.send(exec.last)
    socket.close(NORMAL_CLOSURE)
    done()
  }
}

/** A program may write before its client listens. */
class Messages {
  #early: Uint8Array[] = []
  #socket: WebSocket | undefined

  send(message: Uint8Array): void {
    if (this.#socket === undefined) this.#early.push(message)
    else this.#socket.send(message)
  }

  to(socket: WebSocket): void {
    this.#socket = socket
    for (const message of this.#early) socket.send(message)
    this.#early = []
  }
}
