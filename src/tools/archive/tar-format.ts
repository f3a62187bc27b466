/** Tape archives in GNU tar's format: blocks of 512 bytes, ten of them twice over a record. */
import { joined } from "./gzip.ts"

const BLOCK = 512
const RECORD = 20 * BLOCK
/** What a name may be long in a header; a longer one comes in an entry of its own in front. */
const NAME_MAX = 100

export type TarType = "file" | "directory" | "symlink" | "link" | "other"

export interface TarEntry {
  /** Folders end with a slash. */
  name: string
  type: TarType
  mode: number
  uid: number
  gid: number
  uname: string
  gname: string
  /** Seconds since 1970. */
  mtime: number
  /** Where a link leads. */
  target: string
  data: Uint8Array
}

const FLAGS: Readonly<Record<string, TarType>> = {
  "0": "file",
  "\0": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
  "7": "file",
}
const encoder = new TextEncoder()
const decoder = new TextDecoder()

// ── writing ───────────────────────────────────────────────────────────────────────────────────

/** An archive of these entries, filled up to a whole record. */
export function emitTar(entries: readonly TarEntry[]): Uint8Array {
  const parts = entries.flatMap(entryBlocks)
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  parts.push(new Uint8Array(Math.ceil((size + 2 * BLOCK) / RECORD) * RECORD - size))
  return joined(parts)
}

function entryBlocks(entry: TarEntry): Uint8Array[] {
  const flag = Object.entries(FLAGS).find(([, type]) => type === entry.type)?.[0] ?? "0"
  const data = entry.type === "file" ? entry.data : new Uint8Array(0)
  return [
    ...longName(entry.target, "K"),
    ...longName(entry.name, "L"),
    header(entry, flag, data.length),
    padded(data),
  ].filter((part) => part.length > 0)
}

function longName(name: string, flag: string): Uint8Array[] {
  const bytes = encoder.encode(name)
  if (bytes.length <= NAME_MAX) return []
  const data = encoder.encode(`${name}\0`)
  const owner = { mode: 0o644, uid: 0, gid: 0, uname: "root", gname: "root", mtime: 0, target: "", data }
  return [header({ name: "././@LongLink", type: "file", ...owner }, flag, data.length), padded(data)]
}

function padded(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK)
  whole.set(data)
  return whole
}

function header(entry: TarEntry, flag: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const put = (at: number, text: string, max: number): void => block.set(encoder.encode(text).subarray(0, max), at)
  const octal = (at: number, value: number, width: number): void =>
    put(at, `${value.toString(8).padStart(width - 1, "0")}\0`, width)
  put(0, entry.name, NAME_MAX)
  octal(100, entry.mode & 0o7777, 8)
  octal(108, entry.uid, 8)
  octal(116, entry.gid, 8)
  octal(124, size, 12)
  octal(136, entry.mtime, 12)
  put(156, flag, 1)
  put(157, entry.target, NAME_MAX)
  put(257, "ustar  \0", 8)
  put(265, entry.uname, 32)
  put(297, entry.gname, 32)
  put(148, " ".repeat(8), 8)
  put(148, `${sumOf(block).toString(8).padStart(6, "0")}\0 `, 8)
  return block
}

const sumOf = (block: Uint8Array): number => block.reduce((sum, byte) => sum + byte, 0)

// ── reading ───────────────────────────────────────────────────────────────────────────────────

/** What is in an archive; `undefined` for bytes that are none. */
export function parseTar(bytes: Uint8Array): TarEntry[] | undefined {
  const entries: TarEntry[] = []
  let [longTarget, longLabel]: (string | undefined)[] = [undefined, undefined]
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const block = bytes.subarray(at, at + BLOCK)
    if (block.every((byte) => byte === 0)) return entries
    if (checksum(block) !== sumWithoutChecksum(block)) return entries.length > 0 ? entries : undefined
    const size = number(block, 124, 12)
    const data = bytes.slice(at + BLOCK, at + BLOCK + size)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    const flag = String.fromCharCode(block[156] as number)
    if (flag === "L") longLabel = text(data, 0, data.length)
    else if (flag === "K") longTarget = text(data, 0, data.length)
    else {
      entries.push(entryOf(block, flag, data, longLabel, longTarget))
      longLabel = undefined
      longTarget = undefined
    }
  }
  return bytes.length >= BLOCK ? entries : undefined
}

function entryOf(block: Uint8Array, flag: string, data: Uint8Array, name?: string, target?: string): TarEntry {
  const prefix = text(block, 257, 6) === "ustar" ? text(block, 345, 155) : ""
  const own = text(block, 0, NAME_MAX)
  return {
    name: name ?? (prefix === "" ? own : `${prefix}/${own}`),
    type: FLAGS[flag] ?? "other",
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    uname: text(block, 265, 32),
    gname: text(block, 297, 32),
    mtime: number(block, 136, 12),
    target: target ?? text(block, 157, NAME_MAX),
    data,
  }
}

/** Up to the first zero. */
function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length)
  const end = field.indexOf(0)
  return decoder.decode(end < 0 ? field : field.subarray(0, end))
}

const number = (block: Uint8Array, at: number, length: number): number =>
  Number.parseInt(text(block, at, length).trim() || "0", 8)

const checksum = (block: Uint8Array): number => number(block, 148, 8)

/** The sum is taken with blanks where it stands. */
const sumWithoutChecksum = (block: Uint8Array): number =>
  sumOf(block) - sumOf(block.subarray(148, 156)) + 8 * " ".charCodeAt(0)
