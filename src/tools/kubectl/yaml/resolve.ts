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
