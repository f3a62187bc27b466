/** Points of virtual time as the API writes them (RFC 3339, UTC). */

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
  const days = Math.floor(seconds / 86400)
  const rest = seconds - days * 86400
  const { year, month, day } = civil(days)
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(Math.floor(rest / 3600))}:${pad(Math.floor(rest / 60) % 60)}:${pad(rest % 60)}Z`
}

/** Proleptic Gregorian date of a day number, 0 being 1970-01-01. */
export function civil(days: number): { year: number; month: number; day: number } {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** The day number of a date. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
}

/** Seconds since 1970 (with a fraction) of an RFC 3339 text, or `undefined`. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text)
  if (match === null) return undefined
  const part = (i: number): number => Number(match[i] ?? 0)
  const offset = (part(9) * 60 + part(10)) * 60 * (match[8] === "-" ? -1 : 1)
  return daysOf(part(1), part(2), part(3)) * 86400 + part(4) * 3600 + part(5) * 60 + part(6) + part(7) - offset
}

/** Seconds from a timestamp to now, whole. */
export function secondsSince(clock: Clock, text: string | null | undefined): number | undefined {
  const then = text === null || text === undefined ? undefined : parseTime(text)
  return then === undefined ? undefined : Math.floor(clock.epoch + clock.now / 1e9 - then)
}
