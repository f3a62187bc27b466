/** Arguments of options, as iputils reads them. */
import { SECOND } from "../../sim/simulation.ts"
import { PingError } from "./error.ts"
import type { PingOptions } from "./options.ts"

export function integer(text: string, least: number, most: number): number {
  if (!/^-?\d+$/.test(text)) throw new PingError(`ping: invalid argument: '${text}'\n`, 1)
  const value = Number(text)
  if (value >= least && value <= most) return value
  const limit = most === Number.MAX_SAFE_INTEGER ? "9223372036854775807" : most
  throw new PingError(`ping: invalid argument: '${text}': out of range: ${least} <= value <= ${limit}\n`, 1)
}

/** Models ping_strtod: what is no number counts as none, with a warning. */
export function seconds(text: string, options: PingOptions): number {
  const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)/.exec(text)?.[0] ?? ""
  if (number.length < text.length)
    options.warnings += `ping: option argument contains garbage: ${text.slice(number.length)}\nping: this will become fatal error in the future\n`
  return Number(number) * SECOND
}

/** -Q takes decimal and hexadecimal. */
export function typeOfService(text: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) throw new PingError(`ping: bad TOS value: ${text}\n`, 2)
  if (value > 255) throw new PingError(`ping: the decimal value of TOS bits must be in range 0-255: ${text}\n`, 2)
  return value
}

/** -p: up to 16 bytes, of which the last may have one digit. */
export function patternOf(text: string): Uint8Array {
  if (!/^[0-9a-f]+$/i.test(text)) throw new PingError(`ping: patterns must be specified as hex digits: ${text}\n`, 2)
  const bytes = (text.match(/..?/g) ?? []).slice(0, 16)
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16))
}

export function timeToLive(text: string): number {
  const ttl = integer(text, 0, 255)
  if (ttl === 0) throw new PingError("ping: cannot set unicast time-to-live: Invalid argument\n", 2)
  return ttl
}

export function linger(text: string, options: PingOptions): number {
  const timeout = seconds(text, options)
  if (timeout < 0) throw new PingError(`ping: bad linger time: ${text}\n`, 2)
  return timeout === 0 ? 10 * SECOND : timeout
}

export function pmtudisc(text: string): "do" | "want" | "dont" {
  if (text === "do" || text === "want" || text === "dont") return text
  throw new PingError(`ping: invalid -M argument: ${text}\n`, 2)
}
