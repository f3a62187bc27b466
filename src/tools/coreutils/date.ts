import { MONTHS } from "../../calendar.ts"
import { strerror } from "../../linux/errno.ts"
import { strftime } from "../../shell/time.ts"
import { SECOND } from "../../sim/simulation.ts"
import { misuse, type Program, program } from "./program.ts"

/** Seconds since 1970 for the dates people type: `@N`, `now`, `2025-10-18 06:17:36`, RFC 3339, RFC 5322, `2 days ago`; undefined for others. */
export function parseDate(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  if (/^@-?\d+(\.\d+)?$/.test(trimmed)) return Math.floor(Number(trimmed.slice(1)))
  const relative =
    /^(?:(now|today|yesterday|tomorrow)|([-+]?\d+)\s*(second|sec|minute|min|hour|day|week)s?(\s+ago)?)$/i.exec(trimmed)
  if (relative !== null) {
    if (relative[1] !== undefined)
      return Math.floor(now) + ({ yesterday: -86400, tomorrow: 86400 }[relative[1].toLowerCase()] ?? 0)
    const unit = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86400, week: 604800 }[
      (relative[3] as string).toLowerCase()
    ] as number
    return Math.floor(now) + Number(relative[2]) * unit * (relative[4] === undefined ? 1 : -1)
  }
  const iso =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|UTC|GMT|[-+]\d\d:?\d\d)?$/.exec(trimmed)
  if (iso !== null) return seconds(Number(iso[1]), Number(iso[2]), Number(iso[3]), [iso[4], iso[5], iso[6]], iso[7])
  const mail = /^(?:[A-Za-z]{3}, )?(\d\d?) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (Z|UTC|GMT|[-+]\d{4})$/.exec(
    trimmed,
  )
  if (mail !== null)
    return seconds(
      Number(mail[3]),
      MONTHS.indexOf(mail[2] as string) + 1,
      Number(mail[1]),
      [mail[4], mail[5], mail[6]],
      mail[7],
    )
  return undefined
}

function seconds(
  year: number,
  month: number,
  day: number,
  time: readonly (string | undefined)[],
  zone: string | undefined,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  // Days since 1970 by the proleptic Gregorian calendar, years beginning in March.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const days =
    era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
  const [hour, minute, second] = time.map((part) => Number(part ?? 0)) as [number, number, number]
  const offset = /^([-+])(\d\d):?(\d\d)$/.exec(zone ?? "")
  const shift = offset === null ? 0 : (Number(offset[2]) * 60 + Number(offset[3])) * 60 * (offset[1] === "-" ? -1 : 1)
  return days * 86400 + hour * 3600 + minute * 60 + second - shift
}

const ISO: Readonly<Record<string, string>> = {
  date: "%Y-%m-%d",
  hours: "%Y-%m-%dT%H+00:00",
  minutes: "%Y-%m-%dT%H:%M+00:00",
  seconds: "%Y-%m-%dT%H:%M:%S+00:00",
  ns: "%Y-%m-%dT%H:%M:%S,%N+00:00",
}

export const date: Program = program("date", {
  options: {
    u: false,
    utc: false,
    d: true,
    date: true,
    R: false,
    "rfc-email": false,
    r: true,
    reference: true,
    "iso-8601": false,
    I: false,
    iso: true,
    s: true,
  },
  // -I takes its argument in the same word only.
  rewrite: (argv) => argv.map((word) => word.replace(/^(-I|--iso-8601=)(.+)$/, "--iso=$2")),
  run: async (proc, options) => {
    const { sim } = proc.kernel
    if (options.has("s")) {
      await proc.err("date: cannot set date: Operation not permitted\n")
      return 1
    }
    let at = sim.epoch + Math.floor(sim.now / SECOND)
    let nanoseconds = sim.now % SECOND
    const text = options.value("d", "date")
    const reference = options.value("r", "reference")
    if (text !== undefined) {
      const parsed = parseDate(text, at)
      if (parsed === undefined) {
        await proc.err(`date: invalid date '${text}'\n`)
        return 1
      }
      at = parsed
      if (!/^(now|today)$/i.test(text)) nanoseconds = 0
    } else if (reference !== undefined) {
      const stat = proc.fs.stat(proc.path(reference))
      if (typeof stat === "string") {
        await proc.err(`date: ${reference}: ${strerror(stat)}\n`)
        return 1
      }
      at = sim.epoch + Math.floor(stat.mtime / SECOND)
    }
    const [operand, extra] = options.operands
    if (extra !== undefined) return misuse(proc, options, `extra operand '${extra}'`)
    if (operand !== undefined && !operand.startsWith("+")) {
      await proc.err(`date: invalid date '${operand}'\n`)
      return 1
    }
    const iso = ISO[options.value("iso") ?? (options.has("I", "iso-8601") ? "date" : "")]
    const format =
      operand?.slice(1) ??
      iso ??
      (options.has("R", "rfc-email") ? "%a, %d %b %Y %H:%M:%S %z" : "%a %b %e %H:%M:%S %Z %Y")
    await proc.out(`${strftime(format, at, nanoseconds)}\n`)
    return 0
  },
})
