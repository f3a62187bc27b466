/** ping of iputils 20221126. */

import { strerror } from "../linux/errno.ts"
import { RouteType } from "../linux/fib/route.ts"
import { type IcmpMessage, RawIcmpSocket } from "../linux/inet/raw.ts"
import { ipRouteOutput } from "../linux/ip/route-output.ts"
import type { NetDevice } from "../linux/netdev.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { MILLISECOND, SECOND } from "../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../wire/address.ts"
import * as icmp from "../wire/icmp.ts"
import * as ipv4 from "../wire/ipv4.ts"
import { PING_USAGE } from "./ping-usage.ts"
import { resolveHost } from "./resolve.ts"

const { IcmpType, UnreachCode } = icmp
/** A datagram's 65,535 bytes less the two headers. */
const DATA_MAX = 65507

interface PingOptions {
  count: number
  interval: number
  size: number
  ttl: number
  tos: number
  timeout: number
  deadline: number
  quiet: boolean
  timestamps: boolean
  outstanding: boolean
  verbose: boolean
  pmtudisc: "do" | "want" | "dont"
  /** A device's name, or a source address. */
  from: string | undefined
  /** -B: the source address stays what it was at the start. */
  sticky: boolean
  broadcast: boolean
  audible: boolean
  ident: number | undefined
  pattern: Uint8Array | undefined
  family: "-4" | undefined
  /** Said on standard error before anything else. */
  warnings: string
}

/** Ends with a message on standard error. */
class PingError {
  readonly text: string
  readonly code: number
  constructor(text: string, code: number) {
    this.text = text
    this.code = code
  }
}

const TABLE = {
  4: false,
  c: true,
  i: true,
  s: true,
  t: true,
  Q: true,
  W: true,
  w: true,
  q: false,
  n: false,
  D: false,
  O: false,
  v: false,
  V: false,
  M: true,
  I: true,
  h: false,
  b: false,
  U: false,
  L: false,
  a: false,
  B: false,
  d: false,
  e: true,
  p: true,
}
const REFUSED = {
  6: false,
  A: false,
  C: false,
  f: false,
  F: true,
  l: true,
  m: true,
  N: true,
  r: false,
  R: false,
  S: true,
  T: true,
}

function integer(text: string, least: number, most: number): number {
  if (!/^-?\d+$/.test(text)) throw new PingError(`ping: invalid argument: '${text}'\n`, 1)
  const value = Number(text)
  if (value < least || value > most)
    throw new PingError(
      `ping: invalid argument: '${text}': out of range: ${least} <= value <= ${most === Number.MAX_SAFE_INTEGER ? "9223372036854775807" : most}\n`,
      1,
    )
  return value
}

/** Models ping_strtod: what is no number counts as none, with a warning. */
function seconds(text: string, options: PingOptions): number {
  const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)/.exec(text)?.[0] ?? ""
  if (number.length < text.length)
    options.warnings += `ping: option argument contains garbage: ${text.slice(number.length)}\nping: this will become fatal error in the future\n`
  return Number(number) * SECOND
}

/** -Q takes decimal and hexadecimal. */
function typeOfService(text: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) throw new PingError(`ping: bad TOS value: ${text}\n`, 2)
  if (value > 255) throw new PingError(`ping: the decimal value of TOS bits must be in range 0-255: ${text}\n`, 2)
  return value
}

/** -p: up to 16 bytes, of which the last may have one digit. */
function patternOf(text: string): Uint8Array {
  if (!/^[0-9a-f]+$/i.test(text)) throw new PingError(`ping: patterns must be specified as hex digits: ${text}\n`, 2)
  const bytes = (text.match(/..?/g) ?? []).slice(0, 16)
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16))
}

function readOptions(argv: readonly string[]): { options: PingOptions; host: string } | "version" {
  const parsed = getopt(argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed) throw new PingError(`${getoptMessage("ping", parsed)}\n${PING_USAGE}`, 2)
  const options: PingOptions = {
    count: Number.POSITIVE_INFINITY,
    interval: SECOND,
    size: 56,
    ttl: 0,
    tos: 0,
    timeout: 10 * SECOND,
    deadline: Number.POSITIVE_INFINITY,
    quiet: false,
    timestamps: false,
    outstanding: false,
    verbose: false,
    pmtudisc: "want",
    from: undefined,
    sticky: false,
    broadcast: false,
    audible: false,
    ident: undefined,
    pattern: undefined,
    family: undefined,
    warnings: "",
  }
  for (const { name, value } of parsed.options) {
    if (name in REFUSED) throw new PingError(`ping: podwire does not support option '-${name}'\n`, 2)
    if (name === "V") return "version"
    if (name === "h") throw new PingError(`\n${PING_USAGE}`, 2)
    if (name === "c") options.count = integer(value, 1, Number.MAX_SAFE_INTEGER)
    else if (name === "i") options.interval = Math.max(0, seconds(value, options))
    else if (name === "s") options.size = integer(value, 0, 2147483647)
    else if (name === "t") options.ttl = timeToLive(value)
    else if (name === "Q") options.tos = typeOfService(value)
    else if (name === "W") options.timeout = linger(value, options)
    else if (name === "w") options.deadline = integer(value, 0, 2147483647) * SECOND || Number.POSITIVE_INFINITY
    else if (name === "q") options.quiet = true
    else if (name === "D") options.timestamps = true
    else if (name === "O") options.outstanding = true
    else if (name === "v") options.verbose = true
    else if (name === "I") options.from = value
    else if (name === "B") options.sticky = true
    else if (name === "b") options.broadcast = true
    else if (name === "a") options.audible = true
    else if (name === "e") options.ident = integer(value, 0, 65535)
    else if (name === "p") options.pattern = patternOf(value)
    else if (name === "4") options.family = "-4"
    else if (name === "M") options.pmtudisc = pmtudisc(value)
  }
  if (parsed.operands.length > 1)
    throw new PingError("ping: podwire does not support source routing (more than one host)\n", 2)
  const host = parsed.operands[parsed.operands.length - 1]
  if (host === undefined) throw new PingError("ping: usage error: Destination address required\n", 1)
  return { options, host }
}

function timeToLive(value: string): number {
  const ttl = integer(value, 0, 255)
  if (ttl === 0) throw new PingError("ping: cannot set unicast time-to-live: Invalid argument\n", 2)
  return ttl
}

function linger(value: string, options: PingOptions): number {
  const timeout = seconds(value, options)
  if (timeout < 0) throw new PingError(`ping: bad linger time: ${value}\n`, 2)
  return timeout === 0 ? 10 * SECOND : timeout
}

function pmtudisc(value: string): "do" | "want" | "dont" {
  if (value === "do" || value === "want" || value === "dont") return value
  throw new PingError(`ping: invalid -M argument: ${value}\n`, 2)
}

export const ping: Tool = defineTool("ping", async (proc) => {
  try {
    const read = readOptions(proc.argv)
    if (read === "version") {
      await proc.out(
        "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n",
      )
      return 0
    }
    const { options, host } = read
    await proc.err(options.warnings)
    if (options.pattern !== undefined) await proc.out(`PATTERN: 0x${hex(options.pattern)}\n`)
    if (options.verbose) await proc.err(SOCKETS[options.family ?? ""])
    const address = resolveHost(proc, host)
    if (address === undefined) throw new PingError(`ping: ${host}: Temporary failure in name resolution\n`, 2)
    if (options.verbose) await proc.out(`ai->ai_family: AF_INET, ai->ai_canonname: '${host}'\n`)
    return await new PingRun(proc, options, host, address).run()
  } catch (thrown) {
    if (!(thrown instanceof PingError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** What -v tells of the sockets. */
const SOCKETS = {
  "": "ping: sock4.fd: 3 (socktype: SOCK_RAW), sock6.fd: 4 (socktype: SOCK_RAW), hints.ai_family: AF_UNSPEC\n\n",
  "-4": "ping: sock4.fd: 3 (socktype: SOCK_RAW), sock6.fd: -1 (socktype: 0), hints.ai_family: AF_INET\n\n",
} as const

class PingRun {
  readonly #proc: Process
  readonly #options: PingOptions
  readonly #host: string
  #address: number
  #device: NetDevice | undefined
  #source = 0
  readonly #socket: RawIcmpSocket
  readonly #id: number
  readonly #sentAt = new Map<number, number>()
  readonly #answered = new Set<number>()
  readonly #times: number[] = []
  #transmitted = 0
  #errors = 0
  #duplicates = 0
  #started = 0
  #lastAt = 0
  #interrupted = false
  /** The most requests that were under way when an answer came. */
  #pipeSize = 0

  constructor(proc: Process, options: PingOptions, host: string, address: number) {
    this.#proc = proc
    this.#options = options
    this.#host = host
    this.#address = address
    this.#socket = new RawIcmpSocket(proc.net)
    this.#id = options.ident ?? proc.net.prng.below(65535) + 1
  }

  get #now(): number {
    return this.#proc.kernel.sim.now
  }

  /** Finds out what the packets' source will be, as a connected socket would tell. Models ping4_run. */
  async #connect(): Promise<string> {
    const { from, sticky, broadcast } = this.#options
    const { net } = this.#proc
    const address = from === undefined ? undefined : parseIpv4(from)
    if (address !== undefined && !net.isLocal(address))
      throw new PingError("ping: bind: Cannot assign requested address\n", 2)
    this.#device = from === undefined || address !== undefined ? undefined : net.device(from)
    if (from !== undefined && address === undefined && this.#device === undefined)
      throw new PingError(`ping: SO_BINDTODEVICE ${from}: No such device\n`, 2)
    const way = ipRouteOutput(net, this.#address, address ?? 0, this.#device)
    if (way === "EACCES" || (typeof way !== "string" && way.route.type === RouteType.BROADCAST && !broadcast))
      throw new PingError("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n", 2)
    if (typeof way === "string") throw new PingError(`ping: connect: ${strerror(way)}\n`, 2)
    if (way.route.type === RouteType.BROADCAST) await this.#proc.err("WARNING: pinging broadcast address\n")
    if (this.#address === 0) this.#address = way.source
    if (address !== undefined || sticky) this.#source = way.source
    if (from === undefined && !sticky) return ""
    return `from ${formatIpv4(way.source)} ${this.#device?.name ?? ""}: `
  }

  async run(): Promise<number> {
    const { size } = this.#options
    const from = await this.#connect()
    await this.#proc.out(
      `PING ${this.#host} (${formatIpv4(this.#address)}) ${from}${size}(${size + 28}) bytes of data.\n`,
    )
    this.#proc.on("SIGINT", () => {
      this.#interrupted = true
      this.#socket.receive({ time: this.#now, source: 0, destination: 0, ttl: 0, tos: 0, data: new Uint8Array(0) })
    })
    this.#started = this.#lastAt = this.#now
    try {
      await this.#loop()
    } finally {
      this.#socket.close()
    }
    await this.#summary()
    const { count, deadline } = this.#options
    const enough = deadline === Number.POSITIVE_INFINITY || count === Number.POSITIVE_INFINITY
    return this.#answered.size > 0 && (enough || this.#answered.size >= count) ? 0 : 1
  }

  /** Sends on time, listens in between; after the last one waits for what is outstanding. */
  async #loop(): Promise<void> {
    const { count, interval, deadline } = this.#options
    let next = this.#started
    const end = this.#started + deadline
    while (!this.#interrupted) {
      if (this.#now >= end || (this.#answered.size + this.#errors >= count && this.#transmitted >= count)) return
      if (this.#transmitted < count && this.#now >= next) {
        await this.#send()
        next += interval
        continue
      }
      const until = this.#transmitted < count ? next : this.#lingerUntil()
      if (this.#transmitted >= count && this.#now >= until) return
      const message = await this.#socket.receiveFrom(this.#proc, Math.min(until, end) - this.#now)
      if (message !== undefined) await this.#take(message)
      else if (this.#transmitted >= count) return
      else if (this.#options.outstanding) await this.#reportOutstanding()
    }
  }

  /** Two of the longest round trips seen, or -W when there was none. */
  #lingerUntil(): number {
    const last = this.#sentAt.get(this.#transmitted) ?? this.#now
    const longest =
      this.#times.length === 0
        ? this.#options.timeout
        : Math.min(this.#options.timeout, Math.max(2 * Math.max(...this.#times), 10 * MILLISECOND))
    return last + longest
  }

  async #reportOutstanding(): Promise<void> {
    if (this.#transmitted > 0 && !this.#answered.has(this.#transmitted))
      await this.#proc.out(`no answer yet for icmp_seq=${this.#transmitted}\n`)
  }

  async #send(): Promise<void> {
    const { size, ttl, tos, pmtudisc } = this.#options
    const sequence = this.#transmitted + 1
    this.#transmitted = sequence
    this.#sentAt.set(sequence, this.#now)
    this.#lastAt = this.#now
    // Longer than any datagram can be: the kernel says EMSGSIZE, and ping what it knows of the way.
    if (size > DATA_MAX) {
      this.#errors++
      const mtu = this.#socket.mtuTo(this.#address, this.#device)
      await this.#proc.err(`ping: local error: message too long, mtu=${mtu}\n`)
      return
    }
    const data = new Uint8Array(8 + size)
    const view = new DataView(data.buffer)
    view.setUint8(0, IcmpType.ECHO)
    view.setUint16(4, this.#id)
    view.setUint16(6, sequence & 0xffff)
    // The time of sending, then a counting pattern, as iputils fills it.
    const { pattern } = this.#options
    for (let i = 0; i < size; i++)
      data[8 + i] = pattern === undefined ? i & 255 : (pattern[i % pattern.length] as number)
    if (size >= 16) {
      view.setUint32(8, this.#proc.kernel.sim.epoch + Math.floor(this.#now / SECOND), true)
      view.setUint32(12, 0)
      view.setUint32(16, Math.floor((this.#now % SECOND) / 1000), true)
      view.setUint32(20, 0)
    }
    const refused = this.#socket.send(this.#address, data, {
      ttl,
      tos,
      pmtudisc,
      source: this.#source,
      ...(this.#device === undefined ? {} : { device: this.#device }),
    })
    if (refused === undefined) return
    this.#errors++
    if (typeof refused === "object") await this.#proc.err(`ping: local error: message too long, mtu=${refused.mtu}\n`)
    else await this.#proc.err(`ping: sendmsg: ${strerror(refused)}\n`)
  }

  async #take(message: IcmpMessage): Promise<void> {
    if (message.data.length < 8) return
    const view = new DataView(message.data.buffer, message.data.byteOffset)
    if (view.getUint8(0) === IcmpType.REDIRECT && message.error === undefined) {
      await this.#takeRedirect(message, view)
      return
    }
    if (view.getUint16(4) !== this.#id) return
    const sequence = view.getUint16(6)
    if (message.error !== undefined) await this.#takeError(message, sequence)
    else if (view.getUint8(0) === IcmpType.ECHO_REPLY && message.source === this.#address)
      await this.#takeReply(message, sequence)
    else if (view.getUint8(0) === IcmpType.ECHO_REPLY) await this.#takeReply(message, sequence)
  }

  async #takeReply(message: IcmpMessage, sequence: number): Promise<void> {
    const sent = this.#sentAt.get(sequence)
    if (sent === undefined) return
    this.#acknowledge(sequence)
    const duplicate = this.#answered.has(sequence)
    if (duplicate) this.#duplicates++
    this.#answered.add(sequence)
    this.#lastAt = Math.max(this.#lastAt, this.#sentAt.get(this.#transmitted) ?? 0)
    const timed = this.#options.size >= 16
    const time = message.time - sent
    if (timed) this.#times.push(time)
    if (this.#options.quiet) return
    const ident = this.#options.verbose ? ` ident=${this.#id}` : ""
    await this.#proc.out(
      `${this.#stamp(message.time)}${message.data.length} bytes from ${formatIpv4(message.source)}: icmp_seq=${sequence}${ident} ttl=${message.ttl}${timed ? ` time=${formatTime(time)} ms` : ""}${duplicate ? " (DUP!)" : ""}${this.#options.audible ? "\u0007" : ""}\n`,
    )
  }

  async #takeError(message: IcmpMessage, sequence: number): Promise<void> {
    if (!this.#sentAt.has(sequence)) return
    this.#errors++
    this.#acknowledge(sequence)
    if (this.#options.quiet) return
    const error = message.error as NonNullable<IcmpMessage["error"]>
    await this.#proc.out(
      `${this.#stamp(message.time)}From ${formatIpv4(message.source)} icmp_seq=${sequence} ${errorText(error)}\n`,
    )
  }

  /** Redirects are no errors: the socket hears of them as of any message, and the packet they quote says whose they are. */
  async #takeRedirect(message: IcmpMessage, view: DataView): Promise<void> {
    const quoted = icmp.LENGTH + ipv4.LENGTH
    if (message.data.length < quoted + icmp.LENGTH || view.getUint16(quoted + 4) !== this.#id) return
    if (this.#options.quiet) return
    await this.#proc.out(
      `From ${formatIpv4(message.source)}: icmp_seq=${view.getUint16(quoted + 6)} Redirect Host(New nexthop: ${formatIpv4(view.getUint32(4))})\n`,
    )
  }

  #stamp(time: number): string {
    if (!this.#options.timestamps) return ""
    const whole = Math.floor(time / SECOND)
    return `[${this.#proc.kernel.sim.epoch + whole}.${String(Math.floor((time - whole * SECOND) / 1000)).padStart(6, "0")}] `
  }

  async #summary(): Promise<void> {
    const received = this.#answered.size
    const sent = this.#transmitted
    const loss = sent === 0 ? 0 : ((sent - received) * 100) / sent
    const elapsed = Math.floor((this.#lastAt - this.#started) / MILLISECOND)
    const duplicates = this.#duplicates > 0 ? `, +${this.#duplicates} duplicates` : ""
    const errors = this.#errors > 0 ? `, +${this.#errors} errors` : ""
    let text = `\n--- ${this.#host} ping statistics ---\n${sent} packets transmitted, ${received} received${duplicates}${errors}, ${formatLoss(loss)}% packet loss, time ${elapsed}ms\n`
    if (this.#times.length > 0) {
      const micros = this.#times.map((time) => Math.floor(time / 1000))
      const average = micros.reduce((a, b) => a + b, 0) / micros.length
      const mdev = Math.sqrt(Math.max(0, micros.reduce((a, b) => a + b * b, 0) / micros.length - average * average))
      const ms = (value: number): string =>
        `${Math.floor(value / 1000)}.${String(Math.floor(value % 1000)).padStart(3, "0")}`
      text += `rtt min/avg/max/mdev = ${ms(Math.min(...micros))}/${ms(average)}/${ms(Math.max(...micros))}/${ms(mdev)} ms`
    }
    const comma = this.#times.length > 0 ? ", " : ""
    if (this.#pipeSize > 1) text += `${comma}pipe ${this.#pipeSize}`
    await this.#proc.out(`${text}\n`)
  }

  /** Models iputils ping.h acknowledge. */
  #acknowledge(sequence: number): void {
    this.#pipeSize = Math.max(this.#pipeSize, this.#transmitted - sequence + 1)
  }
}

const formatLoss = (loss: number): string =>
  Number.isInteger(loss) ? String(loss) : loss.toPrecision(6).replace(/\.?0+$/, "")

/** Three decimals below a millisecond… one from ten on: always about three digits. */
function formatTime(nanoseconds: number): string {
  const micros = Math.floor(nanoseconds / 1000)
  if (micros >= 100_000) return String(Math.floor((micros + 500) / 1000))
  if (micros >= 10_000) return (micros / 1000).toFixed(1)
  if (micros >= 1000) return (micros / 1000).toFixed(2)
  return (micros / 1000).toFixed(3)
}

/** Models iputils ping_common.c pr_icmph. */
function errorText(error: { type: number; code: number; info: number }): string {
  if (error.type === IcmpType.TIME_EXCEEDED)
    return error.code === 0 ? "Time to live exceeded" : "Frag reassembly time exceeded"
  if (error.type !== IcmpType.DEST_UNREACH) return `Bad ICMP type: ${error.type}`
  switch (error.code) {
    case UnreachCode.NET:
      return "Destination Net Unreachable"
    case UnreachCode.HOST:
      return "Destination Host Unreachable"
    case UnreachCode.PROT:
      return "Destination Protocol Unreachable"
    case UnreachCode.PORT:
      return "Destination Port Unreachable"
    case UnreachCode.FRAG_NEEDED:
      return `Frag needed and DF set (mtu = ${error.info})`
    case UnreachCode.NET_ANO:
      return "Destination Net Prohibited"
    case UnreachCode.HOST_ANO:
      return "Destination Host Prohibited"
    case UnreachCode.PKT_FILTERED:
      return "Packet filtered"
    default:
      return `Dest Unreachable, Bad Code: ${error.code}`
  }
}
