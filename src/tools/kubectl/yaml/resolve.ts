/** What a plain word means in YAML 1.1 as goyaml.v2 reads it. Models goyaml.v2 resolve.go. */

const WORDS =
  /^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF|~|null|Null|NULL|<<)$/
const INFINITE = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/
const INTEGER = /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const TIMESTAMP = /^\d{4}-\d\d?-\d\d?([Tt]|\s+)\d\d?:\d\d?:\d\d?(\.\d*)?\s*(Z|[-+]\d\d?(:\d\d)?)?$|^\d{4}-\d\d?-\d\d?$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/** A plain scalar with this text is read back as the same string. */
export function resolvesToString(text: string): boolean {
  if (text === "") return false
  return ![WORDS, INFINITE, INTEGER, FLOAT, TIMESTAMP, BASE_60].some((pattern) => pattern.test(text))
}

const BOOLEANS = /^(?:(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/
const NULL = /^(|~|null|Null|NULL)$/

/** The value of a plain scalar. Dates and base-60 numbers stay text, as sigs.k8s.io/yaml leaves them. */
export function resolve(text: string): string | number | boolean | null {
  if (NULL.test(text)) return null
  const boolean = BOOLEANS.exec(text)
  if (boolean !== null) return boolean[1] !== undefined
  if (INFINITE.test(text)) return /n/i.test(text.slice(1, 2)) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity
  return /^[-+.\d]/.test(text) ? number(text) : text
}

function number(text: string): number | string {
  if (text.startsWith(".")) return FLOAT.test(text) ? Number(text) : text
  const plain = text.replaceAll("_", "")
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/s.exec(plain) ?? []
  const whole = integer(digits)
  if (whole !== undefined) return sign === "-" ? -whole : whole
  return FLOAT.test(plain) ? Number(plain) : text
}

/** Go's strconv.ParseInt with base 0. */
function integer(digits: string): number | undefined {
  const prefixed = /^0(?:b([01]+)|o?([0-7]+)|x([0-9a-fA-F]+))$/i.exec(digits)
  if (prefixed !== null) {
    const [, binary, octal, hex] = prefixed
    if (binary !== undefined) return Number.parseInt(binary, 2)
    return octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex as string, 16)
  }
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined
}
