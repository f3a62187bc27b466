/** One run of ping: requests sent on time, what comes back printed. Models iputils ping_common.c main_loop. */
import { strerror } from "../../linux/errno.ts"
import type { IcmpMessage, RawIcmpSocket } from "../../linux/inet/raw.ts"
import type { Process } from "../../linux/task/process.ts"
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { formatIpv4 } from "../../wire/address.ts"
import * as icmp from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import { echoRequest, fill, TIMED_SIZE } from "./echo.ts"
import type { PingOptions } from "./options.ts"
import { errorText, formatTime } from "./print.ts"
import type { Target } from "./route.ts"
import { Statistics } from "./statistics.ts"

const { IcmpType } = icmp
/** A datagram's 65,535 bytes less the two headers. */
const DATA_MAX = 65507

export class Session {
  readonly #proc: Process
  readonly #options: PingOptions
  readonly #target: Target
  readonly #socket: RawIcmpSocket
  readonly #id: number
  readonly #sentAt = new Map<number, number>()
  readonly #statistics = new Statistics()
  #started = 0
  #lastAt = 0
  #interrupted = false

  constructor(proc: Process, options: PingOptions, target: Target, socket: RawIcmpSocket, id: number) {
    this.#proc = proc
    this.#options = options
    this.#target = target
    this.#socket = socket
    this.#id = id
  }

  get #now(): number {
    return this.#proc.kernel.sim.now
  }

  /** Until all is answered, given up or interrupted. */
  async run(): Promise<void> {
    const { size } = this.#options
    const { host, address, from } = this.#target
    await this.#proc.out(`PING ${host} (${formatIpv4(address)}) ${from}${size}(${size + 28}) bytes of data.\n`)
    this.#proc.on("SIGINT", () => {
      this.#interrupted = true
      this.#socket.receive({ time: this.#now, source: 0, destination: 0, ttl: 0, tos: 0, data: new Uint8Array(0) })
    })
    this.#started = this.#lastAt = this.#now
    await this.#loop()
  }

  /** Prints the summary; returns the exit code. */
  async finish(): Promise<number> {
    await this.#proc.out(this.#statistics.summary(this.#target.host, this.#lastAt - this.#started))
    const { count, deadline } = this.#options
    const { received } = this.#statistics
    const enough = deadline === Number.POSITIVE_INFINITY || count === Number.POSITIVE_INFINITY
    return received > 0 && (enough || received >= count) ? 0 : 1
  }

  /** Sends on time, listens in between; after the last one waits for what is outstanding. */
  async #loop(): Promise<void> {
    const { count, interval, deadline, outstanding } = this.#options
    const counts = this.#statistics
    let next = this.#started
    const end = this.#started + deadline
    while (!this.#interrupted) {
      const allSent = counts.transmitted >= count
      if (this.#now >= end || (counts.received + counts.errors >= count && allSent)) return
      if (!allSent && this.#now >= next) {
        await this.#send()
        next += interval
        continue
      }
      const until = allSent ? this.#lingerUntil() : next
      if (allSent && this.#now >= until) return
      const message = await this.#socket.receiveFrom(this.#proc, Math.min(until, end) - this.#now)
      if (message !== undefined) await this.#take(message)
      else if (allSent) return
      else if (outstanding) await this.#reportOutstanding()
    }
  }

  /** Two of the longest round trips seen, or -W when there was none. */
  #lingerUntil(): number {
    const { transmitted, times } = this.#statistics
    const { timeout } = this.#options
    const last = this.#sentAt.get(transmitted) ?? this.#now
    if (times.length === 0) return last + timeout
    return last + Math.min(timeout, Math.max(2 * Math.max(...times), 10 * MILLISECOND))
  }

  async #reportOutstanding(): Promise<void> {
    const { transmitted } = this.#statistics
    if (transmitted > 0 && !this.#statistics.isAnswered(transmitted))
      await this.#proc.out(`no answer yet for icmp_seq=${transmitted}\n`)
  }

  async #send(): Promise<void> {
    const sequence = ++this.#statistics.transmitted
    this.#sentAt.set(sequence, this.#now)
    this.#lastAt = this.#now
    const refused = this.#transmit(sequence)
    if (refused === undefined) return
    this.#statistics.errors++
    if (typeof refused === "object") await this.#proc.err(`ping: local error: message too long, mtu=${refused.mtu}\n`)
    else await this.#proc.err(`ping: sendmsg: ${strerror(refused)}\n`)
  }

  #transmit(sequence: number): ReturnType<RawIcmpSocket["send"]> {
    const { size, ttl, tos, pmtudisc, pattern } = this.#options
    const { address, source, device } = this.#target
    // Longer than any datagram can be: the kernel says EMSGSIZE, and ping what it knows of the way.
    if (size > DATA_MAX) return { mtu: this.#socket.mtuTo(address, device) }
    const data = echoRequest(this.#id, sequence, size)
    fill(data, pattern, this.#proc.kernel.sim)
    const bound = device === undefined ? {} : { device }
    return this.#socket.send(address, data, { ttl, tos, pmtudisc, source, ...bound })
  }

  async #take(message: IcmpMessage): Promise<void> {
    if (message.data.length < icmp.LENGTH) return
    const view = new DataView(message.data.buffer, message.data.byteOffset)
    const type = view.getUint8(0)
    if (type === IcmpType.REDIRECT && message.error === undefined) {
      await this.#takeRedirect(message, view)
      return
    }
    if (view.getUint16(4) !== this.#id) return
    const sequence = view.getUint16(6)
    if (message.error !== undefined) await this.#takeError(message, message.error, sequence)
    else if (type === IcmpType.ECHO_REPLY) await this.#takeReply(message, sequence)
  }

  async #takeReply(message: IcmpMessage, sequence: number): Promise<void> {
    const sent = this.#sentAt.get(sequence)
    if (sent === undefined) return
    const counts = this.#statistics
    const { size, quiet, verbose, audible } = this.#options
    counts.acknowledge(sequence)
    const duplicate = counts.answer(sequence)
    this.#lastAt = Math.max(this.#lastAt, this.#sentAt.get(counts.transmitted) ?? 0)
    const time = message.time - sent
    const timed = size >= TIMED_SIZE
    if (timed) counts.times.push(time)
    if (quiet) return
    const ident = verbose ? ` ident=${this.#id}` : ""
    const end = `${timed ? ` time=${formatTime(time)} ms` : ""}${duplicate ? " (DUP!)" : ""}${audible ? "\u0007" : ""}`
    await this.#proc.out(
      `${this.#stamp(message.time)}${message.data.length} bytes from ${formatIpv4(message.source)}: icmp_seq=${sequence}${ident} ttl=${message.ttl}${end}\n`,
    )
  }

  async #takeError(message: IcmpMessage, error: NonNullable<IcmpMessage["error"]>, sequence: number): Promise<void> {
    if (!this.#sentAt.has(sequence)) return
    this.#statistics.errors++
    this.#statistics.acknowledge(sequence)
    if (this.#options.quiet) return
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

  /** -D */
  #stamp(time: number): string {
    if (!this.#options.timestamps) return ""
    const whole = Math.floor(time / SECOND)
    return `[${this.#proc.kernel.sim.epoch + whole}.${String(Math.floor((time - whole * SECOND) / 1000)).padStart(6, "0")}] `
  }
}
