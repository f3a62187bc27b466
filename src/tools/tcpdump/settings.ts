/** The command line of tcpdump. */

import { SNAPLEN } from "../../capture/pcap.ts"
import type { PrintOptions } from "../../capture/print/options.ts"
import type { Process } from "../../linux/task/process.ts"
import { getopt, getoptMessage } from "../../shell/getopt.ts"
import { fail, TcpdumpError } from "./error.ts"
import { LONG_NAMES, REFUSED, TABLE, USAGE } from "./usage.ts"

export interface Settings {
  print: PrintOptions
  device: string | undefined
  count: number
  write: string | undefined
  read: string | undefined
  snaplen: number
  direction: "in" | "out" | "inout"
  /** Not with -p. */
  promiscuous: boolean
  /** -y */
  linkName: string | undefined
  /** The filter, unless -F names a file with it. */
  expression: string
  filterFile: string | undefined
  /** --count: packets are counted, not printed. */
  countOnly: boolean
  /** --print: printed though written to a file. */
  alsoPrint: boolean
  /** -D, -L, -h, --version: one thing to say, and nothing to do. */
  say: "devices" | "links" | "usage" | "version" | undefined
}

/** Types of -T that the real tcpdump knows. */
const PACKET_TYPES =
  "vat wb rpc rtp rtcp snmp cnfp tftp aodv carp radius zmtp1 pgm pgm_zmtp1 lmp resp ptp someip domain".split(" ")

export function readSettings(proc: Process): Settings {
  const parsed = getopt(proc.argv, TABLE)
  if ("kind" in parsed) throw new TcpdumpError(getoptMessage("tcpdump", parsed) + USAGE)
  const settings: Settings = {
    print: {},
    device: undefined,
    count: Number.POSITIVE_INFINITY,
    write: undefined,
    read: undefined,
    snaplen: SNAPLEN,
    direction: "inout",
    promiscuous: true,
    linkName: undefined,
    expression: parsed.operands.join(" "),
    filterFile: undefined,
    countOnly: false,
    alsoPrint: false,
    say: undefined,
  }
  const times: Record<string, number> = {}
  let nano = false
  for (const { name: given, value } of parsed.options) {
    const name = LONG_NAMES[given] ?? given
    if (REFUSED.has(name)) fail(`podwire does not support option '${given.length === 1 ? "-" : "--"}${given}'`)
    times[name] = (times[name] ?? 0) + 1
    if (name === "nano" || name === "micro") nano = name === "nano"
    else if (name === "time-stamp-precision") nano = precision(value)
    else if (name === "h") return { ...settings, say: "usage" }
    else if (name === "version") return { ...settings, say: "version" }
    else applyOption(settings, name, value)
  }
  if ((times["t"] ?? 0) > 5) fail("only -t, -tt, -ttt, -tttt and -ttttt are supported")
  settings.print = printOptions(times, nano)
  return settings
}

function applyOption(settings: Settings, name: string, value: string): void {
  switch (name) {
    case "i":
      settings.device = value
      return
    case "c":
      // As atoi reads it.
      settings.count = Number.parseInt(value, 10)
      if (!(settings.count > 0)) fail(`invalid packet count ${value}`)
      return
    case "F":
      settings.filterFile = value
      return
    case "w":
      settings.write = value
      return
    case "r":
      settings.read = value
      return
    case "s":
      settings.snaplen = snaplen(value)
      return
    case "B":
      // Nothing is lost here, whatever the buffer's size.
      if (!(Number.parseInt(value, 10) > 0)) fail(`invalid packet buffer size ${value}`)
      return
    case "Q":
      settings.direction = direction(value)
      return
    case "y":
      settings.linkName = value
      return
    case "T":
      packetType(value.toLowerCase())
      return
    case "D":
      settings.say = "devices"
      return
    case "L":
      settings.say ??= "links"
      return
    case "p":
      settings.promiscuous = false
      return
    case "count":
      settings.countOnly = true
      return
    case "print":
      settings.alsoPrint = true
      return
    default:
  }
}

function snaplen(value: string): number {
  const number = /^(0[xX][0-9a-fA-F]+|\d+)$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= 0 && number <= SNAPLEN)) fail(`invalid snaplen ${value} (must be >= 0 and <= ${SNAPLEN})`)
  return number || SNAPLEN
}

function direction(value: string): Settings["direction"] {
  const word = value.toLowerCase()
  return word === "in" || word === "out" || word === "inout" ? word : fail(`unknown capture direction \`${value}'`)
}

function packetType(value: string): void {
  if (value === "vxlan") return
  fail(
    PACKET_TYPES.includes(value)
      ? `podwire does not support packet type \`${value}'`
      : `unknown packet type \`${value}'`,
  )
}

const precision = (value: string): boolean =>
  value === "micro" || value === "nano" ? value === "nano" : fail("unsupported time stamp precision")

function printOptions(times: Readonly<Record<string, number>>, nano: boolean): PrintOptions {
  const given = (name: string): number => times[name] ?? 0
  const hex = ["X", "x", "A"].find((letter) => given(letter) > 0)
  const twice = hex !== undefined && given(hex) > 1
  return {
    numeric: given("n") > 0,
    linkHeader: given("e") > 0,
    verbose: Math.min(3, given("v")),
    quiet: given("q") > 0,
    absolute: given("S") > 0,
    unchecked: given("K") > 0,
    time: given("t"),
    nano,
    number: given("#") > 0,
    ...(hex === undefined ? {} : { hex: (twice ? hex + hex : hex) as "X" | "XX" }),
    ...(given("T") > 0 ? { tunnel: "vxlan" } : {}),
  }
}
