/** The grammar of filters. Models grammar.y: `and` and `or` bind alike, from left to right; a bare value takes the qualifiers before it. */
import { parseMac } from "../../wire/address.ts"
import {
  type Arithmetic,
  combine,
  constant,
  frameLength,
  isOperator,
  negate,
  RELATIONS,
  relation,
  STRENGTH,
} from "./arithmetic.ts"
import { fail, syntaxError } from "./error.ts"
import { type Direction, type Generator, IP_PROTOCOLS, type Protocol } from "./generate.ts"
import type { Token } from "./lexer.ts"
import { agreed, portByName, promote, protocolNumber, shortAddress } from "./names.ts"
import { and, byte, not, opaque, or, type Test } from "./test.ts"

type AddressKind = "host" | "net" | "port" | "portrange" | "proto" | "protochain" | "gateway" | undefined

interface Qualifiers {
  readonly protocol: Protocol
  readonly direction: Direction
  readonly kind: AddressKind
}

/** A test and the qualifiers that a bare value behind it takes; none behind a parenthesis or a protocol's name. */
interface Block {
  readonly test: Test
  readonly qualifiers: Qualifiers | undefined
}

const PROTOCOLS: ReadonlySet<string> = new Set(["ether", "ip", "arp", "rarp", "ip6", ...Object.keys(IP_PROTOCOLS)])
const KINDS: readonly string[] = ["host", "net", "port", "portrange"]
const UNARY = 100

export class FilterParser {
  readonly #tokens: readonly Token[]
  readonly #generator: Generator
  #at = 0

  constructor(tokens: readonly Token[], generator: Generator) {
    this.#tokens = tokens
    this.#generator = generator
  }

  parse(): Test {
    const { test } = this.#expression(undefined)
    if (this.#at < this.#tokens.length) syntaxError()
    return test
  }

  // ── tokens ──────────────────────────────────────────────────────────────────────────────────

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead]
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead)
    return token !== undefined && (token.kind === "keyword" || token.kind === "symbol") && token.text === text
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#accept(text)) syntaxError()
  }

  #take(): Token {
    return this.#tokens[this.#at++] ?? syntaxError()
  }

  #number(): number {
    const token = this.#take()
    return token.kind === "number" ? token.value : syntaxError()
  }

  // ── expressions ─────────────────────────────────────────────────────────────────────────────

  #expression(before: Qualifiers | undefined): Block {
    let left = this.#term(before)
    for (;;) {
      const join = this.#accept("and") ? and : this.#accept("or") ? or : undefined
      if (join === undefined) return left
      const right = this.#startsValue() ? this.#value(left.qualifiers) : this.#term(left.qualifiers)
      left = { test: join(left.test, right.test), qualifiers: right.qualifiers }
    }
  }

  #term(before: Qualifiers | undefined): Block {
    if (this.#accept("not")) {
      const block = this.#term(before)
      return { test: not(block.test), qualifiers: block.qualifiers }
    }
    if (this.#startsRelation()) return { test: this.#relation(), qualifiers: undefined }
    if (this.#accept("(")) {
      const block = this.#expression(before)
      this.#expect(")")
      return { test: block.test, qualifiers: before }
    }
    return this.#primitive()
  }

  /** A value that stands without qualifiers of its own: `port 80 or 443`, `host a and not b`. */
  #startsValue(): boolean {
    let ahead = 0
    while (this.#is("not", ahead) || this.#is("(", ahead)) ahead++
    const token = this.#peek(ahead)
    if (token === undefined || token.kind === "keyword" || token.kind === "symbol") return false
    if (token.kind !== "number") return true
    // A number may begin arithmetic instead.
    ahead++
    while (this.#is(")", ahead)) ahead++
    const next = this.#peek(ahead)?.text ?? ""
    return !isOperator(next) && !RELATIONS.includes(next)
  }

  #value(qualifiers: Qualifiers | undefined): Block {
    if (this.#accept("not")) {
      const block = this.#value(qualifiers)
      return { test: not(block.test), qualifiers: block.qualifiers }
    }
    if (this.#accept("(")) {
      // Twice in parentheses may only stand a number.
      let ahead = 0
      while (this.#is("(", ahead)) ahead++
      if (ahead > 0 && this.#peek(ahead)?.kind !== "number") syntaxError()
      let left = this.#value(qualifiers)
      for (;;) {
        const join = this.#accept("and") ? and : this.#accept("or") ? or : undefined
        if (join === undefined) break
        const right = this.#value(left.qualifiers)
        left = { test: join(left.test, right.test), qualifiers: right.qualifiers }
      }
      this.#expect(")")
      return left
    }
    const token = this.#take()
    if (token.kind === "keyword" || token.kind === "symbol") syntaxError()
    if (qualifiers !== undefined) return { test: this.#match(token, qualifiers), qualifiers }
    if (token.kind === "mac") return fail("ethernet address used in non-ether expression")
    return fail("syntax error in filter expression")
  }

  #primitive(): Block {
    const token = this.#peek()
    if (token === undefined || token.kind !== "keyword") return syntaxError()
    const other = this.#standalone(token.text)
    if (other !== undefined) return { test: other, qualifiers: undefined }
    const protocol = PROTOCOLS.has(token.text) ? this.#take().text : undefined
    if (this.#accept("broadcast")) return { test: this.#generator.broadcast(protocol), qualifiers: undefined }
    if (this.#accept("multicast")) return { test: this.#generator.multicast(protocol), qualifiers: undefined }
    const direction = this.#direction()
    const kind = this.#kind(direction)
    if (direction === undefined && kind === undefined) {
      const ends = this.#peek() === undefined || this.#is("and") || this.#is("or") || this.#is(")")
      if (protocol === undefined || !ends) return syntaxError()
      return { test: this.#generator.abbreviation(protocol), qualifiers: undefined }
    }
    return this.#value({ protocol, direction, kind })
  }

  /** Primitives without a value of the common kind. */
  #standalone(word: string): Test | undefined {
    switch (word) {
      case "less":
      case "greater": {
        this.#at++
        const bound = this.#number()
        return relation(word === "less" ? "<=" : ">=", frameLength(), constant(bound))
      }
      case "inbound":
      case "outbound":
        this.#at++
        return word === "outbound" ? this.#generator.outbound() : not(this.#generator.outbound())
      case "ifindex":
        this.#at++
        return this.#generator.ifindex(this.#number())
      case "vlan":
        this.#at++
        return this.#generator.vlan(this.#peek()?.kind === "number" ? this.#number() : undefined)
      case "byte":
        return this.#byte()
      default:
        return undefined
    }
  }

  /** `byte 12 = 8`. */
  #byte(): Test {
    this.#at++
    const at = this.#number()
    const operator = this.#take().text
    const bound = this.#number()
    if (operator === "=") return byte(at, bound)
    if (operator === "<") return opaque((p) => p.u8(at) < bound)
    if (operator === ">") return opaque((p) => p.u8(at) > bound)
    return operator === "&" || operator === "|"
      ? fail(`podwire's filters do not support 'byte N ${operator} N'`)
      : syntaxError()
  }

  #direction(): Direction {
    const one = this.#accept("src") ? "src" : this.#accept("dst") ? "dst" : undefined
    if (one === undefined) return undefined
    const other = one === "src" ? "dst" : "src"
    const joined = this.#is("or") ? "or" : this.#is("and") ? "and" : undefined
    if (joined === undefined || !this.#is(other, 1)) return one
    this.#at += 2
    return joined
  }

  #kind(direction: Direction): AddressKind {
    const word = this.#peek()
    if (word === undefined || word.kind !== "keyword") return undefined
    const special = direction === undefined && ["proto", "protochain", "gateway"].includes(word.text)
    if (!KINDS.includes(word.text) && !special) return undefined
    this.#at++
    return word.text as AddressKind
  }

  // ── values ──────────────────────────────────────────────────────────────────────────────────

  #match(token: Token, q: Qualifiers): Test {
    if (q.kind === "protochain") fail("podwire's filters do not support 'protochain'")
    if (q.kind === "gateway")
      fail(token.kind === "name" ? "'gateway' not supported in this configuration" : "'gateway' requires a name")
    if (token.kind === "number") return this.#matchNumber(token.value, q)
    if (token.kind === "address") return this.#matchAddress(token.text, q)
    if (token.kind === "mac") return this.#matchMac(token.text, q)
    if (token.kind === "ipv6") return fail("podwire's filters do not support IPv6 addresses")
    return this.#matchName(token.text, q)
  }

  #matchNumber(value: number, q: Qualifiers): Test {
    if (q.kind === "port" || q.kind === "portrange") return this.#ports(value, value, q.protocol, q)
    if (q.kind === "proto") return this.#generator.proto(value, q.protocol, q.direction)
    if (q.protocol === "ether") fail("illegal link layer address")
    if (q.kind !== "net") return this.#generator.host(value, 0xffffffff, q.protocol, q.direction, "host")
    const { address, mask } = promoteNumber(value)
    return this.#generator.host(address, mask, q.protocol, q.direction, "net")
  }

  #matchAddress(text: string, q: Qualifiers): Test {
    if (this.#accept("/")) return this.#network(text, this.#number(), q)
    if (this.#accept("mask")) {
      const token = this.#take()
      return token.kind === "address" ? this.#masked(text, token.text, q) : syntaxError()
    }
    if (q.kind === "port" || q.kind === "portrange" || q.kind === "proto")
      fail(`'${q.kind}' modifier applied to ip host`)
    const short = shortAddress(text)
    if (q.protocol === "ether") fail("illegal link layer address")
    const { address, mask } = promote(short.address, short.bits)
    return this.#generator.host(address, mask, q.protocol, q.direction, q.kind === "net" ? "net" : "host")
  }

  #network(text: string, length: number, q: Qualifiers): Test {
    const short = shortAddress(text)
    const { address } = promote(short.address, short.bits)
    if (length > 32) fail("mask length must be <= 32")
    const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0
    if ((address & ~mask) !== 0) fail(`non-network bits set in "${text}/${length}"`)
    if (q.kind !== "net") fail("Mask syntax for networks only")
    return this.#generator.host(address, mask, q.protocol, q.direction, "net")
  }

  #masked(text: string, maskText: string, q: Qualifiers): Test {
    const [short, shortMask] = [shortAddress(text), shortAddress(maskText)]
    const { address } = promote(short.address, short.bits)
    const mask = promote(shortMask.address, shortMask.bits).address
    if ((address & ~mask) !== 0) fail(`non-network bits set in "${text} mask ${maskText}"`)
    if (q.kind !== "net") fail("Mask syntax for networks only")
    return this.#generator.host(address, mask, q.protocol, q.direction, "net")
  }

  #matchMac(text: string, q: Qualifiers): Test {
    if ((q.kind !== undefined && q.kind !== "host") || q.protocol !== "ether")
      fail("ethernet address used in non-ether expression")
    const plain = /^[0-9A-Fa-f.]+$/.test(text) && !/^([0-9A-Fa-f]{1,2}\.){5}/.test(text)
    const colons = plain ? text.replaceAll(".", "").replace(/..(?=.)/g, "$&:") : text.replace(/[-.]/g, ":")
    return this.#generator.etherHost(parseMac(colons) as number, q.direction)
  }

  #matchName(name: string, q: Qualifiers): Test {
    switch (q.kind) {
      case "net":
        return fail(`unknown network '${name}'`)
      case "port":
        return this.#portName(name, q)
      case "portrange":
        return this.#portRange(name, q)
      case "proto":
        return this.#generator.proto(protocolNumber(name, q.protocol), q.protocol, q.direction)
      default:
        return fail(q.protocol === "ether" ? `unknown ether host '${name}'` : `unknown host '${name}'`)
    }
  }

  #portName(name: string, q: Qualifiers): Test {
    this.#portProtocol(q)
    const found = portByName(name) ?? fail(`unknown port '${name}'`)
    const transport = agreed(name, found.transport, q.protocol, "port")
    return this.#ports(found.port, found.port, transport, q)
  }

  #portRange(name: string, q: Qualifiers): Test {
    this.#portProtocol(q)
    const dash = name.indexOf("-")
    const low = dash < 0 ? undefined : portByName(name.slice(0, dash))
    const high = dash < 0 ? undefined : portByName(name.slice(dash + 1))
    if (low === undefined || high === undefined) return fail(`unknown port in range '${name}'`)
    const both = low.transport === high.transport ? low.transport : undefined
    return this.#ports(low.port, high.port, agreed(name, both, q.protocol, "port in range"), q)
  }

  #portProtocol(q: Qualifiers): void {
    if (q.protocol !== undefined && !["tcp", "udp", "sctp"].includes(q.protocol))
      fail(`illegal qualifier of '${q.kind}'`)
  }

  #ports(low: number, high: number, transport: Protocol, q: Qualifiers): Test {
    this.#portProtocol(q)
    for (const port of [low, high]) if (port > 65535) fail(`illegal port number ${port} > 65535`)
    return this.#generator.ports(low, high, transport, q.direction)
  }

  // ── arithmetic ──────────────────────────────────────────────────────────────────────────────

  /** `tcp[13] & 2 != 0`, `len > 100`, `(tcp[12] & 0xf0) >> 2 = 20`. */
  #startsRelation(): boolean {
    if (this.#is("(")) {
      let depth = 0
      let ahead = 0
      do {
        if (this.#is("(", ahead)) depth++
        else if (this.#is(")", ahead)) depth--
        ahead++
      } while (depth > 0 && this.#peek(ahead) !== undefined)
      const next = this.#peek(ahead)?.text ?? ""
      return isOperator(next) || RELATIONS.includes(next)
    }
    const token = this.#peek()
    if (token === undefined) return false
    if (token.kind === "number" || this.#is("len") || this.#is("-")) return true
    return PROTOCOLS.has(token.text) && token.kind === "keyword" && this.#is("[", 1)
  }

  #relation(): Test {
    const left = this.#arithmetic(-1)
    const operator = this.#take().text
    if (!RELATIONS.includes(operator)) syntaxError()
    return relation(operator, left, this.#arithmetic(-1))
  }

  #arithmetic(strength: number): Arithmetic {
    let left = this.#operand()
    for (;;) {
      const operator = this.#peek()
      if (operator === undefined || operator.kind !== "symbol" || !isOperator(operator.text)) return left
      const own = STRENGTH[operator.text]
      if (own !== undefined && own <= strength) return left
      this.#at++
      left = combine(operator.text, left, this.#arithmetic(own ?? -1))
    }
  }

  #operand(): Arithmetic {
    if (this.#accept("-")) return negate(this.#arithmetic(UNARY))
    if (this.#accept("(")) {
      const inner = this.#arithmetic(-1)
      this.#expect(")")
      return inner
    }
    const token = this.#take()
    if (token.kind === "number") return constant(token.value)
    if (token.kind === "keyword" && token.text === "len") return frameLength()
    if (token.kind !== "keyword" || !PROTOCOLS.has(token.text)) return syntaxError()
    this.#expect("[")
    const offset = this.#arithmetic(-1)
    const size = this.#accept(":") ? this.#number() : 1
    this.#expect("]")
    const load = this.#generator.load(token.text, offset.value, size)
    const check =
      offset.check === undefined ? load.check : load.check === undefined ? offset.check : and(offset.check, load.check)
    return { check, value: load.value, key: `${token.text}[${offset.key}:${size}]`, first: offset.first }
  }
}

/** `net 10`: a number of few bytes is the beginning of a network. */
function promoteNumber(value: number): { address: number; mask: number } {
  let address = value
  let mask = 0xffffffff
  while (address !== 0 && address < 0x1000000) {
    address *= 256
    mask = (mask << 8) >>> 0
  }
  return { address, mask }
}
