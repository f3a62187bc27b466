/** Answers the proxy gives itself. Models Envoy's sendLocalReply and PROXY:cilium/l7policy.cc. */
import { emitHead } from "../../../wire/http.ts"
import type { HeaderList } from "./headers.ts"
import { reasonPhrase } from "./status.ts"

export interface LocalReply {
  readonly status: number
  readonly body: string
  /** In front of the others: Location. */
  readonly headers?: HeaderList
}

/** What a refused request gets: 13 characters and CRLF. */
export const ACCESS_DENIED: LocalReply = { status: 403, body: "Access denied\r\n" }
export const BAD_REQUEST: LocalReply = { status: 400, body: "Bad Request" }
/** HTTP/1.0 is not spoken unless configured (accept_http_10). */
export const UPGRADE_REQUIRED: LocalReply = { status: 426, body: "" }

/** The whole answer as bytes. */
export function localReply(reply: LocalReply, date: string, close: boolean, headOnly: boolean): Uint8Array {
  const body = new TextEncoder().encode(reply.body)
  const headers: HeaderList = [...(reply.headers ?? [])]
  if (body.length > 0) headers.push(["content-length", String(body.length)], ["content-type", "text/plain"])
  headers.push(["date", date], ["server", "envoy"])
  if (close) headers.push(["connection", "close"])
  if (body.length === 0) headers.push(["content-length", "0"])
  const head = emitHead(`HTTP/1.1 ${reply.status} ${reasonPhrase(reply.status)}`, headers)
  if (headOnly) return head
  const whole = new Uint8Array(head.length + body.length)
  whole.set(head)
  whole.set(body, head.length)
  return whole
}
