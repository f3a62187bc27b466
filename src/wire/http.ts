/** HTTP/1.1 messages from a byte stream, split anywhere (RFC 9112). */

const CR = 13
const LF = 10
const HEAD_MAX = 65536
const decoder = new TextDecoder()

export interface HttpHead {
  /** The first line: `GET / HTTP/1.1`, `HTTP/1.1 200 OK`. */
  readonly start: string
  /** Names as written, in order. */
  readonly headers: readonly (readonly [string, string])[]
}

/** The first value of a header, whatever its case. */
export function header(head: HttpHead, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return head.headers.find(([key]) => key.toLowerCase() === wanted)?.[1]
}

/** What a message can be refused for. */
export type HttpFault = "malformed start line" | "malformed header" | "head too long" | "malformed chunk"

type BodyMode = "none" | "length" | "chunked" | "close"

/**
 * Reads one message after another. Feed bytes with {@link push}, take the head with {@link takeHead}, then the body with {@link takeBody}
 * until {@link done}.
 */
export class HttpReader {
  #buffer = new Uint8Array(0)
  #head: HttpHead | undefined
  #mode: BodyMode = "none"
  #left = 0
  #inBody = false
  #done = false
  #ended = false
  fault: HttpFault | undefined = undefined

  push(data: Uint8Array): void {
    const whole = new Uint8Array(this.#buffer.length + data.length)
    whole.set(this.#buffer)
    whole.set(data, this.#buffer.length)
    this.#buffer = whole
  }

  /** The stream ended: a body without a length ends with it. */
  end(): void {
    this.#ended = true
  }

  /** True once the message in hand is complete. */
  get done(): boolean {
    return this.#done
  }

  /** Bytes that arrived and belong to no message yet. */
  get pending(): number {
    return this.#buffer.length
  }

  /**
   * The head of the next message, or `undefined` while it is incomplete. `request` says which kind is read; `headOnly` that its body will not
   * come (the answer to HEAD).
   */
  takeHead(request: boolean, headOnly = false): HttpHead | undefined {
    const end = this.#findHeadEnd()
    if (end < 0) {
      if (this.#buffer.length > HEAD_MAX) this.fault = "head too long"
      // No method begins so: TLS, most likely. A server does not wait for more.
      else if (request && (!this.#inBody || this.#done) && isControl(this.#buffer[0]))
        this.fault = "malformed start line"
      return undefined
    }
    const head = this.#parseHead(decoder.decode(this.#buffer.subarray(0, end)), request)
    this.#buffer = this.#buffer.slice(end)
    if (head === undefined) return undefined
    this.#head = head
    this.#done = false
    this.#inBody = true
    this.#chooseBody(head, request, headOnly)
    return head
  }

  #findHeadEnd(): number {
    const b = this.#buffer
    for (let i = 0; i + 1 < b.length; i++) {
      if (b[i] === LF && b[i + 1] === LF) return i + 2
      if (b[i] === CR && b[i + 1] === LF && b[i + 2] === CR && b[i + 3] === LF) return i + 4
    }
    return -1
  }

  #parseHead(text: string, request: boolean): HttpHead | undefined {
    const [start = "", ...lines] = text.split(/\r?\n/).filter((line) => line !== "")
    if (!(request ? /^[!-~]+ \S+ HTTP\/\d\.\d$/ : /^HTTP\/\d\.\d \d{3}/).test(start)) {
      this.fault = "malformed start line"
      return undefined
    }
    const headers: [string, string][] = []
    for (const line of lines) {
      const colon = line.indexOf(":")
      if (colon <= 0 || /\s/.test(line.slice(0, colon))) {
        this.fault = "malformed header"
        return undefined
      }
      headers.push([line.slice(0, colon), line.slice(colon + 1).trim()])
    }
    return { start, headers }
  }

  /** Models RFC 9112 section 6.3. */
  #chooseBody(head: HttpHead, request: boolean, headOnly: boolean): void {
    const status = request ? 0 : Number(head.start.split(" ")[1])
    const length = header(head, "content-length")
    this.#left = 0
    if (headOnly || (status >= 100 && status < 200) || status === 204 || status === 304) this.#mode = "none"
    else if (/chunked\s*$/i.test(header(head, "transfer-encoding") ?? "")) this.#mode = "chunked"
    else if (length !== undefined) {
      this.#mode = "length"
      this.#left = Number(length)
    } else this.#mode = request ? "none" : "close"
    this.#done = this.#mode === "none" || (this.#mode === "length" && this.#left === 0)
  }

  /** Body bytes that have arrived; empty while there are none. */
  takeBody(): Uint8Array {
    if (!this.#inBody || this.#done) return new Uint8Array(0)
    if (this.#mode === "close") {
      const all = this.#buffer
      this.#buffer = new Uint8Array(0)
      if (this.#ended) this.#done = true
      return all
    }
    if (this.#mode === "chunked") return this.#takeChunks()
    const part = this.#buffer.slice(0, this.#left)
    this.#buffer = this.#buffer.slice(part.length)
    this.#left -= part.length
    if (this.#left === 0) this.#done = true
    return part
  }

  #takeChunks(): Uint8Array {
    const parts: Uint8Array[] = []
    for (;;) {
      if (this.#left > 0) {
        const part = this.#buffer.slice(0, this.#left)
        if (part.length === 0) break
        parts.push(part)
        this.#buffer = this.#buffer.slice(part.length)
        this.#left -= part.length
        if (this.#left > 0) break
      }
      const line = this.#takeLine()
      if (line === undefined) break
      // The line break behind a chunk's data.
      if (line === "") continue
      const size = /^[0-9a-fA-F]+/.exec(line)?.[0]
      if (size === undefined) {
        this.fault = "malformed chunk"
        break
      }
      this.#left = Number.parseInt(size, 16)
      if (this.#left === 0) {
        this.#takeLine()
        this.#done = true
        break
      }
    }
    return join(parts)
  }

  #takeLine(): string | undefined {
    const end = this.#buffer.indexOf(LF)
    if (end < 0) return undefined
    const line = decoder.decode(this.#buffer.subarray(0, end)).replace(/\r$/, "")
    this.#buffer = this.#buffer.slice(end + 1)
    return line
  }

  /** Whether the connection may serve another message after this one (RFC 9112 section 9.3). */
  get keepAlive(): boolean {
    const connection = (this.#head === undefined ? undefined : header(this.#head, "connection"))?.toLowerCase() ?? ""
    if (connection.includes("close")) return false
    return connection.includes("keep-alive") || this.#head?.start.includes("HTTP/1.1") === true
  }
}

const isControl = (byte = LF): boolean => byte < 0x20 && byte !== LF && byte !== CR

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A head as bytes. */
export function emitHead(start: string, headers: readonly (readonly [string, string])[]): Uint8Array {
  return new TextEncoder().encode(`${start}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`)
}
