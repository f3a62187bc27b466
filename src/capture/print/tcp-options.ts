/** Options of a TCP header. Models print-tcp.c. */
import type { Dissection } from "./dissection.ts"

const NAMES: Readonly<Record<number, string>> = {
  0: "eol",
  1: "nop",
  2: "mss",
  3: "wscale",
  4: "sackOK",
  5: "sack",
  6: "echo",
  7: "echoreply",
  8: "TS",
  11: "cc",
  12: "ccnew",
  13: "",
  19: "md5",
  20: "scps",
  28: "uto",
  29: "tcp-ao",
  30: "mptcp",
  34: "tfo",
  254: "exp",
}

/** The reader of one option's data: `check(n)` fails when n bytes are not in the header, and stops when they were not captured. */
class BadOption {}
class NotCaptured {}

/** False when they end the line: malformed, or not captured whole. */
export function tcpOptionsPrint(d: Dissection, start: number, size: number, base: number): boolean {
  let separator = ""
  d.print(", options [")
  try {
    for (let at = start, left = size; left > 0; ) {
      d.print(separator)
      const kind = d.u8(at)
      const length = kind <= 1 ? 1 : d.u8(at + 1)
      const head = kind <= 1 ? 1 : 2
      if (kind > 1 && (length < 2 || length > left)) throw new BadOption()
      left -= head
      d.print(NAMES[kind] ?? `unknown-${kind}`)
      const used = kind <= 1 ? 0 : dataPrint(d, kind, at + 2, length - 2, left, base)
      at += head + used
      left -= used
      if (head + used !== length) d.print(`[len ${length}]`)
      separator = ","
      if (kind === 0) break
    }
  } catch (thrown) {
    if (thrown instanceof BadOption) d.print(`[bad opt]${separator === "" ? "" : "]"}`)
    else if (thrown instanceof NotCaptured) {
      d.truncated()
      if (separator !== "") d.print(">")
    } else throw thrown
    return false
  }
  d.print("]")
  return true
}

/** Prints an option's data and returns how many bytes it took for it. */
function dataPrint(d: Dissection, kind: number, at: number, size: number, left: number, base: number): number {
  const check = (n: number): void => {
    if (n > left) throw new BadOption()
    if (!d.has(at, n)) throw new NotCaptured()
  }
  const fixed = (n: number, text: () => string): number => {
    check(n)
    d.print(text())
    return n
  }
  const hex = (from: number, to: number): string =>
    [...Array(Math.max(0, to - from)).keys()].map((i) => hex2(d.u8(at + from + i))).join("")
  switch (kind) {
    case 2:
      return fixed(2, () => ` ${d.u16(at)}`)
    case 3:
      return fixed(1, () => ` ${d.u8(at)}`)
    case 4:
      return 0
    case 5:
      return sack(d, at, size, base, check)
    case 6:
    case 7:
    case 11:
    case 12:
    case 13:
      return fixed(4, () => ` ${d.u32(at)}`)
    case 8:
      return fixed(8, () => ` val ${d.u32(at)} ecr ${d.u32(at + 4)}`)
    case 19:
      return fixed(16, () => ` shared secret not supplied with -M, can't check - ${hex(0, 16)}`)
    case 20:
      return fixed(2, () => ` cap ${hex2(d.u8(at))} id ${d.u8(at + 1)}`)
    case 28:
      return fixed(2, () => ` 0x${d.u16(at).toString(16)} ${userTimeout(d.u16(at))}`)
    case 34:
      return fixed(size, () => ` ${fastOpen(size, hex(0, size))}`)
    case 30:
      return fixed(size, () => " [podwire does not decode mptcp]")
    case 29:
      return authentication(d, at, size, check)
    case 254:
      return fixed(size, () => `-${experiment(d, at, size)}`)
    default: {
      if (size > 0) d.print(" 0x")
      for (let i = 0; i < size; i++) {
        check(i + 1)
        d.print(hex2(d.u8(at + i)))
      }
      return size
    }
  }
}

function sack(d: Dissection, at: number, size: number, base: number, check: (n: number) => void): number {
  if (size % 8 !== 0) {
    d.print(" invalid sack")
    return size
  }
  d.print(` ${size / 8} `)
  for (let i = 0; i < size; i += 8) {
    check(i + 4)
    check(i + 8)
    d.print(`{${(d.u32(at + i) - base) >>> 0}:${(d.u32(at + i + 4) - base) >>> 0}}`)
  }
  return size
}

/** TCP-AO (RFC 5925). */
function authentication(d: Dissection, at: number, size: number, check: (n: number) => void): number {
  if (size < 2) {
    d.invalid()
    return size
  }
  check(1)
  d.print(` keyid ${d.u8(at)}`)
  check(2)
  d.print(` rnextkeyid ${d.u8(at + 1)}`)
  if (size > 2) d.print(" mac 0x")
  for (let i = 2; i < size; i++) {
    check(i + 1)
    d.print(hex2(d.u8(at + i)))
  }
  return size
}

/** RFC 6994: the first two bytes say which experiment. */
function experiment(d: Dissection, at: number, size: number): string {
  if (size < 2) throw new BadOption()
  const magic = d.u16(at)
  if (magic !== 0xf989) return magic.toString(16).padStart(4, "0")
  const cookie = [...Array(size - 2).keys()].map((i) => hex2(d.u8(at + 2 + i))).join("")
  return `tfo${fastOpen(size - 2, cookie)}`
}

const userTimeout = (value: number): number => ((value & 1) !== 0 ? (value >> 1) * 60 : value >> 1)

function fastOpen(size: number, cookie: string): string {
  if (size === 0) return " cookiereq"
  return size % 2 !== 0 || size < 4 || size > 16 ? " (invalid)" : ` cookie ${cookie}`
}

const hex2 = (value: number): string => value.toString(16).padStart(2, "0")
