/** Calendar time (UTC) of the virtual clock, without the host's: everybody's to use. */

export interface Calendar {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** 0: Sunday. */
  weekday: number
  /** 1 to 366. */
  yearday: number
}

export const WEEKDAY_NAMES: readonly string[] = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ")
export const MONTH_NAMES: readonly string[] =
  "January February March April May June July August September October November December".split(" ")
const short = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, 3))
export const WEEKDAYS: readonly string[] = short(WEEKDAY_NAMES)
export const MONTHS: readonly string[] = short(MONTH_NAMES)

/** The UTC date of a number of seconds since 1970, by the proleptic Gregorian calendar. */
export function calendar(seconds: number): Calendar {
  const days = Math.floor(seconds / 86400)
  const rest = Math.floor(seconds) - days * 86400
  // Days since 0000-03-01, in eras of 400 years: the leap day comes last in such a year.
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1] as number
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearday: before + day + (leap && month > 2 ? 1 : 0),
  }
}

/** The day number of a date, 0 being 1970-01-01: the inverse of {@link calendar}. */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
}
