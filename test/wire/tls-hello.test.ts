/** Who a TLS client wants to talk to, in OpenSSL's first messages and in podwire's own. */
import { execFileSync } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { TlsReader, TlsWriter } from "../../src/wire/tls.ts"
import { emitClientHello, readClientHello } from "../../src/wire/tls-hello.ts"
import { findProgram, needs } from "../support/needs.ts"

const RECORDED = readFileSync("test/golden/tls-hello.txt", "utf8")
  .split("\n")
  .slice(1, -1)
  .map((line) => line.split(" ") as [string, string])
const random = Uint8Array.from({ length: 96 }, (_, i) => i)

describe("OpenSSL's", () => {
  test.each(RECORDED)("%s", (name, hex) => {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"))
    expect(readClientHello(bytes)).toEqual({ tls: true, name: name === "-" ? "" : name.toLowerCase() })
    for (let length = 0; length < bytes.length; length++)
      expect(readClientHello(bytes.subarray(0, length))).toBeUndefined()
  })
})

test("podwire's own says the name, and none for an address", () => {
  expect(readClientHello(emitClientHello("Www.example.com", random))).toEqual({ tls: true, name: "www.example.com" })
  expect(readClientHello(emitClientHello("192.0.2.1", random))).toEqual({ tls: true, name: "" })
})

test("what is no TLS is told so at its first byte", () => {
  expect(readClientHello(new TextEncoder().encode("GET / HTTP/1.1\r\n"))).toEqual({ tls: false, name: "" })
  expect(readClientHello(Uint8Array.of(22, 0))).toEqual({ tls: false, name: "" })
})

test("damaged ones are no TLS, never an exception", () => {
  const whole = Buffer.from((RECORDED[0] as [string, string])[1], "hex")
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
      const bytes = Uint8Array.from(whole)
      bytes[at] = value
      readClientHello(bytes)
    }),
    { seed: 22, numRuns: 2000 },
  )
})

test("a server reads over it, wherever the stream was cut", () => {
  const sealed = new TlsWriter().seal(new TextEncoder().encode("hello"))
  const bytes = Uint8Array.from([...emitClientHello("example.com", random), ...sealed])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new TlsReader()
    reader.push(bytes.subarray(0, cut))
    const early = reader.take()
    reader.push(bytes.subarray(cut))
    expect(new TextDecoder().decode(early ?? reader.take())).toBe("hello")
    expect(reader.fault).toBe(false)
  }
})

const [TSHARK, TEXT2PCAP] = [findProgram("tshark"), findProgram("text2pcap")]
needs({ tshark: TSHARK !== undefined, text2pcap: TEXT2PCAP !== undefined })("tshark", () => {
  test("reads it as a TLS 1.3 client's, without a fault", () => {
    const [text, pcap] = [
      join(tmpdir(), `podwire-hello-${process.pid}.txt`),
      join(tmpdir(), `podwire-hello-${process.pid}.pcap`),
    ]
    const hex = Buffer.from(emitClientHello("www.example.com", random)).toString("hex").replace(/../g, "$& ")
    writeFileSync(text, `0000 ${hex}\n`)
    execFileSync(TEXT2PCAP ?? "", ["-q", "-T", "40000,443", text, pcap], { stdio: "ignore" })
    const fields = [
      "tls.handshake.extensions_server_name",
      "tls.handshake.extensions.supported_version",
      "_ws.malformed",
      "_ws.expert.message",
    ]
    const out = execFileSync(TSHARK ?? "", ["-r", pcap, "-T", "fields", ...fields.flatMap((field) => ["-e", field])], {
      stdio: ["ignore", "pipe", "ignore"],
    })
    rmSync(text)
    rmSync(pcap)
    expect(String(out).trimEnd()).toBe("www.example.com\t0x0304")
  })
})
