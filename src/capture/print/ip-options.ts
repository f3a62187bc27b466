/** Options of an IPv4 header. Models print-ip.c ip_optprint. */
import type { Dissection } from "./dissection.ts"

const NAMES: Readonly<Record<number, string>> = {
  0: "EOL",
  1: "NOP",
  7: "RR",
  68: "timestamp",
  82: "traceroute",
  130: "security",
  131: "LSRR",
  137: "SSRR",
  148: "RA",
}

/** False when the options were not captured whole. */
export function ipOptionsPrint(d: Dissection, start: number, size: number): boolean {
  let separator = ""
  let left = size
  for (let at = start; left > 0; ) {
    const code = d.u8(at)
    d.print(`${separator}${NAMES[code] ?? `unknown ${code}`}`)
    separator = ","
    const length = code <= 1 ? 1 : d.u8(at + 1)
    if ((code > 1 && length < 2) || length > left) {
      d.print(` [bad length ${length}]`)
      return true
    }
    if (!d.has(at, length)) return false
    if (code === 0) return true
    if (code === 68) timestamps(d, at, length)
    else if (code === 7 || code === 131 || code === 137) route(d, at, length)
    else if (code === 148) alert(d, at, length)
    at += length
    left -= length
  }
  return true
}

function alert(d: Dissection, at: number, length: number): void {
  if (length < 4) d.print(` [bad length ${length}]`)
  else if (d.u16(at + 2) !== 0) d.print(` value ${d.u16(at + 2)}`)
}

function route(d: Dissection, at: number, length: number): void {
  if (length < 3) {
    d.print(` [bad length ${length}]`)
    return
  }
  if (((length + 1) & 3) !== 0) d.print(` [bad length ${length}]`)
  const pointer = d.u8(at + 2) - 1
  if (pointer < 3 || ((pointer + 1) & 3) !== 0 || pointer > length + 1) d.print(` [bad ptr ${d.u8(at + 2)}]`)
  for (let i = 3; i < length; i += 4) d.print(` ${d.ipv4(at + i)}${pointer >>> 0 > i ? "," : ""}`)
}

function timestamps(d: Dissection, at: number, length: number): void {
  if (length < 4) {
    d.print(`[bad length ${length}]`)
    return
  }
  d.print(" TS{")
  const kind = d.u8(at + 3) & 15
  const hop = kind === 0 ? 4 : 8
  if (((length - 4) & (hop - 1)) !== 0) d.print(`[bad length ${length}]`)
  const pointer = (d.u8(at + 2) - 1) >>> 0
  if (pointer < 4 || ((pointer - 4) & (hop - 1)) !== 0 || pointer > length + 1) d.print(`[bad ptr ${d.u8(at + 2)}]`)
  const name = { 0: "TSONLY", 1: "TS+ADDR", 3: "PRESPEC" }[kind]
  d.print(name ?? `[bad ts type ${kind}]`)
  let i = name === undefined ? 0 : 4
  for (let type = " "; name !== undefined && i < length; i += hop) {
    if (pointer === i) type = " ^ "
    d.print(`${type}${d.u32(at + i + hop - 4)}@${hop === 8 ? d.ipv4(at + i) : ""}`)
    type = " "
  }
  if (pointer === i) d.print(" ^ ")
  const missed = d.u8(at + 3) >> 4
  d.print(missed > 0 ? ` [${missed} hops not recorded]} ` : "}")
}
