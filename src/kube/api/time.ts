/** Points of virtual time as the API writes them (RFC 3339, UTC). */
import { calendar, dayNumber } from "../../calendar.ts"

interface Clock {
  readonly now: number
  readonly epoch: number
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0")

/** `2025-10-18T06:17:00Z`: a virtual instant, seconds cut off. */
export function timestamp(clock: Clock, now: number = clock.now): string {
  return formatTime(clock.epoch + Math.floor(now / 1e9))
}

/** `2025-10-18T06:17:00.123456Z`. */
export function microTimestamp(clock: Clock, now: number = clock.now): string {
  const micros = Math.floor(now / 1000) % 1_000_000
  return `${timestamp(clock, now).slice(0, -1)}.${pad(micros, 6)}Z`
}

/** Seconds since 1970 as RFC 3339. */
export function formatTime(seconds: number): string {
  const { year, month, day, hour, minute, second } = calendar(seconds)
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}Z`
}

/** Seconds since 1970 (with a fraction) of an RFC 3339 text, or `undefined`. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text)
  if (match === null) return undefined
  const part = (i: number): number => Number(match[i] ?? 0)
  const offset = (part(9) * 60 + part(10)) * 60 * (match[8] === "-" ? -1 : 1)
  return dayNumber(part(1), part(2), part(3)) * 86400 + part(4) * 3600 + part(5) * 60 + part(6) + part(7) - offset
}

/** Seconds from a timestamp to now, whole. */
export function secondsSince(clock: Clock, text: string | null | undefined): number | undefined {
  const then = text === null || text === undefined ? undefined : parseTime(text)
  return then === undefined ? undefined : Math.floor(clock.epoch + clock.now / 1e9 - then)
}
