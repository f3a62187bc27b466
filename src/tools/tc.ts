/**
 * tc(8) of iproute2 6.1, for looking. Programs that are attached by links (tcx), as Cilium does it on kernels from 6.6 on, are no filters of a
 * qdisc: the real tc does not list them either.
 */
import type { NetDevice } from "../linux/netdev.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { helpOf } from "./help/index.ts"
import {
  deviceOrFail,
  fail,
  IpError,
  type IpOptions,
  ipOptions,
  type Json,
  namespaceOrFail,
  pick,
  renderJson,
  Words,
} from "./iproute.ts"

const VERSION = "tc utility, iproute2-6.1.0, libbpf 1.1.2\n"
/** Asked for: the text of this name. */
class Help {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}
const help = (name: string): never => {
  throw new Help(name)
}

type Handler = (words: Words, options: IpOptions) => string

/** An object that can be looked at, and what cannot be done to it here. */
function object(name: string, show: Handler, refused: readonly string[]): Handler {
  const table: (readonly [string, Handler])[] = [
    ...refused.map((verb): [string, Handler] => [
      verb,
      () => fail(`tc: podwire does not support '${name} ${verb}'`, 255),
    ]),
    ...["show", "list", "lst"].map((verb): [string, Handler] => [verb, show]),
    ["help", () => (name === "chain" ? fail("tc: podwire does not support 'chain help'", 255) : help(`tc-${name}`))],
  ]
  return (words, options) => {
    const verb = words.take() ?? "show"
    const handler = pick(verb, table)
    return handler === undefined
      ? fail(`Command "${verb}" is unknown, try "tc ${name} help".`, 255)
      : handler(words, options)
  }
}

const CHANGES = ["add", "change", "replace", "link", "delete"]

const OBJECTS: readonly (readonly [string, Handler])[] = [
  ["qdisc", object("qdisc", showQdiscs, CHANGES)],
  ["class", object("class", nothing("class"), CHANGES)],
  ["filter", object("filter", nothing("filter"), [...CHANGES, "get"])],
  ["chain", object("chain", nothing("chain"), CHANGES)],
  ...["actions", "monitor", "exec"].map((name): [string, Handler] => [
    name,
    () => fail(`tc: podwire does not support object '${name}'`, 255),
  ]),
]

/** What a device has by itself, before anybody gave it another. Models the qdisc of sch_generic.c and sch_fq_codel.c. */
function qdiscLine(dev: NetDevice, where: string): string {
  const settings =
    dev.qdisc === "fq_codel"
      ? "limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 "
      : ""
  return `qdisc ${dev.qdisc} 0: ${where}root refcnt 2 ${settings}`
}

function showQdiscs(words: Words, options: IpOptions): string {
  let only: NetDevice | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") only = deviceOrFail(options.net, words.next())
    else fail(`tc: podwire does not support 'qdisc show ${word}'`, 255)
  }
  const devices = options.net.devices.filter(
    (dev) => (only === undefined || dev === only) && (dev.up || dev === options.net.loopback),
  )
  if (options.json) return renderJson(devices.map((dev) => qdiscJson(dev, only)) as Json, options.pretty)
  return devices.map((dev) => text(dev, only, options)).join("")
}

function text(dev: NetDevice, only: NetDevice | undefined, options: IpOptions): string {
  const line = qdiscLine(dev, only === undefined ? `dev ${dev.name} ` : "")
  if (!options.statistics) return `${line}\n`
  // A device that sends at once keeps no account in its qdisc.
  const { bytes, packets } = dev.qdisc === "noqueue" ? { bytes: 0, packets: 0 } : sent(dev)
  return `${line}\n Sent ${bytes} bytes ${packets} pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n`
}

const sent = (dev: NetDevice): { bytes: number; packets: number } => ({
  bytes: dev.stats.txBytes,
  packets: dev.stats.txPackets,
})

function qdiscJson(dev: NetDevice, only: NetDevice | undefined): Json {
  const options =
    dev.qdisc === "fq_codel"
      ? {
          limit: 10240,
          flows: 1024,
          quantum: 1514,
          target: 4999,
          interval: 99999,
          memory_limit: 33554432,
          ecn: true,
          drop_batch: 64,
        }
      : {}
  const where = only === undefined ? { dev: dev.name } : {}
  return { kind: dev.qdisc, handle: "0:", ...where, root: true, refcnt: 2, options }
}

/** Classes and filters hang on qdiscs that no device here has. */
function nothing(name: string): Handler {
  return (words, options) => {
    for (let word = words.take(); word !== undefined; word = words.take()) {
      if (word === "dev") deviceOrFail(options.net, words.next())
      else if (name === "filter" && ["ingress", "egress", "root"].includes(word)) continue
      else fail(`tc: podwire does not support '${name} show ${word}'`, 255)
    }
    return options.json ? "[]\n" : ""
  }
}

const OPTIONS: readonly (readonly [string, string])[] = [
  ["-statistics", "statistics"],
  ["-stats", "statistics"],
  ["-details", "details"],
  ["-raw", "refused"],
  ["-pretty", "pretty"],
  ["-graph", "refused"],
  ["-iec", "refused"],
  ["-help", "help"],
  ["-Version", "version"],
  ["-force", "refused"],
  ["-batch", "refused"],
  ["-netns", "netns"],
  ["-Numeric", "refused"],
  ["-names", "refused"],
  ["-nm", "refused"],
  ["-conf", "refused"],
  ["-cf", "refused"],
  ["-color", "refused"],
  ["-timestamp", "refused"],
  ["-json", "json"],
  ["-oneline", "oneline"],
  ["-brief", "brief"],
]

function run(proc: Process): string {
  const options = ipOptions(proc, "unspec", () => undefined)
  let at = 1
  for (; proc.argv[at]?.startsWith("-") === true; at++) {
    const typed = proc.argv[at] as string
    // The real one takes one dash alone.
    const word = typed.startsWith("--") ? "--" : typed
    const option = OPTIONS.find(([name]) => name.startsWith(word) && word !== "-" && word !== "--")?.[1]
    if (option === undefined) fail(`Option "${typed}" is unknown, try "tc -help".`, 255)
    else if (option === "refused") fail(`tc: podwire does not support option '${word}'`, 255)
    else if (option === "version") return VERSION
    else if (option === "help") help("tc")
    else if (option === "netns") options.net = namespaceOrFail(proc.net, proc.argv[++at] ?? "")
    else options[option as "json" | "pretty" | "details" | "statistics"] = true
  }
  const name = proc.argv[at]
  if (name === undefined || name === "help") return help("tc")
  const handler = pick(name, OBJECTS) ?? fail(`Object "${name}" is unknown, try "tc help".`, 255)
  return handler(new Words(proc.argv.slice(at + 1)), options)
}

export const tc: Tool = defineTool("tc", async (proc) => {
  try {
    await proc.out(run(proc))
    return 0
  } catch (thrown) {
    if (thrown instanceof Help) {
      await proc.err((await helpOf(proc, thrown.name)).help)
      return 0
    }
    if (!(thrown instanceof IpError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})
