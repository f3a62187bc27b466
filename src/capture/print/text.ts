/** Protocols that are text: HTTP above all. Models util-print.c txtproto_print. */
import type { Dissection } from "./dissection.ts"

interface TextProtocol {
  name: string
  /** What begins a request; without them every payload is text. */
  commands?: readonly string[]
}

const HTTP: TextProtocol = {
  name: "http",
  commands:
    "GET PUT COPY HEAD LOCK MOVE POLL POST BCOPY BMOVE MKCOL TRACE LABEL MERGE DELETE SEARCH UNLOCK REPORT UPDATE NOTIFY BDELETE CONNECT OPTIONS CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND BPROPPATCH UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT VERSION-CONTROL BASELINE-CONTROL".split(
      " ",
    ),
}
const RTSP: TextProtocol = {
  name: "rtsp",
  commands: "OPTIONS DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD".split(
    " ",
  ),
}

/** By port, of either side. */
export const TEXT_PROTOCOLS: Readonly<Record<number, TextProtocol>> = {
  21: { name: "ftp" },
  25: { name: "smtp" },
  43: { name: "whois" },
  80: HTTP,
  8080: HTTP,
  554: RTSP,
  8554: RTSP,
}

const CR = 13
const LF = 10
const TOKEN_MAX = 128
const isPrint = (c: number): boolean => c >= 32 && c < 127
const isBlank = (c: number): boolean => c === 32 || c === 9 || c === CR || c === LF

export function textPrint(d: Dissection, protocol: TextProtocol, at: number, length: number): void {
  d.protocol = protocol.name
  const wanted = protocol.commands === undefined || startsMessage(d, protocol.commands, at, length)
  d.print(protocol.name.toUpperCase())
  if (!wanted) return
  if (d.verbose === 0) {
    linePrint(d, ": ", at, 0, length)
    return
  }
  d.print(`, length: ${length}`)
  for (let next = 0; next < length; ) {
    next = linePrint(d, "\n\t", at, next, length)
    if (next === 0) break
  }
}

/** A known command, or a three-digit code as the second word. */
function startsMessage(d: Dissection, commands: readonly string[], at: number, length: number): boolean {
  const first = token(d, at, 0, length)
  if (first === undefined) return false
  if (commands.includes(first.text.toUpperCase())) return true
  const second = token(d, at, first.next, length)
  return second !== undefined && /^\d{3}$/.test(second.text)
}

/** The word at `from`, and where the next one begins. */
function token(d: Dissection, at: number, from: number, length: number): { text: string; next: number } | undefined {
  let text = ""
  let i = from
  for (; i < length; i++) {
    if (!d.has(at + i, 1)) return undefined
    const c = d.u8(at + i)
    if (isBlank(c)) break
    if (!isPrint(c) || text.length + 2 > TOKEN_MAX) return undefined
    text += String.fromCharCode(c)
  }
  if (text === "") return undefined
  for (; i < length && d.has(at + i, 1); i++) {
    const c = d.u8(at + i)
    if (c !== 32 && c !== 9) break
  }
  return { text, next: i }
}

/** Prints one line and returns where the next begins, or 0 when this is no text or the packet ends in it. */
function linePrint(d: Dissection, prefix: string, at: number, from: number, length: number): number {
  let text = prefix
  for (let i = from; i < length; i++) {
    const c = d.u8(at + i)
    if (c === LF || c === CR) {
      const width = c === LF ? 1 : 2
      if (c === CR && (i + 1 >= length || d.u8(at + i + 1) !== LF)) return 0
      d.print(text)
      return i + width
    }
    if (!isPrint(c) && c !== 9) return 0
    text += String.fromCharCode(c)
  }
  d.print(text)
  d.truncated()
  return 0
}
