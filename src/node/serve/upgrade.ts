/** Requests that want to become streams. */
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { GatewayAnswer, GatewayRequest } from "../../index.ts"

/** A request's headers, one value each. */
export const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))

/** One that has no body. */
export const requestOf = (request: IncomingMessage): GatewayRequest => ({
  method: "GET",
  path: request.url ?? "/",
  headers: headersOf(request),
  body: "",
})

/** Whether it wants a WebSocket for one of these. */
export const speaks = ({ headers }: IncomingMessage, protocols: readonly string[]): boolean =>
  headers.upgrade?.toLowerCase() === "websocket" &&
  (headers["sec-websocket-protocol"] ?? "").split(/,\s*/).some((name) => protocols.includes(name))

/** Answers as HTTP does, and hangs up. */
export function refuse(socket: Duplex, { code, text }: GatewayAnswer): void {
  socket.end(
    `HTTP/1.1 ${code} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}

/** For what is spoken here by nobody: SPDY without a WebSocket around it, mostly. */
export function refuseProtocol(socket: Duplex, { headers }: IncomingMessage, protocols: readonly string[]): void {
  const spoken = headers["sec-websocket-protocol"] ?? headers.upgrade ?? ""
  const message = `podwire streams over WebSocket (${protocols.join(", ")}), not over ${spoken}`
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason: "BadRequest" }
  refuse(socket, { code: 400, headers: {}, text: `${JSON.stringify({ ...status, code: 400 })}\n` })
}
