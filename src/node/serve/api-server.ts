/** A cluster's API behind a port, for a real kubectl: watches and followed logs are chunked answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Gateway } from "../../index.ts"
import { ExecSockets } from "./exec-sockets.ts"
import { ForwardSockets } from "./forward-sockets.ts"
import { headersOf } from "./upgrade.ts"

export interface ApiServerOptions {
  /** Told when an answer begins that goes on in virtual time; what it returns is called at its end. */
  opened?: () => () => void
  /** Changes the text of an answer that is all there. */
  rewrite?: (text: string) => string
}

/** An HTTP server that does not listen yet. */
export function createApiServer(gateway: Gateway, options: ApiServerOptions = {}): Server {
  const { opened = () => () => undefined, rewrite = (text) => text } = options
  const server = createServer((request, response) => {
    answer(gateway, request, response, { opened, rewrite }).catch((error: Error) => fail(response, error))
  })
  const exec = new ExecSockets(gateway, opened)
  const forward = new ForwardSockets(gateway, opened)
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => undefined)
    const sockets = /\/pods\/[^/]+\/portforward(?:\?|$)/.test(request.url ?? "") ? forward : exec
    sockets.open(request, socket, head)
  })
  return server
}

async function answer(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
  { opened, rewrite }: Required<ApiServerOptions>,
): Promise<void> {
  const { method = "GET", url = "/" } = request
  const body = await textOf(request)
  const { code, headers, text, stream } = await gateway.answer({ method, path: url, headers: headersOf(request), body })
  response.writeHead(code, headers)
  if (stream === undefined) {
    response.end(rewrite(text))
    return
  }
  response.flushHeaders()
  const done = opened()
  response.on("close", () => {
    stream.close()
    done()
  })
  stream.listen(
    (piece) => response.write(piece),
    () => response.end(),
  )
}

/** The client has left in the middle of its request, or podwire has a fault: neither ends the server. */
function fail(response: ServerResponse, { message }: Error): void {
  if (response.headersSent || response.destroyed) response.destroy()
  else response.writeHead(500, { "content-type": "text/plain" }).end(`podwire: ${message}\n`)
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
