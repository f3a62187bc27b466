/** Capture filters: pcap-filter(7)'s language, parsed to a predicate over Ethernet frames. */

import { isMulticastMac, MAC_BROADCAST, netmask, parseIpv4, parseMac } from "../wire/address.ts"
import * as ethernet from "../wire/ethernet.ts"

/** True when the frame passes. `at` is where its Ethernet header starts. */
export type FrameFilter = (view: DataView, at: number, length: number) => boolean

/** A filter that cannot be compiled: `message` is libpcap's. */
export class FilterError extends Error {}

const IP_PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmp6: 58, sctp: 132 }
const PORTS: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  ntp: 123,
  https: 443,
  bootps: 67,
  bootpc: 68,
  snmp: 161,
  mysql: 3306,
  postgresql: 5432,
}
const NAMED: Readonly<Record<string, number>> = {
  "tcp-fin": 1,
  "tcp-syn": 2,
  "tcp-rst": 4,
  "tcp-push": 8,
  "tcp-ack": 16,
  "tcp-urg": 32,
  "tcp-ece": 64,
  "tcp-cwr": 128,
  tcpflags: 13,
  icmptype: 0,
  icmpcode: 1,
  "icmp-echoreply": 0,
  "icmp-unreach": 3,
  "icmp-sourcequench": 4,
  "icmp-redirect": 5,
  "icmp-echo": 8,
  "icmp-timxceed": 11,
  "icmp-paramprob": 12,
}

interface Node {
  test: FrameFilter
}
type Value = (view: DataView, at: number, length: number) => number

/** Compiles a filter; the empty one passes everything. */
export function compileFilter(expression: string): FrameFilter {
  const tokens =
    expression.match(
      /\d+(?:\.\d+){1,3}(?:\/\d+)?|[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}|0x[0-9a-fA-F]+|[A-Za-z_\\][\w-]*|\d+(?:-\d+)?|<<|>>|<=|>=|==|!=|&&|\|\||[!()[\]:&|+*/%^<>=-]|\S/g,
    ) ?? []
  if (tokens.length === 0) return () => true
  return new Parser(tokens).parse()
}

class Parser {
  readonly #tokens: readonly string[]
  #at = 0
  /** Qualifiers of the primitive before: `port 80 or 443` repeats them. */
  #last: Qualifiers | undefined

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  parse(): FrameFilter {
    const node = this.#or()
    if (this.#at < this.#tokens.length) this.#syntax()
    return node.test
  }

  #syntax(): never {
    throw new FilterError("can't parse filter expression: syntax error")
  }

  get #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #accept(...words: string[]): boolean {
    if (this.#peek === undefined || !words.includes(this.#peek)) return false
    this.#at++
    return true
  }

  /** and and or bind alike, from left to right, as in libpcap. */
  #or(): Node {
    let left = this.#unary()
    for (;;) {
      const l = left.test
      if (this.#accept("and", "&&")) {
        const r = this.#unary().test
        left = { test: (v, a, n) => l(v, a, n) && r(v, a, n) }
      } else if (this.#accept("or", "||")) {
        const r = this.#unary().test
        left = { test: (v, a, n) => l(v, a, n) || r(v, a, n) }
      } else return left
    }
  }

  #unary(): Node {
    if (this.#accept("not", "!")) {
      const { test } = this.#unary()
      return { test: (v, a, n) => !test(v, a, n) }
    }
    if (this.#peek === "(" && !this.#startsRelation()) {
      this.#at++
      const node = this.#or()
      if (!this.#accept(")")) this.#syntax()
      return node
    }
    return this.#startsRelation() ? this.#relation() : this.#primitive()
  }

  /** `tcp[13] & 2 != 0`, `len > 100`, `(tcp[12] & 0xf0) >> 2 = 20`. */
  #startsRelation(): boolean {
    let at = this.#at
    while (this.#tokens[at] === "(") at++
    const word = this.#tokens[at]
    return (
      word !== undefined &&
      (word === "len" ||
        this.#tokens[at + 1] === "[" ||
        (/^(\d+|0x[0-9a-fA-F]+)$/.test(word) && /^(<<|>>|<=|>=|==|!=|[-+*/%&|^<>=])$/.test(this.#tokens[at + 1] ?? "")))
    )
  }

  #relation(): Node {
    const left = this.#arithmetic(0)
    const operator = this.#tokens[this.#at++] ?? ""
    if (!["=", "==", "!=", "<", "<=", ">", ">="].includes(operator)) this.#syntax()
    const right = this.#arithmetic(0)
    const compare = (x: number, y: number): boolean => {
      if (Number.isNaN(x) || Number.isNaN(y)) return false
      switch (operator) {
        case "=":
        case "==":
          return x === y
        case "!=":
          return x !== y
        case "<":
          return x < y
        case "<=":
          return x <= y
        case ">":
          return x > y
        default:
          return x >= y
      }
    }
    return { test: (v, a, n) => compare(left(v, a, n), right(v, a, n)) }
  }

  #arithmetic(level: number): Value {
    const operators = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]][level]
    if (operators === undefined) return this.#factor()
    let left = this.#arithmetic(level + 1)
    while (this.#peek !== undefined && operators.includes(this.#peek)) {
      const operator = this.#tokens[this.#at++] as string
      const l = left
      const r = this.#arithmetic(level + 1)
      left = (v, a, n) => combine(operator, l(v, a, n), r(v, a, n))
    }
    return left
  }

  #factor(): Value {
    const token = this.#tokens[this.#at++]
    if (token === undefined) this.#syntax()
    if (token === "(") {
      const inner = this.#arithmetic(0)
      if (!this.#accept(")")) this.#syntax()
      return inner
    }
    if (token === "len") return (_v, _a, n) => n
    if (/^(\d+|0x[0-9a-fA-F]+)$/.test(token)) {
      const constant = Number(token)
      return () => constant
    }
    if (token in NAMED && this.#peek !== "[") {
      const constant = NAMED[token] as number
      return () => constant
    }
    if (this.#peek === "[") return this.#accessor(token)
    return this.#syntax()
  }

  #accessor(protocol: string): Value {
    this.#at++
    const offset = this.#arithmetic(0)
    let size = 1
    if (this.#accept(":")) size = Number(this.#tokens[this.#at++])
    if (!this.#accept("]") || ![1, 2, 4].includes(size)) this.#syntax()
    const start = baseOf(protocol)
    if (start === undefined) throw new FilterError("can't parse filter expression: syntax error")
    return (v, a, n) => {
      const base = start(v, a, n)
      const at = base + offset(v, a, n)
      if (base < 0 || at + size > a + n) return Number.NaN
      return size === 1 ? v.getUint8(at) : size === 2 ? v.getUint16(at) : v.getUint32(at)
    }
  }

  #primitive(): Node {
    const word = this.#peek
    if (word === undefined) this.#syntax()
    const simple = this.#keyword(word)
    if (simple !== undefined) return simple
    const qualifiers = this.#qualifiers()
    const value = this.#tokens[this.#at]
    const bare =
      qualifiers.protocol !== undefined && qualifiers.direction === undefined && qualifiers.type === undefined
    if (bare && (value === undefined || ["and", "or", "&&", "||", ")", "not", "!"].includes(value)))
      return { test: protocolTest(qualifiers.protocol as string) }
    if (value === undefined) this.#syntax()
    const used =
      qualifiers.protocol === undefined &&
      qualifiers.direction === undefined &&
      qualifiers.type === undefined &&
      this.#last !== undefined
        ? this.#last
        : qualifiers
    this.#last = used
    this.#at++
    return {
      test: matchTest(
        used,
        value,
        () => this.#maskAfter(),
        () => this.#syntax(),
      ),
    }
  }

  /** `net 10.0.0.0 mask 255.0.0.0`. */
  #maskAfter(): number | undefined {
    return this.#accept("mask") ? parseIpv4(this.#tokens[this.#at++] ?? "") : undefined
  }

  #keyword(word: string): Node | undefined {
    if (word === "broadcast" || word === "multicast") {
      this.#at++
      return {
        test: (v, a) =>
          word === "broadcast"
            ? ethernet.destination(v, a) === MAC_BROADCAST
            : isMulticastMac(ethernet.destination(v, a)),
      }
    }
    if (word === "greater" || word === "less") {
      this.#at++
      const bound = Number(this.#tokens[this.#at++])
      return { test: (_v, _a, n) => (word === "greater" ? n >= bound : n <= bound) }
    }
    if (
      word === "vxlan" ||
      word === "vlan" ||
      word === "mpls" ||
      word === "pppoes" ||
      word === "geneve" ||
      word === "inbound" ||
      word === "outbound"
    )
      throw new FilterError(`podwire's filters do not support '${word}'`)
    return undefined
  }

  #qualifiers(): Qualifiers {
    const qualifiers: Qualifiers = { protocol: undefined, direction: undefined, type: undefined, number: false }
    for (;;) {
      const word = this.#peek
      if (word === "src" || word === "dst") {
        this.#at++
        const joined = this.#peek === "or" || this.#peek === "and" ? this.#tokens[this.#at + 1] : undefined
        if (joined === "src" || joined === "dst") {
          qualifiers.direction = this.#peek === "or" ? "either" : "both"
          this.#at += 2
        } else qualifiers.direction = word
      } else if (word === "host" || word === "net" || word === "port" || word === "portrange") {
        qualifiers.type = word
        this.#at++
      } else if (word === "proto") {
        qualifiers.number = true
        this.#at++
      } else if (
        word !== undefined &&
        (word in IP_PROTOCOLS || ["ether", "ip", "ip6", "arp", "rarp"].includes(word)) &&
        !qualifiers.number
      ) {
        qualifiers.protocol = word
        this.#at++
      } else return qualifiers
    }
  }
}

interface Qualifiers {
  protocol: string | undefined
  direction: "src" | "dst" | "either" | "both" | undefined
  type: "host" | "net" | "port" | "portrange" | undefined
  /** `proto N`. */
  number: boolean
}

function combine(operator: string, x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  switch (operator) {
    case "|":
      return (x | y) >>> 0
    case "^":
      return (x ^ y) >>> 0
    case "&":
      return (x & y) >>> 0
    case "<<":
      return (x << y) >>> 0
    case ">>":
      return x >>> y
    case "+":
      return (x + y) >>> 0
    case "-":
      return (x - y) >>> 0
    case "*":
      return Math.imul(x, y) >>> 0
    case "/":
      return Math.floor(x / y)
    default:
      return x % y
  }
}

const isIp = (v: DataView, a: number, n: number): boolean => n >= 34 && ethernet.etherType(v, a) === 0x0800

function protocolTest(protocol: string): FrameFilter {
  if (protocol === "ip") return (v, a, n) => n >= 14 && ethernet.etherType(v, a) === 0x0800
  if (protocol === "arp") return (v, a, n) => n >= 14 && ethernet.etherType(v, a) === 0x0806
  if (protocol === "rarp") return (v, a, n) => n >= 14 && ethernet.etherType(v, a) === 0x8035
  if (protocol === "ip6") return (v, a, n) => n >= 14 && ethernet.etherType(v, a) === 0x86dd
  if (protocol === "ether") throw new FilterError("can't parse filter expression: syntax error")
  const number = IP_PROTOCOLS[protocol]
  return (v, a, n) =>
    (isIp(v, a, n) && v.getUint8(a + 23) === number) ||
    (protocol !== "icmp" && n >= 54 && ethernet.etherType(v, a) === 0x86dd && v.getUint8(a + 20) === number)
}

/** Where a protocol's header starts, or -1 when the frame has none. */
function baseOf(protocol: string): Value | undefined {
  if (protocol === "ether") return (_v, a) => a
  if (protocol === "ip") return (v, a, n) => (isIp(v, a, n) ? a + 14 : -1)
  if (protocol === "arp") return (v, a, n) => (n >= 14 && ethernet.etherType(v, a) === 0x0806 ? a + 14 : -1)
  const number = IP_PROTOCOLS[protocol]
  if (number === undefined) return undefined
  // Only a first fragment has the transport header.
  return (v, a, n) =>
    isIp(v, a, n) && v.getUint8(a + 23) === number && (v.getUint16(a + 20) & 0x1fff) === 0
      ? a + 14 + (v.getUint8(a + 14) & 15) * 4
      : -1
}

function directed(direction: Qualifiers["direction"], source: boolean, destination: boolean): boolean {
  if (direction === "src") return source
  if (direction === "dst") return destination
  return direction === "both" ? source && destination : source || destination
}

function matchTest(q: Qualifiers, value: string, mask: () => number | undefined, syntax: () => never): FrameFilter {
  if (q.number) return protoNumber(q, value, syntax)
  if (q.protocol === "ether") return etherHost(q, value)
  if (q.type === "port" || q.type === "portrange") return portTest(q, value)
  if (q.type === "net" || value.includes("/")) return netTest(q, value, mask())
  return hostTest(q, value, syntax)
}

function protoNumber(q: Qualifiers, value: string, syntax: () => never): FrameFilter {
  const name = value.replace(/^\\/, "")
  if (q.protocol === "ether") {
    const type = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd }[name] ?? Number(name)
    return (v, a, n) => n >= 14 && ethernet.etherType(v, a) === type
  }
  const number = IP_PROTOCOLS[name] ?? Number(name)
  if (Number.isNaN(number)) return syntax()
  return (v, a, n) => isIp(v, a, n) && v.getUint8(a + 23) === number
}

function etherHost(q: Qualifiers, value: string): FrameFilter {
  const mac = parseMac(value)
  if (mac === undefined) throw new FilterError(`unknown ether host '${value}'`)
  return (v, a, n) =>
    n >= 14 && directed(q.direction, ethernet.source(v, a) === mac, ethernet.destination(v, a) === mac)
}

function hostTest(q: Qualifiers, value: string, syntax: () => never): FrameFilter {
  if (/^\d+$/.test(value) || /^[^\w]/.test(value)) return syntax()
  const address = parseIpv4(value)
  if (address === undefined)
    throw new FilterError(
      /^\d+(\.\d+){1,2}$/.test(value) ? `invalid IPv4 address '${value}'` : `unknown host '${value}'`,
    )
  return addressTest(q, (candidate) => candidate === address)
}

function netTest(q: Qualifiers, value: string, mask: number | undefined): FrameFilter {
  const [text = "", length] = value.split("/")
  const parts = text.split(".")
  const address = parseIpv4([...parts, "0", "0", "0"].slice(0, 4).join("."))
  if (address === undefined) throw new FilterError(`unknown network '${value}'`)
  const bits = mask ?? netmask(length === undefined ? parts.length * 8 : Number(length))
  if ((address & bits) >>> 0 !== address) throw new FilterError(`non-network bits set in "${value}"`)
  return addressTest(q, (candidate) => (candidate & bits) >>> 0 === address)
}

function addressTest(q: Qualifiers, wanted: (address: number) => boolean): FrameFilter {
  const { protocol, direction } = q
  const transport =
    protocol === undefined || protocol === "ip" || protocol === "arp" || protocol === "rarp"
      ? undefined
      : IP_PROTOCOLS[protocol]
  return (v, a, n) => {
    const type = n >= 14 ? ethernet.etherType(v, a) : 0
    if (type === 0x0800 && n >= 34 && protocol !== "arp" && protocol !== "rarp") {
      if (transport !== undefined && v.getUint8(a + 23) !== transport) return false
      return directed(direction, wanted(v.getUint32(a + 26)), wanted(v.getUint32(a + 30)))
    }
    if (type === 0x0806 && n >= 42 && (protocol === undefined || protocol === "arp"))
      return directed(direction, wanted(v.getUint32(a + 28)), wanted(v.getUint32(a + 38)))
    return false
  }
}

function portTest(q: Qualifiers, value: string): FrameFilter {
  const [from, to] =
    value.includes("-") && /^\d/.test(value)
      ? value.split("-").map(Number)
      : [PORTS[value] ?? Number(value), PORTS[value] ?? Number(value)]
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to))
    throw new FilterError(`unknown port '${value}'`)
  if (from > 65535 || to > 65535) throw new FilterError(`illegal port number ${from} > 65535`)
  const wanted = (port: number): boolean => port >= from && port <= to
  const only = q.protocol === undefined ? undefined : IP_PROTOCOLS[q.protocol]
  return (v, a, n) => {
    if (!isIp(v, a, n) || (v.getUint16(a + 20) & 0x1fff) !== 0) return false
    const protocol = v.getUint8(a + 23)
    if (only === undefined ? protocol !== 6 && protocol !== 17 && protocol !== 132 : protocol !== only) return false
    const at = a + 14 + (v.getUint8(a + 14) & 15) * 4
    if (at + 4 > a + n) return false
    return directed(q.direction, wanted(v.getUint16(at)), wanted(v.getUint16(at + 2)))
  }
}
