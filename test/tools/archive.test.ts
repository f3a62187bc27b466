/** gzip and tar files: read what others write, and others read what is written here. Node's zlib and the real tar are the oracles. */
import { spawnSync } from "node:child_process"
import { constants, gunzipSync, gzipSync } from "node:zlib"
import fc from "fast-check"
import { expect, test } from "vitest"
import { gunzip, gzip } from "../../src/tools/archive/gzip.ts"
import { emitTar, parseTar, type TarEntry } from "../../src/tools/archive/tar-format.ts"
import { TlsReader, TlsWriter } from "../../src/wire/tls.ts"
import { findProgram, needs } from "../support/needs.ts"

/** Text that repeats itself, and bytes that do not. */
const data = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.constantFrom("abc", "abcabc", "x", "the same again "), { maxLength: 800 })
    .map((words) => Uint8Array.from(Buffer.from(words.join("")))),
)

test("what zlib packs by any of its strategies, gunzip unpacks", () => {
  const { Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_FIXED } = constants
  const options = fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_FIXED),
  })
  fc.assert(
    fc.property(data, options, (plain, how) => {
      expect(gunzip(gzipSync(plain, how))).toEqual(plain)
    }),
    { seed: 36 },
  )
})

test("what gzip packs, zlib unpacks; a damaged byte is found", () => {
  const big = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) & 255)
  for (const plain of [new Uint8Array(0), big])
    expect(Uint8Array.from(gunzipSync(gzip(plain, { name: "x" })))).toEqual(plain)
  const damaged = gzip(big)
  damaged[1000] = (damaged[1000] as number) ^ 1
  expect(gunzip(damaged)).toBe("invalid compressed data--crc error")
  expect(gunzip(damaged.subarray(0, 500))).toBe("unexpected end of file")
})

test("no bytes make gunzip or the reader of archives throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      gunzip(Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, ...bytes]))
      parseTar(bytes)
    }),
    { seed: 36, numRuns: 500 },
  )
})

const entry = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  name,
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  uname: "root",
  gname: "root",
  mtime: 1_700_000_000,
  target: "",
  data: new Uint8Array(0),
  ...more,
})
const ENTRIES = [
  entry("d/", { type: "directory", mode: 0o755 }),
  entry("d/a", { data: Uint8Array.from(Buffer.from("one\n")) }),
  entry("d/l", { type: "symlink", mode: 0o777, target: "a" }),
  entry(`d/${"n".repeat(150)}`, { mode: 0o600 }),
]

test("an archive read is the archive written", () => {
  expect(parseTar(emitTar(ENTRIES))).toEqual(ENTRIES)
})

needs({ tar: findProgram("tar") !== undefined })("the real tar", () => {
  test("lists an archive", () => {
    const { stdout, status } = spawnSync("tar", ["tvf", "-", "--utc"], { input: emitTar(ENTRIES), encoding: "utf8" })
    expect(status).toBe(0)
    expect(stdout.replaceAll("n".repeat(150), "LONG")).toBe(
      `drwxr-xr-x root/root         0 2023-11-14 22:13 d/
-rw-r--r-- root/root         4 2023-11-14 22:13 d/a
lrwxrwxrwx root/root         0 2023-11-14 22:13 d/l -> a
-rw------- root/root         0 2023-11-14 22:13 d/LONG
`,
    )
  })
})

test("TLS records carry a stream, split anywhere, and show none of it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (parts, step) => {
        const writer = new TlsWriter()
        const reader = new TlsReader()
        const wire = Buffer.concat(parts.map((part) => writer.seal(part)))
        const got: number[] = []
        for (let at = 0; at < wire.length; at += step) {
          reader.push(wire.subarray(at, at + step))
          for (let record = reader.take(); record !== undefined; record = reader.take()) got.push(...record)
        }
        expect(Uint8Array.from(got)).toEqual(Uint8Array.from(Buffer.concat(parts)))
      },
    ),
    { seed: 36 },
  )
  const secret = new TlsWriter().seal(Uint8Array.from(Buffer.from("GET /secret HTTP/1.1")))
  expect(Buffer.from(secret).toString("latin1")).not.toMatch(/GET|secret/)
})
