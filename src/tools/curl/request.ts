/** The request: its head as curl writes it, and the body of -d. */
import { strerror } from "../../linux/errno.ts"
import { authority, type Url } from "../http-client.ts"
import type { HttpStream } from "../tls-stream.ts"
import { CurlError } from "./error.ts"
import type { Session } from "./session.ts"
import type { Settings } from "./settings.ts"

export async function sendRequest(session: Session, url: Url, socket: HttpStream): Promise<void> {
  const { proc, settings, info } = session
  const { data, get } = settings
  const body = data.length > 0 && !get ? new TextEncoder().encode(await bodyText(session)) : undefined
  const lines = headerLines(settings, url, body?.length).map((line) => `${line}\r\n`)
  const text = `${info.method} ${requestTarget(settings, url)} HTTP/1.1\r\n${lines.join("")}\r\n`
  await session.verbose(text.replace(/^(?=[^\n])/gm, "> "))
  if (body !== undefined) await session.verbose(`} [${body.length} bytes data]\n`)
  const headBytes = new TextEncoder().encode(text)
  info.requestSize += headBytes.length
  const whole = new Uint8Array(headBytes.length + (body?.length ?? 0))
  whole.set(headBytes)
  if (body !== undefined) whole.set(body, headBytes.length)
  if (session.progress !== undefined) session.progress.uploaded = body?.length ?? 0
  const errno = await socket.write(proc, whole)
  if (errno !== undefined) throw new CurlError(55, `Send failure: ${strerror(errno)}`)
}

/** -G puts the data into the query. */
function requestTarget({ data, get }: Settings, url: Url): string {
  if (data.length === 0 || !get) return url.path
  return `${url.path}${url.path.includes("?") ? "&" : "?"}${data.join("&")}`
}

/** What the user wrote goes out as it is; a name without a value takes the header away. */
function headerLines(settings: Settings, url: Url, length: number | undefined): string[] {
  const custom = settings.headers.map((line) => ({ line, name: (line.split(":")[0] ?? "").toLowerCase() }))
  const isCustom = (wanted: string): boolean => custom.some(({ name }) => name === wanted)
  const sent = custom.filter(({ line }) => line.slice(line.indexOf(":") + 1).trim() !== "")
  const lines = sent.filter(({ name }) => name === "host").map(({ line }) => line)
  for (const [name, value] of ownHeaders(settings, url))
    if (!isCustom(name.toLowerCase())) lines.push(`${name}: ${value}`)
  lines.push(...sent.filter(({ name }) => name !== "host").map(({ line }) => line))
  if (length === undefined) return lines
  lines.push(`Content-Length: ${length}`)
  if (!isCustom("content-type")) lines.push("Content-Type: application/x-www-form-urlencoded")
  return lines
}

function ownHeaders({ agent, referer }: Settings, url: Url): [string, string][] {
  const headers: [string, string][] = [["Host", authority(url)]]
  if (agent !== "") headers.push(["User-Agent", agent])
  headers.push(["Accept", "*/*"])
  if (referer !== undefined) headers.push(["Referer", referer])
  return headers
}

/** `@file` and `@-` read from where they say. */
async function bodyText({ proc, settings }: Session): Promise<string> {
  const parts: string[] = []
  for (const item of settings.data) {
    if (!item.startsWith("@")) parts.push(item)
    else if (item === "@-") parts.push(await proc.readText())
    else {
      const name = item.slice(1)
      const read = proc.fs.readText(proc.path(name))
      if (!("errno" in read)) parts.push(read.text)
      else if (!settings.silent)
        await proc.err(`Warning: Couldn't read data from file "${name}", this makes an empty \nWarning: POST.\n`)
    }
  }
  return parts.join("&")
}
