/** bridge(8) of iproute2 6.1: FDB rows and ports. */
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { fdbChange, flush } from "./bridge/fdb.ts"
import { fdbGet, fdbShow } from "./bridge/fdb-show.ts"
import { linkSet, linkShow } from "./bridge/link.ts"
import { BRIDGE_USAGE } from "./bridge/usage.ts"
import { fail, IpError, type IpOptions, ipOptions, namespaceOrFail, pick, Words } from "./iproute.ts"

type Handler = (words: Words, options: IpOptions) => string

const FDB: readonly (readonly [string, Handler])[] = [
  ["add", (words, options) => fdbChange(words, options, "add")],
  ["append", (words, options) => fdbChange(words, options, "append")],
  ["replace", (words, options) => fdbChange(words, options, "replace")],
  ["delete", (words, options) => fdbChange(words, options, "delete")],
  ["get", fdbGet],
  ["show", fdbShow],
  ["lst", fdbShow],
  ["list", fdbShow],
  ["flush", flush],
]
const LINK: readonly (readonly [string, Handler])[] = [
  ["set", linkSet],
  ["show", linkShow],
  ["lst", linkShow],
  ["list", linkShow],
]

function object(
  name: "link" | "fdb",
  table: readonly (readonly [string, Handler])[],
): (args: readonly string[], options: IpOptions) => string {
  return (args, options) => {
    const words = new Words(args)
    const command = words.take() ?? "show"
    if (command === "help") fail(BRIDGE_USAGE[name].trimEnd(), 255)
    const handler = pick(command, table)
    return handler === undefined
      ? fail(`Command "${command}" is unknown, try "bridge ${name} help".`, 255)
      : handler(words, options)
  }
}

const OBJECTS: readonly (readonly [string, (args: readonly string[], options: IpOptions) => string])[] = [
  ["link", object("link", LINK)],
  ["fdb", object("fdb", FDB)],
  ["mdb", () => fail("bridge: podwire does not support object 'mdb'", 255)],
  ["vlan", () => fail("bridge: podwire does not support object 'vlan'", 255)],
  ["vni", () => fail("bridge: podwire does not support object 'vni'", 255)],
  ["monitor", () => fail("bridge: podwire does not support object 'monitor'", 255)],
]

/** In the tool's own order, which decides what an abbreviation means. */
const OPTIONS: readonly (readonly [string, string])[] = [
  ["-help", "help"],
  ["-Version", "version"],
  ["-stats", "statistics"],
  ["-statistics", "statistics"],
  ["-details", "details"],
  ["-oneline", "refused"],
  ["-timestamp", "refused"],
  ["-family", "refused"],
  ["-4", "refused"],
  ["-6", "refused"],
  ["-netns", "netns"],
  ["-color", "refused"],
  ["-compressvlans", "refused"],
  ["-force", "refused"],
  ["-json", "json"],
  ["-pretty", "pretty"],
  ["-batch", "refused"],
]

function run(proc: Process): string {
  const options = ipOptions(proc, "bridge", () => undefined)
  let at = 1
  for (; proc.argv[at]?.startsWith("-") === true; at++) {
    const word = (proc.argv[at] as string).replace(/^--/, "-")
    const option = OPTIONS.find(([name]) => name.startsWith(word) && word !== "-")?.[1]
    if (option === undefined) fail(`Option "${word}" is unknown, try "bridge help".`, 255)
    else if (option === "refused") fail(`bridge: podwire does not support option '${word}'`, 255)
    else if (option === "version") return "bridge utility, 6.1.0\n"
    else if (option === "help") fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
    else if (option === "netns") options.net = namespaceOrFail(proc.net, proc.argv[++at] ?? "")
    else options[option as "json" | "pretty" | "details" | "statistics"] = true
  }
  const name = proc.argv[at] ?? fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
  if (name === "help") fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
  const handler = pick(name, OBJECTS) ?? fail(`Object "${name}" is unknown, try "bridge help".`, 255)
  return handler(proc.argv.slice(at + 1), options)
}

export const bridge: Tool = defineTool("bridge", async (proc) => {
  try {
    await proc.out(run(proc))
    return 0
  } catch (thrown) {
    if (!(thrown instanceof IpError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})
