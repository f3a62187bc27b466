/** Calendar time as programs write it. */
import { calendar, MONTHS, WEEKDAYS } from "../calendar.ts"

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
