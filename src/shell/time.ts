/** Calendar time as programs write it. */
import { type Calendar, calendar, MONTH_NAMES, MONTHS, WEEKDAY_NAMES, WEEKDAYS } from "../calendar.ts"

const two = (value: number): string => String(value).padStart(2, "0")

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

/** The week of ISO 8601, whose first one holds the year's first Thursday. */
function isoWeek(c: Calendar): { year: number; week: number } {
  const day = (c.weekday + 6) % 7
  const week = Math.floor((c.yearday - 1 - day + 10) / 7)
  const days = (year: number): number => ((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 366 : 365)
  if (week < 1) {
    const last = Math.floor((c.yearday - 1 + days(c.year - 1) - day + 10) / 7)
    return { year: c.year - 1, week: last }
  }
  // The days left in the year decide whether this is the next one's first week.
  return week === 53 && days(c.year) - c.yearday < 3 - day ? { year: c.year + 1, week: 1 } : { year: c.year, week }
}

/** strftime(3), the conversions people type. Unknown ones stay as they are. */
export function strftime(format: string, seconds: number, nanoseconds = 0): string {
  const c = calendar(seconds)
  const conversions: Readonly<Record<string, () => string>> = {
    Y: () => String(c.year),
    y: () => two(c.year % 100),
    m: () => two(c.month),
    d: () => two(c.day),
    e: () => String(c.day).padStart(2),
    H: () => two(c.hour),
    I: () => two(c.hour % 12 || 12),
    k: () => String(c.hour).padStart(2),
    l: () => String(c.hour % 12 || 12).padStart(2),
    P: () => (c.hour < 12 ? "am" : "pm"),
    r: () => `${two(c.hour % 12 || 12)}:${two(c.minute)}:${two(c.second)} ${c.hour < 12 ? "AM" : "PM"}`,
    x: () => `${two(c.month)}/${two(c.day)}/${two(c.year % 100)}`,
    X: () => `${two(c.hour)}:${two(c.minute)}:${two(c.second)}`,
    C: () => two(Math.floor(c.year / 100)),
    U: () => two(Math.floor((c.yearday + 6 - c.weekday) / 7)),
    W: () => two(Math.floor((c.yearday + 6 - ((c.weekday + 6) % 7)) / 7)),
    V: () => two(isoWeek(c).week),
    G: () => String(isoWeek(c).year),
    M: () => two(c.minute),
    S: () => two(c.second),
    N: () => String(nanoseconds).padStart(9, "0"),
    s: () => String(Math.floor(seconds)),
    p: () => (c.hour < 12 ? "AM" : "PM"),
    a: () => WEEKDAYS[c.weekday] as string,
    A: () => WEEKDAY_NAMES[c.weekday] as string,
    b: () => MONTHS[c.month - 1] as string,
    h: () => MONTHS[c.month - 1] as string,
    B: () => MONTH_NAMES[c.month - 1] as string,
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
  return format.replace(/%(?:(\d)N|-?([A-Za-z%]))/g, (whole, digits: string | undefined, letter: string) => {
    if (digits !== undefined) return String(nanoseconds).padStart(9, "0").slice(0, Number(digits))
    const text = conversions[letter]?.() ?? whole
    // GNU's %-d: no padding.
    return whole[1] === "-" ? text.replace(/^[0 ]+(?=\d)/, "") : text
  })
}
