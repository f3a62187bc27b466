/** ip(8) of iproute2 6.1. */
import { strerror } from "../../linux/errno.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { fail, IpError, type IpOptions, ipOptions, namespaceOrFail, pick } from "../iproute.ts"
import { Misuse, misuse } from "./misuse.ts"

type Handler = (args: readonly string[], options: IpOptions) => string
/** An object's code is loaded when it is named. */
type Load = () => Promise<Handler>

const neigh: Load = () => import("./neigh.ts").then((module) => module.ipNeigh)

/** In iproute2's own order, which decides what an abbreviation means. */
const OBJECTS: readonly (readonly [string, Load])[] = [
  ["address", () => import("./addr.ts").then((module) => module.ipAddr)],
  ["addrlabel", unsupported("addrlabel")],
  ["maddress", unsupported("maddress")],
  ["route", () => import("./route.ts").then((module) => module.ipRoute)],
  ["rule", () => import("./rule.ts").then((module) => module.ipRule)],
  ["neighbor", neigh],
  ["neighbour", neigh],
  ["ntable", unsupported("ntable")],
  ["ntbl", unsupported("ntbl")],
  ["link", () => import("./link.ts").then((module) => module.ipLink)],
  ...["l2tp", "fou", "ila", "macsec"].map((name): [string, Load] => [name, unsupported(name)]),
  ["tunnel", unsupported("tunnel")],
  ["tuntap", unsupported("tuntap")],
  ...["tap", "token", "tcpmetrics"].map((name): [string, Load] => [name, unsupported(name)]),
  ["monitor", unsupported("monitor")],
  ["xfrm", unsupported("xfrm")],
  ["mroute", unsupported("mroute")],
  ["mrule", unsupported("mrule")],
  ["netns", async () => ipNetns],
  ["netconf", unsupported("netconf")],
  ["vrf", unsupported("vrf")],
  ["sr", unsupported("sr")],
  ["nexthop", unsupported("nexthop")],
  ...["mptcp", "ioam", "amt"].map((name): [string, Load] => [name, unsupported(name)]),
  ["help", async () => () => misuse("ip")],
]

function unsupported(name: string): Load {
  return async () => () => fail(`ip: podwire does not support object '${name}'`, 255)
}

/** `ip netns exec`: what is to run where. Thrown, since it has an exit code of its own. */
class NetnsExec {
  readonly net: NetNamespace
  readonly command: readonly string[]
  constructor(net: NetNamespace, command: readonly string[]) {
    this.net = net
    this.command = command
  }

  async run(proc: Process): Promise<number> {
    if (proc.uid !== 0) {
      await proc.err(`setting the network namespace "${this.net.name}" failed: Operation not permitted\n`)
      return 255
    }
    const child = proc.spawn(this.command, { net: this.net })
    if (typeof child !== "string") return (await proc.wait(child)).code
    await proc.err(`exec of "${this.command[0]}" failed: ${strerror(child)}\n`)
    return 1
  }
}

/** What else there is. */
const NETNS_REFUSED = ["list-id", "add", "attach", "set", "delete", "identify", "pids", "monitor"]

function ipNetns(args: readonly string[], options: IpOptions): string {
  const command = args[0] ?? "list"
  if (command.length > 1 && "exec".startsWith(command)) {
    const [, name = fail("No netns name specified", 1), ...words] = args
    if (words.length === 0) fail("No command specified", 1)
    throw new NetnsExec(namespaceOrFail(options.net, name), words)
  }
  if (!"list".startsWith(command) && !"show".startsWith(command) && !"lst".startsWith(command))
    return NETNS_REFUSED.some((name) => name.startsWith(command))
      ? fail(`ip: podwire does not support 'netns ${command}'`, 255)
      : fail(`Command "${command}" is unknown, try "ip netns help".`, 255)
  // A pod has no /run/netns of its own.
  if (options.net.name !== "") return ""
  return options.net.kernel.namespaces
    .filter((net) => net.name !== "")
    .map((net, i) => `${net.name} (id: ${i})\n`)
    .join("")
}

type Switch = "json" | "pretty" | "details" | "statistics" | "brief" | "oneline"

/** In the tool's own order, which decides what an abbreviation means: `-b` is `-batch`, `-s` is `-statistics`. */
const OPTIONS: readonly (readonly [
  string,
  Switch | "inet" | "inet6" | "family" | "netns" | "version" | "help" | "refused",
])[] = [
  ["-loops", "refused"],
  ["-family", "family"],
  ["-human-readable", "refused"],
  ["-iec", "refused"],
  ["-stats", "statistics"],
  ["-statistics", "statistics"],
  ["-details", "details"],
  ["-resolve", "refused"],
  ["-oneline", "oneline"],
  ["-timestamp", "refused"],
  ["-tshort", "refused"],
  ["-Version", "version"],
  ["-force", "refused"],
  ["-batch", "refused"],
  ["-brief", "brief"],
  ["-json", "json"],
  ["-pretty", "pretty"],
  ["-rcvbuf", "refused"],
  ["-help", "help"],
  ["-netns", "netns"],
  ["-Numeric", "refused"],
  ["-all", "refused"],
]
/** These are not abbreviated. */
const EXACT: Readonly<Record<string, "inet" | "inet6" | "refused">> = {
  "-4": "inet",
  "-6": "inet6",
  "-0": "refused",
  "-M": "refused",
  "-B": "refused",
}

/** Takes the leading options; returns what is left. */
function readOptions(args: readonly string[], options: IpOptions): readonly string[] {
  let at = 0
  for (; args[at]?.startsWith("-") === true; at++) {
    const word = (args[at] as string).replace(/^--/, "-")
    // Colours are for terminals: what asks for none, or for some if it is one, changes nothing here.
    if (/^-c(o|ol|olo|olor)?=(never|auto)$/.test(word)) continue
    if (/^-c(o|ol|olo|olor)?(=always)?$/.test(word)) fail(`ip: podwire does not support option '${word}'`, 255)
    const option = EXACT[word] ?? (word === "-" ? undefined : pick(word, OPTIONS))
    if (option === undefined) fail(`Option "${word}" is unknown, try "ip -help".`, 255)
    else if (word === "-h" && args.length === at + 1) misuse("ip")
    else if (option === "refused") fail(`ip: podwire does not support option '${word}'`, 255)
    else if (option === "help") misuse("ip")
    else if (option === "version") throw new IpError("", 0)
    else if (option === "netns") options.net = namespaceOrFail(options.net, args[++at] ?? "(null)")
    else if (option === "family") options.family = readFamily(args[++at] ?? "")
    else if (option === "inet" || option === "inet6") options.family = option
    else if (option === "statistics" && options.statistics) options.allStatistics = true
    else options[option] = true
  }
  return args.slice(at)
}

function readFamily(family: string): "inet" | "inet6" {
  if (family !== "inet" && family !== "inet6") return fail(`ip: podwire does not support family '${family}'`, 255)
  return family
}

async function run(proc: Process, warn: (text: string) => void): Promise<string> {
  const options = ipOptions(proc, "unspec", warn)
  const args = readOptions(proc.argv.slice(1), options)
  const object = args[0] ?? misuse("ip")
  const load = pick(object, OBJECTS) ?? fail(`Object "${object}" is unknown, try "ip help".`, 1)
  const rest = args.slice(1)
  if (rest[0] === "help") return help(proc, OBJECTS.find(([, other]) => other === load)?.[0] ?? "", rest[1])
  if (changes(rest[0]) && proc.uid !== 0) fail("RTNETLINK answers: Operation not permitted", 2)
  const handler = await proc.task.load(load)
  return handler(rest, options)
}

/** `ip link help`, `ip link help vxlan`. */
async function help(proc: Process, object: string, kind: string | undefined): Promise<string> {
  if (object !== "link" || kind === undefined) return misuse(object === "neighbor" ? "neighbour" : object)
  const { KIND_USAGE } = await proc.task.load(() => import("./kind-usage.ts"))
  const text = (KIND_USAGE as Readonly<Record<string, string>>)[kind]
  return text ?? fail(`ip: podwire does not support 'link help ${kind}'`, 255)
}

async function usage(proc: Process, { object }: Misuse): Promise<string> {
  const { USAGE } = await proc.task.load(() => import("./usage.ts"))
  return (USAGE as Readonly<Record<string, string>>)[object] ?? `ip: podwire does not support '${object} help'\n`
}

/** Commands that only root may give. */
const changes = (command: string | undefined): boolean =>
  command !== undefined &&
  ["add", "append", "change", "chg", "replace", "delete", "set", "flush"].some(
    (name) => command.length > 0 && name.startsWith(command),
  )

export const ip: Tool = defineTool("ip", async (proc) => {
  let warnings = ""
  try {
    if (proc.argv.some((word) => word === "-V" || word === "-Version")) {
      await proc.out("ip utility, iproute2-6.1.0, libbpf 1.1.2\n")
      return 0
    }
    const output = await run(proc, (text) => {
      warnings += text
    })
    await proc.err(warnings)
    await proc.out(output)
    return 0
  } catch (thrown) {
    if (thrown instanceof NetnsExec) return thrown.run(proc)
    if (thrown instanceof Misuse) {
      await proc.err(warnings + (await usage(proc, thrown)))
      return 255
    }
    if (!(thrown instanceof IpError)) throw thrown
    await proc.err(warnings + thrown.text)
    return thrown.code
  }
})
