/** `hubble observe`. Models hubble/cmd/observe/flows.go. */
import { microTimestamp, parseTime } from "../../../kube/api/time.ts"
import type { Process } from "../../../linux/task/process.ts"
import { type Flags, parseDuration } from "../../../shell/pflag.ts"
import { WaitQueue } from "../../../sim/task.ts"
import { FILTER_FLAGS, FilterError, FlowFilters } from "./filter.ts"
import type { Flow } from "./flow.ts"
import type { FlowServer } from "./observer.ts"
import { type FlowFormat, FlowPrinter, stampMilli } from "./print.ts"

/** Short letters of filters. */
const LETTERS: Readonly<Record<string, string>> = { type: "/t", namespace: "/n", "all-namespaces": "/A:b" }

export const OBSERVE_FLAGS: string = [
  "last:i first:i all:b since until follow/f:b output/o time-format ip-translation:b numeric:b print-node-name:b",
  "print-policy-names:b color not:b silent-errors/s:b !input-file !print-raw-filters:b !allowlist !denylist !experimental-field-mask",
  "!snat-ip !trace-id !node-label !cel-expression !interface !ip-version !ipv4/4:b !ipv6/6:b !experimental-use-default-field-masks:b",
  ...FILTER_FLAGS.map((name) => `${name}${LETTERS[name] ?? ""}`),
].join(" ")

/** Flows printed when nothing says how many. */
const DEFAULT_LAST = 20
const FORMATS: readonly string[] = ["compact", "dict", "json", "jsonpb", "tab", "table"]
const TIME_FORMATS: Readonly<Record<string, (timestamp: string) => string>> = {
  StampMilli: stampMilli,
  RFC3339Milli: (time) => `${time.slice(0, 19)}.${`${time.slice(20).replace("Z", "")}000`.slice(0, 3)}Z`,
  RFC3339Nano: (time) => time,
  RFC3339Micro: (time) => `${time.slice(0, 19)}.${`${time.slice(20).replace("Z", "")}000000`.slice(0, 6)}Z`,
  RFC3339: (time) => `${time.slice(0, 19)}Z`,
}

export async function observe(proc: Process, flags: Flags, server: FlowServer): Promise<number> {
  const filters = readFilters(flags)
  const printer = new FlowPrinter({
    format: formatOf(flags),
    ipTranslation: flags.value("ip-translation") !== "false",
    nodeName: flags.has("print-node-name"),
    policyNames: flags.has("print-policy-names"),
    time: timeFormat(flags),
  })
  for (const flow of select(
    proc,
    flags,
    server.flows().filter((flow) => filters.pass(flow)),
  ))
    await print(proc, printer, flow)
  if (flags.has("follow")) await follow(proc, server, filters, printer)
  await proc.out(printer.end())
  return 0
}

async function print(proc: Process, printer: FlowPrinter, flow: Flow): Promise<void> {
  const text = printer.print(flow)
  if (text !== "") await proc.out(text)
}

/** Prints what comes until it is interrupted. */
async function follow(proc: Process, server: FlowServer, filters: FlowFilters, printer: FlowPrinter): Promise<void> {
  const arrived = new WaitQueue()
  const waiting: Flow[] = []
  const stop = server.follow((flow) => {
    if (!filters.pass(flow)) return
    waiting.push(flow)
    arrived.wake()
  })
  let interrupted = false
  proc.on("SIGINT", () => {
    interrupted = true
    arrived.wake()
  })
  try {
    while (!interrupted) {
      if (waiting.length === 0) await proc.task.wait(arrived)
      for (const flow of waiting.splice(0)) await print(proc, printer, flow)
    }
  } finally {
    stop()
  }
}

function readFilters(flags: Flags): FlowFilters {
  const filters = new FlowFilters()
  let not = false
  for (const { name, value } of flags.given) {
    if (name === "not") {
      not = true
      continue
    }
    if (!FILTER_FLAGS.includes(name)) continue
    for (const one of name === "label" || name.endsWith("-label") ? [value] : value.split(","))
      filters.add(name, one, not)
    not = false
  }
  return filters
}

function formatOf(flags: Flags): FlowFormat {
  const format = flags.value("output") ?? "compact"
  if (!FORMATS.includes(format)) throw new FilterError(`invalid output format: ${format}`)
  return format === "table" ? "tab" : format === "json" ? "jsonpb" : (format as FlowFormat)
}

function timeFormat(flags: Flags): (timestamp: string) => string {
  const name = flags.value("time-format") ?? "StampMilli"
  const format = TIME_FORMATS[name]
  if (format === undefined)
    throw new FilterError(
      `podwire's hubble knows the time formats ${Object.keys(TIME_FORMATS).join(", ")}, not ${name}`,
    )
  return format
}

/** `--last`, `--first`, `--since`, `--until`: which of the flows that passed. */
function select(proc: Process, flags: Flags, flows: readonly Flow[]): readonly Flow[] {
  const since = instant(proc, flags, "since")
  const until = instant(proc, flags, "until")
  const within = flows.filter(
    (flow) => (since === undefined || flow.time >= since) && (until === undefined || flow.time <= until),
  )
  const first = flags.number("first")
  const last = flags.number("last")
  if (first !== undefined && last !== undefined) throw new FilterError("cannot set both --first and --last")
  if (first !== undefined) return within.slice(0, first)
  if (last !== undefined) return last === 0 ? [] : within.slice(-last)
  if (flags.has("all") || since !== undefined || until !== undefined) return within
  return flags.has("follow") ? [] : within.slice(-DEFAULT_LAST)
}

/** A duration back from now (`5m`), or a time of day with its date. */
function instant(proc: Process, flags: Flags, name: "since" | "until"): string | undefined {
  const text = flags.value(name)
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) {
    const { sim } = proc.kernel
    return microTimestamp(sim, sim.now - duration)
  }
  if (text.endsWith("Z") && parseTime(text) !== undefined) return text
  throw new FilterError(`failed to parse the ${name} time: invalid time format: ${JSON.stringify(text)}`)
}
