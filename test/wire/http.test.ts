/** HTTP messages split anywhere, beside http-parser-js. */
import fc from "fast-check"
import { HTTPParser } from "http-parser-js"
import { expect, test } from "vitest"
import { emitHead, HttpReader, header } from "../../src/wire/http.ts"
import { SEED } from "./seed.ts"

interface Message {
  start: string
  headers: [string, string][]
  body: string
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

/** What podwire's reader makes of a stream that comes in pieces. */
function own(pieces: readonly Uint8Array[], request: boolean): Message[] {
  const reader = new HttpReader()
  const messages: Message[] = []
  let message: Message | undefined
  const drain = (): void => {
    for (;;) {
      if (message === undefined) {
        const head = reader.takeHead(request)
        if (head === undefined) return
        message = { start: head.start, headers: head.headers.map(([name, value]) => [name, value]), body: "" }
      }
      message.body += text(reader.takeBody())
      if (!reader.done) return
      messages.push(message)
      message = undefined
    }
  }
  for (const piece of pieces) {
    reader.push(piece)
    drain()
  }
  reader.end()
  drain()
  expect(reader.fault).toBeUndefined()
  expect(message).toBeUndefined()
  return messages
}

/** The same by http-parser-js. */
function theirs(pieces: readonly Uint8Array[], request: boolean): Message[] {
  const parser = new HTTPParser(request ? HTTPParser.REQUEST : HTTPParser.RESPONSE)
  const messages: Message[] = []
  let message: Message = { start: "", headers: [], body: "" }
  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    const pairs = info.headers
    const method = HTTPParser.methods[info.method]
    const version = `HTTP/${info.versionMajor}.${info.versionMinor}`
    message = {
      start: request ? `${method} ${info.url} ${version}` : `${version} ${info.statusCode} ${info.statusMessage}`,
      headers: pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1] as string] as [string, string]] : [])),
      body: "",
    }
  }
  parser[HTTPParser.kOnBody] = (data: Buffer, offset: number, length: number) => {
    message.body += data.toString("latin1", offset, offset + length)
  }
  parser[HTTPParser.kOnMessageComplete] = () => void messages.push(message)
  for (const piece of pieces) {
    const result = parser.execute(Buffer.from(piece))
    if (result instanceof Error) throw result
  }
  parser.finish()
  return messages
}

const token = fc
  .string({ unit: fc.constantFrom(..."abcXYZ-09"), minLength: 1, maxLength: 8 })
  .map((name) => `X-${name}`)
const value = fc.string({ unit: fc.constantFrom(...'abc 0:;/="\t,'), maxLength: 20 }).map((v) => v.trim())
const headers = fc.array(fc.tuple(token, value), { maxLength: 5 })
const body = fc.uint8Array({ maxLength: 300 })

/** A message's bytes: the body with its length, in chunks, or none. */
const framed = (start: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      start,
      headers,
      body,
      fc.constantFrom("length", "chunked"),
      fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 5 }),
    )
    .map(([first, extra, payload, how, sizes]) => {
      if (how === "length")
        return Buffer.concat([emitHead(first, [...extra, ["Content-Length", String(payload.length)]]), payload])
      const chunks: Buffer[] = []
      for (let at = 0, i = 0; at < payload.length; i++) {
        const size = Math.min(sizes[i % sizes.length] as number, payload.length - at)
        chunks.push(
          Buffer.from(`${size.toString(16)}\r\n`),
          Buffer.from(payload.subarray(at, at + size)),
          Buffer.from("\r\n"),
        )
        at += size
      }
      return Buffer.concat([
        emitHead(first, [...extra, ["Transfer-Encoding", "chunked"]]),
        ...chunks,
        Buffer.from("0\r\n\r\n"),
      ])
    })

/** A stream of messages, cut at any places. */
const stream = (message: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array[]> =>
  fc
    .tuple(fc.array(message, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(2000), { maxLength: 12 }))
    .map(([messages, cuts]) => {
      const whole = new Uint8Array(Buffer.concat(messages))
      const places = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort(
        (a, b) => a - b,
      )
      return places.slice(1).map((to, i) => whole.slice(places[i], to))
    })

const request = framed(
  fc
    .tuple(fc.constantFrom("GET", "POST", "PUT", "DELETE"), fc.constantFrom("/", "/a?b=c", "/x/y.html", "*"))
    .map(([method, target]) => `${method} ${target} HTTP/1.1`),
)
const response = framed(
  fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 503 Service Unavailable"),
)

test("requests", () => {
  fc.assert(
    fc.property(stream(request), (pieces) => {
      expect(own(pieces, true)).toEqual(theirs(pieces, true))
    }),
    { ...SEED, numRuns: 300 },
  )
})

test("responses", () => {
  fc.assert(
    fc.property(stream(response), (pieces) => {
      expect(own(pieces, false)).toEqual(theirs(pieces, false))
    }),
    { ...SEED, numRuns: 300 },
  )
})

test("a response without a length ends with the stream", () => {
  fc.assert(
    fc.property(body, (payload) => {
      const pieces = [emitHead("HTTP/1.1 200 OK", [["Connection", "close"]]), payload]
      expect(own(pieces, false).map((message) => message.body)).toEqual([text(payload)])
    }),
    SEED,
  )
})

test("one byte at a time is the same as all at once", () => {
  fc.assert(
    fc.property(request, (bytes) => {
      expect(
        own(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          true,
        ),
      ).toEqual(own([bytes], true))
    }),
    { ...SEED, numRuns: 50 },
  )
})

test("any bytes are a message, a fault, or not yet one; never an exception", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), fc.boolean(), (pieces, isRequest) => {
      const reader = new HttpReader()
      for (const piece of pieces) {
        reader.push(piece)
        if (reader.takeHead(isRequest) !== undefined) reader.takeBody()
      }
      reader.end()
      reader.takeBody()
    }),
    SEED,
  )
})

test("what is no message is said by name", () => {
  const fault = (head: string, isRequest: boolean): string | undefined => {
    const reader = new HttpReader()
    reader.push(Buffer.from(head, "latin1"))
    reader.takeHead(isRequest)
    return reader.fault
  }
  expect(fault("GET /\r\n\r\n", true)).toBe("malformed start line")
  expect(fault("HTTP/1.1 OK\r\n\r\n", false)).toBe("malformed start line")
  expect(fault("GET / HTTP/1.1\r\nno colon\r\n\r\n", true)).toBe("malformed header")
  expect(fault("GET / HTTP/1.1\r\nname : value\r\n\r\n", true)).toBe("malformed header")
  expect(fault(`GET / HTTP/1.1\r\nX: ${"a".repeat(70_000)}`, true)).toBe("head too long")
  const reader = new HttpReader()
  reader.push(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))
  reader.takeHead(false)
  reader.takeBody()
  expect(reader.fault).toBe("malformed chunk")
})

test("a header's name is looked up whatever its case", () => {
  expect(
    header(
      {
        start: "",
        headers: [
          ["Content-Type", "a"],
          ["content-type", "b"],
        ],
      },
      "CONTENT-type",
    ),
  ).toBe("a")
})
