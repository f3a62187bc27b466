/** sha256sum and base64. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { cannotOpen, inputs, linesOf, type Options, type Program, program, readInput } from "./program.ts"

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const K: readonly number[] = fractions(64, 1 / 3)
const INITIAL: readonly number[] = fractions(8, 1 / 2)

function fractions(count: number, power: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes.map((prime) => {
    const root = prime ** power
    return Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0
  })
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** FIPS 180-4, section 6.2, in hexadecimal. */
export function sha256(data: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(data.length / 2 ** 29))
  view.setUint32(padded.length - 4, (data.length << 3) >>> 0)
  const hash = [...INITIAL] as [number, number, number, number, number, number, number, number]
  const w = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 64; i++) w[i] = i < 16 ? view.getUint32(at + 4 * i) : schedule(w, i)
    let [a, b, c, d, e, f, g, h] = hash
    for (let i = 0; i < 64; i++) {
      const t1 =
        (h +
          (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
          ((e & f) ^ (~e & g)) +
          (K[i] as number) +
          (w[i] as number)) |
        0
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
    }
    for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] = ((hash[i] as number) + value) | 0
  }
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
}

function schedule(w: Uint32Array, i: number): number {
  const [x, y] = [w[i - 15] as number, w[i - 2] as number]
  const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
  const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
  return ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0
}

export const sha256sum: Program = program("sha256sum", {
  options: { c: false, b: false, t: false, check: false, binary: false, text: false, quiet: false, status: false },
  run: async (proc, options) => {
    if (options.has("c", "check")) return checkSums(proc, options)
    let code = 0
    for await (const { label, data } of inputs(proc, "sha256sum", options, () => (code = 1)))
      await proc.out(`${sha256(data)} ${options.has("b", "binary") ? "*" : " "}${label}\n`)
    return code
  },
})

async function checkSums(proc: Process, options: Options): Promise<number> {
  let [wrong, missing, malformed] = [0, 0, 0]
  for await (const { data } of inputs(proc, "sha256sum", options, () => missing++))
    for (const line of linesOf(data)) {
      const match = /^\\?([0-9a-fA-F]{64}) [ *](.*)$/.exec(line)
      if (match === null) {
        malformed++
        continue
      }
      const name = match[2] as string
      const read = await readInput(proc, name)
      if ("errno" in read) {
        missing++
        await proc.err(`sha256sum: ${name}: ${strerror(read.errno)}\n`)
        await proc.out(`${name}: FAILED open or read\n`)
      } else {
        const good = sha256(read.data) === (match[1] as string).toLowerCase()
        if (!good) wrong++
        if (!options.has("status") && !(good && options.has("quiet")))
          await proc.out(`${name}: ${good ? "OK" : "FAILED"}\n`)
      }
    }
  const warn = (count: number, one: string, many: string): Promise<void> =>
    count === 0 || options.has("status")
      ? Promise.resolve()
      : proc.err(`sha256sum: WARNING: ${count} ${count === 1 ? one : many}\n`)
  await warn(malformed, "line is improperly formatted", "lines are improperly formatted")
  await warn(missing, "listed file could not be read", "listed files could not be read")
  await warn(wrong, "computed checksum did NOT match", "computed checksums did NOT match")
  return wrong + missing > 0 ? 1 : 0
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function encode(data: Uint8Array): string {
  let text = ""
  for (let at = 0; at < data.length; at += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(at, at + 3)
    const group = (a << 16) | (b << 8) | c
    const left = data.length - at
    text += [18, 12, 6, 0].map((shift, i) => (i > left ? "=" : ALPHABET[(group >> shift) & 63])).join("")
  }
  return text
}

/** Undefined when the text is no base64. */
function decode(text: string): Uint8Array | undefined {
  const clean = text.replace(/\s/g, "")
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.length % 4 !== 0) return undefined
  const bytes: number[] = []
  for (let at = 0; at < clean.length; at += 4) {
    const group = [...clean.slice(at, at + 4)].reduce((sum, c) => (sum << 6) | Math.max(0, ALPHABET.indexOf(c)), 0)
    bytes.push((group >> 16) & 255, (group >> 8) & 255, group & 255)
  }
  return new Uint8Array(bytes).subarray(0, bytes.length - (clean.length - clean.replace(/=+$/, "").length))
}

export const base64: Program = program("base64", {
  options: { d: false, w: true, i: false, decode: false, wrap: true },
  run: async (proc, options) => {
    const [operand = "-"] = options.operands
    const read = await readInput(proc, operand)
    if ("errno" in read) {
      await proc.err(cannotOpen(options.style, "base64", operand, read.errno))
      return 1
    }
    if (options.has("d", "decode")) {
      const data = decode(new TextDecoder().decode(read.data))
      if (data !== undefined) await proc.out(data)
      else await proc.err("base64: invalid input\n")
      return data === undefined ? 1 : 0
    }
    const width = Number(options.value("w", "wrap") ?? 76)
    const text = encode(read.data)
    await proc.out(
      width === 0 ? text : text.replace(new RegExp(`(.{${width}})(?=.)`, "g"), "$1\n") + (text === "" ? "" : "\n"),
    )
    return 0
  },
})
