/** sha256sum and base64. */
import { sha256 } from "../../linux/crypto/sha256.ts"
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { cannotOpen, inputs, linesOf, misuse, type Options, type Program, program, readInput } from "./program.ts"

export const sha256sum: Program = program("sha256sum", {
  options: {
    c: false,
    b: false,
    t: false,
    w: false,
    check: false,
    binary: false,
    text: false,
    quiet: false,
    status: false,
    strict: false,
    warn: false,
    tag: false,
    "ignore-missing": false,
  },
  run: async (proc, options) => {
    if (options.has("c", "check")) return checkSums(proc, options)
    const meaningless = ["status", "quiet", "strict", "warn", "ignore-missing"].find((name) => options.has(name))
    if (meaningless !== undefined && options.style === "gnu")
      return misuse(proc, options, `the --${meaningless} option is meaningful only when verifying checksums`)
    let code = 0
    for await (const { label, data } of inputs(proc, "sha256sum", options, () => (code = 1)))
      await proc.out(
        options.has("tag")
          ? `SHA256 (${label}) = ${sha256(data)}\n`
          : `${sha256(data)} ${options.has("b", "binary") ? "*" : " "}${label}\n`,
      )
    return code
  },
})

/** What a list of sums was found to be worth. */
interface Tally {
  checked: number
  formatted: number
  wrong: number
  missing: number
  malformed: number
}

async function checkSums(proc: Process, options: Options): Promise<number> {
  let code = 0
  for await (const { label, data } of inputs(proc, "sha256sum", options, () => (code = 1)))
    if (!(await checkList(proc, options, label === "-" ? "standard input" : label, data))) code = 1
  return code
}

/** One list; true when all that it says is so. */
async function checkList(proc: Process, options: Options, label: string, data: Uint8Array): Promise<boolean> {
  const tally: Tally = { checked: 0, formatted: 0, wrong: 0, missing: 0, malformed: 0 }
  for (const [i, line] of linesOf(data).entries()) {
    const match = /^\\?([0-9a-fA-F]{64}) [ *](.*)$/.exec(line)
    const tagged = /^SHA256 \((.*)\) = ([0-9a-fA-F]{64})$/.exec(line)
    const [sum, name] = match === null ? [tagged?.[2], tagged?.[1]] : [match[1], match[2]]
    if (sum !== undefined && name !== undefined) {
      tally.formatted++
      await checkFile(proc, options, name, sum.toLowerCase(), tally)
      continue
    }
    tally.malformed++
    if (options.has("w", "warn"))
      await proc.err(`sha256sum: ${label}: ${i + 1}: improperly formatted SHA256 checksum line\n`)
  }
  if (tally.formatted === 0) {
    await proc.err(`sha256sum: ${label}: no properly formatted checksum lines found\n`)
    return false
  }
  return warnings(proc, options, label, tally)
}

async function checkFile(proc: Process, options: Options, name: string, sum: string, tally: Tally): Promise<void> {
  const read = await readInput(proc, name)
  if ("errno" in read) {
    if (read.errno === "ENOENT" && options.has("ignore-missing")) return
    tally.missing++
    await proc.err(`sha256sum: ${name}: ${strerror(read.errno)}\n`)
    if (!options.has("status")) await proc.out(`${name}: FAILED open or read\n`)
    return
  }
  const good = sha256(read.data) === sum
  if (good) tally.checked++
  else tally.wrong++
  if (!options.has("status") && !(good && options.has("quiet"))) await proc.out(`${name}: ${good ? "OK" : "FAILED"}\n`)
}

async function warnings(proc: Process, options: Options, label: string, tally: Tally): Promise<boolean> {
  const { checked, wrong, missing, malformed } = tally
  const warn = (count: number, one: string, many: string): Promise<void> =>
    count === 0 || options.has("status")
      ? Promise.resolve()
      : proc.err(`sha256sum: WARNING: ${count} ${count === 1 ? one : many}\n`)
  await warn(malformed, "line is improperly formatted", "lines are improperly formatted")
  await warn(missing, "listed file could not be read", "listed files could not be read")
  await warn(wrong, "computed checksum did NOT match", "computed checksums did NOT match")
  const nothing = options.has("ignore-missing") && checked === 0
  if (nothing && !options.has("status")) await proc.err(`sha256sum: ${label}: no file was verified\n`)
  return wrong + missing === 0 && !nothing && !(malformed > 0 && options.has("strict"))
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
    const [operand = "-", extra] = options.operands
    if (extra !== undefined && options.style === "gnu") return misuse(proc, options, `extra operand '${extra}'`)
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
