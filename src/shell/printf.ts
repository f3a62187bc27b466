/** printf(1) and the escapes of `echo -e`. */

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  e: "\x1b",
  "\\": "\\",
  '"': '"',
  "'": "'",
}

export function unescapeEcho(text: string): string {
  return text.replace(/\\(0[0-7]{0,3}|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/gs, (whole, code: string) => {
    if (/^0?[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
    if (/^x[0-9a-fA-F]+$/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return SIMPLE[code] ?? whole
  })
}

/** The format is used again while arguments are left. */
export function formatPrintf(format: string, args: readonly string[]): string {
  let at = 0
  let result = ""
  do {
    result += unescapeOutside(format, () => args[at++])
  } while (at < args.length && /%[^%]/.test(format) && at > 0)
  return result
}

function unescapeOutside(format: string, next: () => string | undefined): string {
  return format.replace(
    /\\(0[0-7]{0,3}|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)|%([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*))?([a-zA-Z%])/gs,
    (
      whole,
      escaped: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      kind: string,
    ) => {
      if (escaped !== undefined) return unescapeEcho(whole)
      if (kind === "%") return "%"
      const size = width === "*" ? Number(next() ?? 0) : Number(width ?? 0)
      const digits = precision === "*" ? Number(next() ?? 0) : precision === undefined ? undefined : Number(precision)
      return pad(convert(kind, next(), digits, flags), size, flags)
    },
  )
}

function convert(kind: string, argument: string | undefined, precision: number | undefined, flags: string): string {
  const text = argument ?? ""
  switch (kind) {
    case "s":
      return precision === undefined ? text : text.slice(0, precision)
    case "b":
      return unescapeEcho(text)
    case "c":
      return text.slice(0, 1)
    case "q":
      return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
    case "f":
      return Number(text || 0).toFixed(precision ?? 6)
    default:
      return integer(kind, text, flags)
  }
}

function integer(kind: string, text: string, flags: string): string {
  const value =
    text.startsWith("'") || text.startsWith('"') ? text.charCodeAt(1) || 0 : Math.trunc(Number(text || 0)) || 0
  if (kind === "x") return (flags.includes("#") ? "0x" : "") + (value >>> 0).toString(16)
  if (kind === "X") return (value >>> 0).toString(16).toUpperCase()
  if (kind === "o") return (value >>> 0).toString(8)
  return (flags.includes("+") && value >= 0 ? "+" : "") + String(value)
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes("-")) return text.padEnd(width)
  if (flags.includes("0") && /^[-+]?[\da-fx.]+$/i.test(text))
    return text.startsWith("-") ? `-${text.slice(1).padStart(width - 1, "0")}` : text.padStart(width, "0")
  return text.padStart(width)
}
