/** The command line of ping. */
import { getopt, getoptMessage } from "../../shell/getopt.ts"
import { SECOND } from "../../sim/simulation.ts"
import { PingError } from "./error.ts"
import { USAGE } from "./usage.ts"
import { integer, linger, patternOf, pmtudisc, seconds, timeToLive, typeOfService } from "./values.ts"

export interface PingOptions {
  count: number
  interval: number
  size: number
  ttl: number
  tos: number
  timeout: number
  deadline: number
  quiet: boolean
  timestamps: boolean
  outstanding: boolean
  verbose: boolean
  pmtudisc: "do" | "want" | "dont"
  /** A device's name, or a source address. */
  from: string | undefined
  /** -B: the source address stays what it was at the start. */
  sticky: boolean
  broadcast: boolean
  audible: boolean
  ident: number | undefined
  pattern: Uint8Array | undefined
  family: "-4" | undefined
  /** Said on standard error before anything else. */
  warnings: string
}

const TABLE = {
  4: false,
  c: true,
  i: true,
  s: true,
  t: true,
  Q: true,
  W: true,
  w: true,
  q: false,
  n: false,
  D: false,
  O: false,
  v: false,
  V: false,
  M: true,
  I: true,
  h: false,
  b: false,
  U: false,
  L: false,
  a: false,
  B: false,
  d: false,
  e: true,
  p: true,
}
/** Real options that are not here yet. */
const REFUSED = {
  6: false,
  A: false,
  C: false,
  f: false,
  F: true,
  l: true,
  m: true,
  N: true,
  r: false,
  R: false,
  S: true,
  T: true,
}

const defaults = (): PingOptions => ({
  count: Number.POSITIVE_INFINITY,
  interval: SECOND,
  size: 56,
  ttl: 0,
  tos: 0,
  timeout: 10 * SECOND,
  deadline: Number.POSITIVE_INFINITY,
  quiet: false,
  timestamps: false,
  outstanding: false,
  verbose: false,
  pmtudisc: "want",
  from: undefined,
  sticky: false,
  broadcast: false,
  audible: false,
  ident: undefined,
  pattern: undefined,
  family: undefined,
  warnings: "",
})

export function readOptions(argv: readonly string[]): { options: PingOptions; host: string } | "version" {
  const parsed = getopt(argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed)
    throw new PingError(
      `${getoptMessage("ping", parsed.kind === "unrecognized" ? { kind: "unknown", name: "-" } : parsed)}\n${USAGE}`,
      2,
    )
  const options = defaults()
  for (const { name, value } of parsed.options) {
    if (name in REFUSED) throw new PingError(`ping: podwire does not support option '-${name}'\n`, 2)
    if (name === "V") return "version"
    if (name === "h") throw new PingError(`\n${USAGE}`, 2)
    Object.assign(options, VALUES[name]?.(value, options) ?? FLAGS[name])
  }
  if (parsed.operands.length > 1)
    throw new PingError("ping: podwire does not support source routing (more than one host)\n", 2)
  const host = parsed.operands[0]
  if (host === undefined) throw new PingError("ping: usage error: Destination address required\n", 1)
  return { options, host }
}

/** What letters without an argument set. What is missing here asks for what ping does anyway. */
const FLAGS: Readonly<Record<string, Partial<PingOptions>>> = {
  4: { family: "-4" },
  q: { quiet: true },
  D: { timestamps: true },
  O: { outstanding: true },
  v: { verbose: true },
  B: { sticky: true },
  b: { broadcast: true },
  a: { audible: true },
}

type Read = (value: string, options: PingOptions) => Partial<PingOptions>

const VALUES: Readonly<Record<string, Read>> = {
  c: (value) => ({ count: integer(value, 1, Number.MAX_SAFE_INTEGER) }),
  i: (value, options) => ({ interval: Math.max(0, seconds(value, options)) }),
  s: (value) => ({ size: integer(value, 0, 2147483647) }),
  t: (value) => ({ ttl: timeToLive(value) }),
  Q: (value) => ({ tos: typeOfService(value) }),
  W: (value, options) => ({ timeout: linger(value, options) }),
  w: (value) => ({ deadline: integer(value, 0, 2147483647) * SECOND || Number.POSITIVE_INFINITY }),
  I: (value) => ({ from: value }),
  e: (value) => ({ ident: integer(value, 0, 65535) }),
  p: (value) => ({ pattern: patternOf(value) }),
  M: (value) => ({ pmtudisc: pmtudisc(value) }),
}
