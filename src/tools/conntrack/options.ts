/** The command line of conntrack(8) 1.4.7. */

import { CtStatus, type NfConn } from "../../linux/netfilter/conntrack/entry.ts"
import { TCP_CT_NAMES } from "../../linux/netfilter/conntrack/tcp-table.ts"
import { parseIpv4 } from "../../wire/address.ts"

export class ConntrackError extends Error {
  readonly hint: boolean
  readonly code: number

  constructor(message: string, hint = true, code = 2) {
    super(message)
    this.hint = hint
    this.code = code
  }
}

function fail(message: string): never {
  throw new ConntrackError(message)
}

export type ConntrackCommand = "L" | "D" | "G" | "E" | "F" | "C" | "S" | "V" | "h"

export interface ConntrackRequest {
  readonly command: ConntrackCommand | undefined
  readonly table: string
  readonly outputs: ReadonlySet<string>
  readonly filters: readonly ((ct: NfConn) => boolean)[]
  /** Something was said that a connection must agree with. */
  readonly family: string
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: 6,
  udp: 17,
  icmp: 1,
  sctp: 132,
  udplite: 136,
  dccp: 33,
  gre: 47,
}
const LETTERS: Readonly<Record<string, string>> = {
  "--dump": "-L",
  "--delete": "-D",
  "--get": "-G",
  "--event": "-E",
  "--flush": "-F",
  "--count": "-C",
  "--stats": "-S",
  "--version": "-V",
  "--help": "-h",
  "--src": "-s",
  "--orig-src": "-s",
  "--dst": "-d",
  "--orig-dst": "-d",
  "--reply-src": "-r",
  "--reply-dst": "-q",
  "--src-nat": "-n",
  "--dst-nat": "-g",
  "--any-nat": "-j",
  "--mark": "-m",
  "--status": "-u",
  "--protonum": "-p",
  "--output": "-o",
  "--family": "-f",
}
/** Real, and not here. */
const REFUSED = [
  "-I",
  "--create",
  "-U",
  "--update",
  "-A",
  "--add",
  "-t",
  "--timeout",
  "-w",
  "--zone",
  "-z",
  "--zero",
  "-e",
  "--event-mask",
  "-l",
  "--label",
  "-c",
  "--secmark",
  "-b",
  "--buffer-size",
]

function address(text: string): number {
  return parseIpv4(text) ?? fail(`Invalid IP address \`${text}'`)
}

class Reader {
  readonly #words: string[]
  command: ConntrackCommand | undefined
  table = "conntrack"
  family = "ipv4"
  readonly outputs = new Set<string>()
  readonly filters: ((ct: NfConn) => boolean)[] = []
  #protocol: number | undefined

  constructor(words: readonly string[]) {
    this.#words = [...words]
  }

  read(): void {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) this.#option(word)
  }

  #value(option: string): string {
    return this.#words.shift() ?? fail(`option \`${option}' requires an argument`)
  }

  #optional(): string | undefined {
    const next = this.#words[0]
    return next === undefined || next.startsWith("-") ? undefined : this.#words.shift()
  }

  #option(word: string): void {
    if (REFUSED.includes(word)) fail(`podwire does not support option '${word}'`)
    const letter = LETTERS[word] ?? word
    if (/^-[LDGEFCSVh]$/.test(letter)) this.#command(letter[1] as ConntrackCommand)
    else if (this.#filter(letter)) return
    else if (this.#protocol === undefined || !this.#protocolFilter(word)) fail(`unknown option \`${word}'`)
  }

  #command(letter: ConntrackCommand): void {
    if (this.command !== undefined) fail("Invalid commands combination")
    this.command = letter
    if (!"LDGEFC".includes(letter)) return
    const table = this.#optional()
    if (table === undefined) return
    if (!["conntrack", "expect", "dying", "unconfirmed"].some((name) => name.startsWith(table)))
      fail(`unknown type \`${table}'`)
    this.table = table
  }

  #filter(letter: string): boolean {
    if (letter === "-s") this.#tuple((ct) => ct.original.source, address(this.#value(letter)))
    else if (letter === "-d") this.#tuple((ct) => ct.original.destination, address(this.#value(letter)))
    else if (letter === "-r") this.#tuple((ct) => ct.reply.source, address(this.#value(letter)))
    else if (letter === "-q") this.#tuple((ct) => ct.reply.destination, address(this.#value(letter)))
    else if (letter === "-n" || letter === "-g" || letter === "-j") this.#nat(letter)
    else if (letter === "-p") this.#setProtocol(this.#value(letter))
    else if (letter === "-m") this.#mark(this.#value(letter))
    else if (letter === "-u") this.#status(this.#value(letter))
    else if (letter === "-o") this.#output(this.#value(letter))
    else if (letter === "-f") this.family = this.#value(letter)
    else return false
    return true
  }

  #tuple(of: (ct: NfConn) => number, wanted: number): void {
    this.filters.push((ct) => of(ct) === wanted)
  }

  /** -n, -g, -j: mapped connections, perhaps to one address. */
  #nat(letter: string): void {
    const text = this.#optional()
    const wanted = text === undefined ? undefined : address(text)
    const source = (ct: NfConn): boolean =>
      ct.reply.destination !== ct.original.source && (wanted === undefined || ct.reply.destination === wanted)
    const destination = (ct: NfConn): boolean =>
      ct.reply.source !== ct.original.destination && (wanted === undefined || ct.reply.source === wanted)
    this.filters.push((ct) => (letter !== "-g" && source(ct)) || (letter !== "-n" && destination(ct)))
  }

  #setProtocol(text: string): void {
    const number = PROTOCOLS[text.toLowerCase()] ?? (/^\d+$/.test(text) ? Number(text) : undefined)
    if (number === undefined) fail(`\`${text}' unsupported protocol`)
    this.#protocol = number
    this.filters.push((ct) => ct.original.protocol === number)
  }

  #mark(text: string): void {
    const [mark, mask = 0xffffffff] = text.split("/", 2).map(Number)
    if (mark === undefined || Number.isNaN(mark) || Number.isNaN(mask)) fail(`Invalid mark \`${text}'`)
    this.filters.push((ct) => (ct.mark & mask) >>> 0 === mark)
  }

  #status(text: string): void {
    for (const word of text.split(",")) {
      if (word === "ASSURED") this.filters.push((ct) => (ct.status & CtStatus.ASSURED) !== 0)
      else if (word === "SEEN_REPLY") this.filters.push((ct) => (ct.status & CtStatus.SEEN_REPLY) !== 0)
      else if (word === "UNREPLIED" || word === "UNSET")
        this.filters.push((ct) => (ct.status & CtStatus.SEEN_REPLY) === 0)
      else if (word === "SRC_NAT") this.filters.push((ct) => (ct.status & CtStatus.SRC_NAT) !== 0)
      else if (word === "DST_NAT") this.filters.push((ct) => (ct.status & CtStatus.DST_NAT) !== 0)
      else fail(`Bad parameter \`${word}'`)
    }
  }

  #output(text: string): void {
    for (const word of text.split(",")) {
      if (word !== "extended" && word !== "ktimestamp") fail(`podwire does not support output '${word}'`)
      this.outputs.add(word)
    }
  }

  #protocolFilter(word: string): boolean {
    const icmp = this.#protocol === 1
    const number = (): number => Number(this.#value(word))
    if (word === "--state" && this.#protocol === 6) this.#state(this.#value(word))
    else if (!icmp && /^--(orig-port-src|sport)$/.test(word)) this.#tuple((ct) => ct.original.sourcePort, number())
    else if (!icmp && /^--(orig-port-dst|dport)$/.test(word)) this.#tuple((ct) => ct.original.destinationPort, number())
    else if (!icmp && word === "--reply-port-src") this.#tuple((ct) => ct.reply.sourcePort, number())
    else if (!icmp && word === "--reply-port-dst") this.#tuple((ct) => ct.reply.destinationPort, number())
    else if (icmp && word === "--icmp-type") this.#tuple((ct) => ct.original.destinationPort >>> 8, number())
    else if (icmp && word === "--icmp-code") this.#tuple((ct) => ct.original.destinationPort & 255, number())
    else if (icmp && word === "--icmp-id") this.#tuple((ct) => ct.original.sourcePort, number())
    else return false
    return true
  }

  #state(text: string): void {
    const state = TCP_CT_NAMES.indexOf(text)
    if (state < 0) fail(`unknown TCP state \`${text}'`)
    this.filters.push((ct) => ct.state === state)
  }
}

export function readRequest(words: readonly string[]): ConntrackRequest {
  const reader = new Reader(words)
  reader.read()
  return reader
}
