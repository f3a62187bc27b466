/** ip(8) of iproute2 6.1. */
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { fail, IpError, type IpOptions, pick, renderJson } from "../iproute.ts"
import { ipAddr } from "./addr.ts"
import { ipLink } from "./link.ts"
import { ipNeigh } from "./neigh.ts"
import { ipRoute } from "./route.ts"
import { USAGE } from "./usage.ts"

type Handler = (args: readonly string[], options: IpOptions) => string

/** In iproute2's own order, which decides what an abbreviation means. */
const OBJECTS: readonly (readonly [string, Handler])[] = [
  ["address", ipAddr],
  ["maddress", unsupported("maddress")],
  ["route", ipRoute],
  ["rule", ipRule],
  ["neighbor", ipNeigh],
  ["neighbour", ipNeigh],
  ["ntable", unsupported("ntable")],
  ["link", ipLink],
  ["tunnel", unsupported("tunnel")],
  ["tuntap", unsupported("tuntap")],
  ["monitor", unsupported("monitor")],
  ["xfrm", unsupported("xfrm")],
  ["netns", ipNetns],
  ["nexthop", unsupported("nexthop")],
  ["netconf", unsupported("netconf")],
  ["vrf", unsupported("vrf")],
  ["help", () => fail(USAGE.ip.trimEnd(), 255)],
]

function unsupported(name: string): Handler {
  return () => fail(`ip: podwire does not support object '${name}'`, 255)
}

function ipRule(args: readonly string[], options: IpOptions): string {
  const command = args[0] ?? "show"
  if (!["show", "list", "lst", "sh", "s", "l"].includes(command))
    return fail(`ip: podwire does not support 'rule ${command}'`, 255)
  const rules: readonly (readonly [number, string])[] = [
    [0, "local"],
    [32766, "main"],
    [32767, "default"],
  ]
  if (options.json)
    return renderJson(
      rules.map(([priority, table]) => ({ priority, src: "all", table })),
      options.pretty,
    )
  return rules.map(([priority, table]) => `${priority}:\tfrom all lookup ${table}\n`).join("")
}

function ipNetns(args: readonly string[], options: IpOptions): string {
  const command = args[0] ?? "list"
  if (!"list".startsWith(command) && !"show".startsWith(command))
    return fail(`ip: podwire does not support 'netns ${command}'`, 255)
  // A pod has no /run/netns of its own.
  if (options.net.name !== "") return ""
  return options.net.kernel.namespaces
    .filter((net) => net.name !== "")
    .map((net, i) => `${net.name} (id: ${i})\n`)
    .join("")
}

/** Options that take nothing, by every spelling. */
const SWITCHES: Readonly<Record<string, (options: IpOptions) => void>> = {
  "-j": (o) => {
    o.json = true
  },
  "-p": (o) => {
    o.pretty = true
  },
  "-d": (o) => {
    o.details = true
  },
  "-s": (o) => {
    o.statistics = true
  },
  "-br": (o) => {
    o.brief = true
  },
  "-o": (o) => {
    o.oneline = true
  },
  "-4": (o) => {
    o.family = "inet"
  },
  "-6": (o) => {
    o.family = "inet6"
  },
}
const LONG: Readonly<Record<string, string>> = {
  "-json": "-j",
  "-pretty": "-p",
  "-details": "-d",
  "-statistics": "-s",
  "-stats": "-s",
  "-brief": "-br",
  "-oneline": "-o",
}
const IGNORED: ReadonlySet<string> = new Set(["-c", "-color", "-color=never", "-color=auto", "-N", "-Numeric", "-r0"])
const REFUSED: ReadonlySet<string> = new Set([
  "-M",
  "-B",
  "-0",
  "-b",
  "-batch",
  "-force",
  "-a",
  "-all",
  "-h",
  "-human",
  "-iec",
  "-t",
  "-ts",
  "-rc",
  "-l",
  "-r",
  "-resolve",
])

/** Takes the leading options; returns what is left. */
function readOptions(args: readonly string[], options: IpOptions): readonly string[] {
  let at = 0
  for (; args[at]?.startsWith("-") === true; at++) {
    const word = (args[at] as string).replace(/^--/, "-")
    const known = SWITCHES[LONG[word] ?? word]
    if (word === "-V" || word === "-Version") throw new IpError("", 0)
    if (word === "-n" || word === "-netns") options.net = namespaceOf(args[++at] ?? "", options.net)
    else if (word === "-f" || word === "-family") {
      const family = args[++at] ?? ""
      if (family !== "inet" && family !== "inet6") fail(`ip: podwire does not support family '${family}'`, 255)
      options.family = family as "inet" | "inet6"
    } else if (known !== undefined) known(options)
    else if (word === "-help") fail(USAGE.ip.trimEnd(), 255)
    else if (REFUSED.has(word)) fail(`ip: podwire does not support option '${word}'`, 255)
    else if (!IGNORED.has(word)) fail(`Option "${word}" is unknown, try "ip -help".`, 255)
  }
  return args.slice(at)
}

function namespaceOf(name: string, here: NetNamespace): NetNamespace {
  return (
    here.kernel.namespaces.find((net) => net.name === name && name !== "") ??
    fail(`Cannot open network namespace "${name}": No such file or directory`, 255)
  )
}

function run(proc: Process): string {
  const options: IpOptions = {
    json: false,
    pretty: false,
    details: false,
    statistics: false,
    brief: false,
    oneline: false,
    family: "unspec",
    net: proc.net,
    proc,
  }
  const args = readOptions(proc.argv.slice(1), options)
  const object = args[0] ?? fail(USAGE.ip.trimEnd(), 255)
  const handler = pick(object, OBJECTS) ?? fail(`Object "${object}" is unknown, try "ip help".`, 1)
  const rest = args.slice(1)
  const help =
    rest[0] === "help"
      ? (USAGE as Readonly<Record<string, string>>)[OBJECTS.find(([, h]) => h === handler)?.[0] ?? ""]
      : undefined
  if (help !== undefined) fail(help.trimEnd(), 255)
  if (changes(rest[0]) && proc.uid !== 0) fail("RTNETLINK answers: Operation not permitted", 2)
  return handler(rest, options)
}

/** Commands that only root may give. */
const changes = (command: string | undefined): boolean =>
  command !== undefined &&
  ["add", "append", "change", "chg", "replace", "delete", "set", "flush"].some(
    (name) => command.length > 0 && name.startsWith(command),
  )

export const ip: Tool = defineTool("ip", async (proc) => {
  try {
    if (proc.argv.some((word) => word === "-V" || word === "-Version")) {
      await proc.out("ip utility, iproute2-6.1.0, libbpf 1.1.2\n")
      return 0
    }
    await proc.out(run(proc))
    return 0
  } catch (thrown) {
    if (!(thrown instanceof IpError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})
