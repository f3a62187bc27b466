/** The hubble program. Models hubble/cmd. */
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { FlagError, type Flags, flagSpecs, readFlags } from "../../../shell/pflag.ts"
import { defineTool } from "../../../shell/tool.ts"
import { FilterError } from "./filter.ts"
import { OBSERVE_FLAGS, observe } from "./observe.ts"
import type { FlowServer } from "./observer.ts"

/** Finds what the program is connected to: the agent's socket, a forwarded relay. Text when nothing answers. */
export type Dial = (proc: Process, server: string | undefined) => FlowServer | string

const HELP = `Hubble is a utility to observe and inspect recent Cilium routed traffic in a cluster.

Usage:
  hubble [command]

Available Commands:
  help        Help about any command
  list        List Hubble objects
  observe     Observe flows and events of a Hubble server
  status      Display status of Hubble server
  version     Display detailed version information

Flags:
  -h, --help      help for hubble
      --version   version for hubble

Use "hubble [command] --help" for more information about a command.
`

const SERVER_FLAGS = "server !tls:b !tls-allow-insecure:b !port-forward/P:b !timeout:d help/h:b !config !debug/D:b"

interface Command {
  readonly flags: string
  run(proc: Process, flags: Flags, dial: Dial): Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  observe: {
    flags: OBSERVE_FLAGS,
    run: (proc, flags, dial) => connected(proc, flags, dial, (server) => observe(proc, flags, server)),
  },
  status: {
    flags: "!output/o",
    run: (proc, flags, dial) => connected(proc, flags, dial, (server) => status(proc, server)),
  },
  "list nodes": {
    flags: "!output/o",
    run: (proc, flags, dial) => connected(proc, flags, dial, (server) => listNodes(proc, server)),
  },
  version: { flags: "", run: version },
}

async function connected(
  proc: Process,
  flags: Flags,
  dial: Dial,
  run: (server: FlowServer) => Promise<number>,
): Promise<number> {
  const server = dial(proc, flags.value("server"))
  if (typeof server !== "string") return run(server)
  await proc.err(`${server}\n`)
  return 1
}

async function version(proc: Process): Promise<number> {
  await proc.out("hubble v1.18.0 compiled with go1.24.5 on linux/amd64\n")
  return 0
}

async function status(proc: Process, server: FlowServer): Promise<number> {
  const held = Math.min(server.seen, server.maxFlows)
  const share = server.maxFlows === 0 ? 0 : (held / server.maxFlows) * 100
  const seconds = proc.kernel.sim.now / 1e9
  const rate = seconds === 0 ? 0 : server.seen / seconds
  const nodes = server.nodes.length
  await proc.out(
    `Healthcheck (via ${proc.env.get("HUBBLE_SERVER") ?? "localhost:4245"}): Ok\n` +
      `Current/Max Flows: ${grouped(held)}/${grouped(server.maxFlows)} (${share.toFixed(2)}%)\n` +
      `Flows/s: ${rate.toFixed(2)}\n${nodes > 1 ? `Connected Nodes: ${nodes}/${nodes}\n` : ""}`,
  )
  return 0
}

async function listNodes(proc: Process, server: FlowServer): Promise<number> {
  const width = Math.max(4, ...server.nodes.map((node) => node.length)) + 3
  await proc.out(
    `${"NAME".padEnd(width)}STATUS\n${server.nodes.map((node) => `${node.padEnd(width)}Connected\n`).join("")}`,
  )
  return 0
}

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",")

async function main(proc: Process, dial: Dial): Promise<number> {
  const args = proc.argv.slice(1)
  const [first = "help", second = ""] = args
  const name = COMMANDS[`${first} ${second}`] === undefined ? first : `${first} ${second}`
  const command = COMMANDS[name] ?? (first === "observe" ? COMMANDS["observe"] : undefined)
  if (first === "--version") return version(proc)
  if (first === "help" || first === "--help" || first === "-h") {
    await proc.out(HELP)
    return 0
  }
  if (command === undefined) {
    await proc.err(`unknown command ${JSON.stringify(first)} for "hubble"\n`)
    return 1
  }
  try {
    const words = args.slice(name.split(" ").length)
    // `hubble observe flows` is `hubble observe`.
    if (name === "observe" && words[0] === "flows") words.shift()
    const flags = readFlags(flagSpecs(`${command.flags} ${SERVER_FLAGS}`), words)
    if (flags.words.length > 0)
      throw new FlagError(`unknown command ${JSON.stringify(flags.words[0])} for "hubble ${name}"`)
    return await command.run(proc, flags, dial)
  } catch (thrown) {
    if (!(thrown instanceof FlagError || thrown instanceof FilterError)) throw thrown
    await proc.err(`${thrown.message}\n`)
    return 1
  }
}

/** hubble, connected by `dial`. */
export function hubbleTool(dial: Dial): Tool {
  return defineTool("hubble", (proc) => main(proc, dial))
}
