/** Calendar time from the virtual clock, without the host's. */

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

export const WEEKDAYS: readonly string[] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
export const MONTHS: readonly string[] = [
  "Jan",
  "Feb",
  "Mar",
  "Apr",
  "May",
  "Jun",
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
]

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

const two = (value: number): string => String(value).padStart(2, "0")

/** `2025-10-18T06:17:36Z`, as Kubernetes writes times. */
export function rfc3339(seconds: number): string {
  const c = calendar(seconds)
  return `${c.year}-${two(c.month)}-${two(c.day)}T${two(c.hour)}:${two(c.minute)}:${two(c.second)}Z`
}

/** `Sat, 18 Oct 2025 06:17:36 GMT`, as HTTP writes times (RFC 9110 section 5.6.7). */
export function httpDate(seconds: number): string {
  const c = calendar(seconds)
  return `${WEEKDAYS[c.weekday]}, ${two(c.day)} ${MONTHS[c.month - 1]} ${c.year} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} GMT`
}

/** `18/Oct/2025:06:17:36 +0000`, as web servers log. */
export function logDate(seconds: number): string {
  const c = calendar(seconds)
  return `${two(c.day)}/${MONTHS[c.month - 1]}/${c.year}:${two(c.hour)}:${two(c.minute)}:${two(c.second)} +0000`
}

/** strftime(3), the conversions people type. Unknown ones stay as they are. */
export function strftime(format: string, seconds: number, nanoseconds = 0): string {
  const c = calendar(seconds)
  const longDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  const longMonths = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ]
  const conversions: Readonly<Record<string, () => string>> = {
    Y: () => String(c.year),
    y: () => two(c.year % 100),
    m: () => two(c.month),
    d: () => two(c.day),
    e: () => String(c.day).padStart(2),
    H: () => two(c.hour),
    I: () => two(c.hour % 12 || 12),
    M: () => two(c.minute),
    S: () => two(c.second),
    N: () => String(nanoseconds).padStart(9, "0"),
    s: () => String(Math.floor(seconds)),
    p: () => (c.hour < 12 ? "AM" : "PM"),
    a: () => WEEKDAYS[c.weekday] as string,
    A: () => longDays[c.weekday] as string,
    b: () => MONTHS[c.month - 1] as string,
    h: () => MONTHS[c.month - 1] as string,
    B: () => longMonths[c.month - 1] as string,
    j: () => String(c.yearday).padStart(3, "0"),
    u: () => String(c.weekday || 7),
    w: () => String(c.weekday),
    Z: () => "UTC",
    z: () => "+0000",
    F: () => `${c.year}-${two(c.month)}-${two(c.day)}`,
    T: () => `${two(c.hour)}:${two(c.minute)}:${two(c.second)}`,
    R: () => `${two(c.hour)}:${two(c.minute)}`,
    D: () => `${two(c.month)}/${two(c.day)}/${two(c.year % 100)}`,
    c: () =>
      `${WEEKDAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`,
    n: () => "\n",
    t: () => "\t",
    "%": () => "%",
  }
  return format.replace(/%([A-Za-z%])/g, (whole, letter: string) => conversions[letter]?.() ?? whole)
}
