/** One HTTP exchange over a connection: what curl and wget share. */
import type { Errno } from "../linux/errno.ts"
import type { Process } from "../linux/task/process.ts"
import { type HttpHead, HttpReader } from "../wire/http.ts"
import type { HttpStream } from "./tls-stream.ts"

export interface Url {
  scheme: string
  host: string
  port: number
  /** Host and port as they were written. */
  origin: string
  /** Path and query. */
  path: string
}

/** `undefined` for text that is no URL. The scheme defaults to http. */
export function parseUrl(text: string): Url | undefined {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^/?#:\s]+)(?::(\d+))?([/?][^#\s]*)?(?:#.*)?$/.exec(text)
  if (match === null) return undefined
  const scheme = (match[1] ?? "http").toLowerCase()
  const port = match[3] === undefined ? (scheme === "https" ? 443 : 80) : Number(match[3])
  if (port < 1 || port > 65535) return undefined
  const path = match[4] ?? "/"
  const host = match[2] as string
  const origin = match[3] === undefined ? host : `${host}:${match[3]}`
  return { scheme, host, port, origin, path: path.startsWith("/") ? path : `/${path}` }
}

/** Host and port, the port only where it is not the scheme's: what Host: says. */
export const authority = ({ scheme, host, port }: Url): string =>
  port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`

/** The URL that a Location: of `url` leads to. */
export const redirectTarget = (url: Url, location: string): string =>
  location.startsWith("/") ? `${url.scheme}://${authority(url)}${location}` : location

export interface Exchange {
  head: HttpHead
  status: number
  keepAlive: boolean
}

/** Reads a response; `onHead` and `onBody` see it as it arrives. An errno when the connection broke, `"empty"` when it closed first. */
export async function readResponse(
  proc: Process,
  socket: HttpStream,
  headOnly: boolean,
  deadline: number,
  onHead: (head: HttpHead) => Promise<void>,
  onBody: (data: Uint8Array) => Promise<void>,
): Promise<Exchange | Errno | "empty" | "malformed" | "partial"> {
  const reader = new HttpReader()
  let head: HttpHead | undefined
  for (;;) {
    const left = deadline - proc.kernel.sim.now
    const data = await socket.read(proc, 65536, left)
    if (typeof data === "string") return data
    if (data.length === 0) reader.end()
    else reader.push(data)
    if (head === undefined) {
      head = reader.takeHead(false, headOnly)
      if (reader.fault !== undefined) return "malformed"
      if (head !== undefined) await onHead(head)
    }
    if (head !== undefined) {
      const body = reader.takeBody()
      if (body.length > 0) await onBody(body)
      if (reader.fault !== undefined) return "malformed"
      if (reader.done) return { head, status: Number(head.start.split(" ")[1]), keepAlive: reader.keepAlive }
    }
    if (data.length === 0) return head === undefined ? "empty" : "partial"
  }
}
