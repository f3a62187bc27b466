/** The command line of curl. */
import { getopt, type OptionProblem } from "../../shell/getopt.ts"
import { SECOND } from "../../sim/simulation.ts"
import { LONG_NAMES, REFUSED, TABLE, TRY_HELP, VERSION } from "./options.ts"

/** -O: the output is named as in the URL. */
export const REMOTE_NAME: unique symbol = Symbol("remote name")

export interface Settings {
  silent: boolean
  showError: boolean
  verbose: boolean
  include: boolean
  /** -k: whoever answers is believed. */
  insecure: boolean
  head: boolean
  fail: boolean
  location: boolean
  /** --remote-name-all: URLs without an output of their own. */
  remoteNameAll: boolean
  /** -o and -O in order, one a URL. */
  outputs: (string | typeof REMOTE_NAME)[]
  /** No meter, even where there would be one. */
  noProgress: boolean
  globoff: boolean
  writeOut: string | undefined
  maxTime: number
  connectTimeout: number
  method: string | undefined
  data: string[]
  get: boolean
  headers: string[]
  agent: string
  referer: string | undefined
  resolve: Map<string, string>
  device: string | undefined
  localPort: number
}

const defaults = (): Settings => ({
  silent: false,
  showError: false,
  verbose: false,
  include: false,
  insecure: false,
  head: false,
  fail: false,
  location: false,
  remoteNameAll: false,
  outputs: [],
  noProgress: false,
  globoff: false,
  writeOut: undefined,
  maxTime: Number.POSITIVE_INFINITY,
  connectTimeout: 300 * SECOND,
  method: undefined,
  data: [],
  get: false,
  headers: [],
  agent: "curl/7.88.1",
  referer: undefined,
  resolve: new Map(),
  device: undefined,
  localPort: 0,
})

/** Nothing to transfer: what is said instead, on standard error and on standard output. */
interface Ending {
  text: string
  code: number
  out?: string
  /** The help was asked for. */
  help?: true
}

/** curl sorts its options into categories; podwire has the usual help alone. */
function helpAsked([category]: readonly string[]): Ending {
  if (category === undefined) return { text: "", code: 0, help: true }
  return { text: `curl: podwire does not support '--help ${category}' (only --help)\n`, code: 2 }
}

export function readSettings(argv: readonly string[]): { settings: Settings; urls: string[] } | Ending {
  const parsed = getopt(argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed) return { text: problemText(parsed), code: 2 }
  const settings = defaults()
  for (const { name, value } of parsed.options) {
    const typed = `${name.length === 1 ? "-" : "--"}${name}`
    const long = LONG_NAMES[name] ?? name
    if (name in REFUSED) return { text: `curl: podwire does not support option '${typed}'\n`, code: 2 }
    if (long === "version") return { text: "", code: 0, out: VERSION }
    if (long === "help") return helpAsked(parsed.operands)
    const problem = APPLY[long]?.(settings, value, typed)
    if (typeof problem === "string") return { text: problem, code: 2 }
  }
  if (parsed.operands.length === 0)
    return { text: `${argv.length > 1 ? "curl: no URL specified!\n" : ""}${TRY_HELP}`, code: 2 }
  return { settings, urls: parsed.operands }
}

function problemText({ kind, name }: OptionProblem): string {
  const typed = kind === "unknown" || kind === "missing" ? `-${name}` : name
  const what = kind.startsWith("missing") ? "requires parameter" : "is unknown"
  return `curl: option ${typed}: ${what}\n${TRY_HELP}`
}

/** The request's method, known before anything is sent: --write-out names it also when nothing could be. */
export const methodOf = ({ method, head, data, get }: Settings): string =>
  method ?? (head ? "HEAD" : data.length === 0 || get ? "GET" : "POST")

/** Takes an option in; what it returns is the reason why not. `typed` is the option as the user wrote it. */
type Apply = (settings: Settings, value: string, typed: string) => string | undefined

type KeysOf<T> = { [K in keyof Settings]: T extends Settings[K] ? K : never }[keyof Settings]

/** An option without an argument. */
const flag =
  (key: KeysOf<boolean>): Apply =>
  (settings) => {
    settings[key] = true
    return undefined
  }

/** An option whose last argument counts. */
const text =
  (key: KeysOf<string>): Apply =>
  (settings, value) => {
    settings[key] = value
    return undefined
  }

/** An option whose arguments all count. */
const list =
  (key: "data" | "headers"): Apply =>
  (settings, value) => {
    settings[key].push(value)
    return undefined
  }

const seconds =
  (key: "maxTime" | "connectTimeout"): Apply =>
  (settings, value, typed) => {
    if (!/^\d*\.?\d+$/.test(value)) return `curl: option ${typed}: expected a proper numerical parameter\n${TRY_HELP}`
    settings[key] = Number(value) * SECOND
    return undefined
  }

function resolve(settings: Settings, value: string): undefined {
  const [host = "", port = "", ...address] = value.split(":")
  settings.resolve.set(`${host}:${port}`, address.join(":"))
}

/** The real curl also takes a range and tries it in order. */
function localPort(settings: Settings, value: string, typed: string): string | undefined {
  if (/^\d+ *- *\d+$/.test(value)) return `curl: podwire does not support a range of ports: ${typed} ${value}\n`
  if (!/^\d+$/.test(value) || Number(value) > 65535) return `curl: option ${typed}: is badly used here\n${TRY_HELP}`
  settings.localPort = Number(value)
  return undefined
}

/** By long name. What is missing here asks for what curl does anyway. */
const APPLY: Readonly<Record<string, Apply>> = {
  silent: flag("silent"),
  "show-error": flag("showError"),
  verbose: flag("verbose"),
  include: flag("include"),
  insecure: flag("insecure"),
  head: flag("head"),
  fail: flag("fail"),
  location: flag("location"),
  "remote-name": (settings) => {
    settings.outputs.push(REMOTE_NAME)
    return undefined
  },
  "remote-name-all": flag("remoteNameAll"),
  "no-progress-meter": flag("noProgress"),
  globoff: flag("globoff"),
  output: (settings, value) => {
    settings.outputs.push(value)
    return undefined
  },
  "write-out": text("writeOut"),
  "max-time": seconds("maxTime"),
  "connect-timeout": seconds("connectTimeout"),
  request: text("method"),
  data: list("data"),
  "data-raw": list("data"),
  "data-binary": list("data"),
  get: flag("get"),
  header: list("headers"),
  "user-agent": text("agent"),
  referer: text("referer"),
  interface: text("device"),
  "local-port": localPort,
  resolve,
}
