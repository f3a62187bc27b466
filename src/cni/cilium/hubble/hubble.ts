/** The hubble program. Models hubble/cmd. */
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { FlagError, type Flags, flagSpecs, readFlags } from "../../../shell/pflag.ts"
import { tabwriter } from "../../../shell/tabwriter.ts"
import { defineTool } from "../../../shell/tool.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { FilterError } from "./filter.ts"
import { OBSERVE_FLAGS, observe } from "./observe.ts"
import type { FlowServer } from "./observer.ts"
import { forwarded } from "./relay.ts"

/** Finds what the program is connected to: the agent's socket, a forwarded relay. Text of the dialling error when nothing answers. */
export type Dial = (proc: Process, server: string) => FlowServer | string

/** A program, and where it connects to unless it is told. */
interface Hubble {
  readonly dial: Dial
  readonly server: string
}

const SERVER_FLAGS =
  "server !tls:b !tls-allow-insecure:b !tls-ca-cert-files:l !tls-client-cert-file !tls-client-key-file !tls-server-name !port-forward/P:b " +
  "!port-forward-port:i !kube-context !kube-namespace !kubeconfig !basic-auth-password !basic-auth-username !timeout:d !request-timeout:d " +
  "help/h:b !config !debug/D:b"

interface Command {
  readonly flags: string
  run(proc: Process, flags: Flags, hubble: Hubble): Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  observe: {
    flags: OBSERVE_FLAGS,
    run: (proc, flags, hubble) => connected(proc, flags, hubble, (server) => observe(proc, flags, server)),
  },
  status: {
    flags: "!output/o",
    run: (proc, flags, hubble) => {
      const target = flags.value("server") ?? hubble.server
      return connected(proc, flags, hubble, (server) => status(proc, server, target), "failed getting status: ")
    },
  },
  "list nodes": {
    flags: "!output/o",
    run: (proc, flags, hubble) => connected(proc, flags, hubble, (server) => listNodes(proc, server)),
  },
  version: { flags: "", run: version },
}

/** What the release has and this does not. */
const REFUSED: readonly string[] = [
  "completion",
  "config",
  "list namespaces",
  "observe agent-events",
  "observe debug-events",
  "record",
  "reflect",
  "watch",
]

async function connected(
  proc: Process,
  flags: Flags,
  { dial, server: usual }: Hubble,
  run: (server: FlowServer) => Promise<number>,
  failure = "",
): Promise<number> {
  const server = dial(proc, flags.value("server") ?? usual)
  if (typeof server !== "string") return run(server)
  const error = `connection error: desc = "transport: Error while dialing: ${server}"`
  await proc.err(`${failure}rpc error: code = Unavailable desc = ${error}\n`)
  return 1
}

async function version(proc: Process): Promise<number> {
  await proc.out("hubble v1.18.0 compiled with go1.24.5 on linux/amd64\n")
  return 0
}

async function status(proc: Process, server: FlowServer, target: string): Promise<number> {
  const nodes = server.nodes?.length
  await proc.out(
    `Healthcheck (via ${target}): Ok\n` +
      `Current/Max Flows: ${grouped(held(server))}/${grouped(server.maxFlows)} (${share(server)}%)\n` +
      `Flows/s: ${rate(proc, server)}\n${nodes === undefined ? "" : `Connected Nodes: ${nodes}/${nodes}\n`}`,
  )
  return 0
}

const held = ({ seen, maxFlows }: FlowServer): number => Math.min(seen, maxFlows)
const share = (server: FlowServer): string =>
  (server.maxFlows === 0 ? 0 : (held(server) / server.maxFlows) * 100).toFixed(2)

function rate({ kernel: { sim } }: Process, { seen, started }: FlowServer): string {
  const seconds = (sim.now - started) / SECOND
  return (seconds > 0 ? seen / seconds : 0).toFixed(2)
}

/** Models cmd/list/node.go nodeTableOutput. */
async function listNodes(proc: Process, server: FlowServer): Promise<number> {
  if (server.nodes === undefined) {
    await proc.err("rpc error: code = Unimplemented desc = GetNodes not implemented\n")
    return 1
  }
  const rows = server.nodes.map((node) => {
    const age = goDuration(Math.round((proc.kernel.sim.now - node.started) / SECOND))
    const flows = `${held(node)}/${node.maxFlows} (${share(node).padStart(6)}%)`
    // A node's name is without its cluster's where that is "default" (node.Fullname).
    return `${node.name.replace(/^default\//, "")}\tConnected\t${age}\t${rate(proc, node)}\t${flows}\n`
  })
  await proc.out(tabwriter(`NAME\tSTATUS\tAGE\tFLOWS/S\tCURRENT/MAX-FLOWS\n${rows.join("")}`, 3))
  return 0
}

/** Whole seconds as Go's time.Duration prints them: `1h2m3s`. */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}h` : ""}${seconds >= 60 ? `${minutes}m` : ""}${seconds % 60}s`
}

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",")

/** What the words ask for: the longest name that is a command. */
function commandOf(words: readonly string[]): string {
  const [first = "", second = ""] = words
  const pair = `${first} ${second === "node" ? "nodes" : second}`
  return COMMANDS[pair] !== undefined || REFUSED.includes(pair) ? pair : first
}

/** `hubble observe --help`, `hubble help observe`, `hubble list`. */
async function help(proc: Process, words: readonly string[]): Promise<number> {
  const { HELPS } = await proc.task.load(() => import("./help.ts"))
  const name = commandOf(words)
  const text = HELPS[name]
  if (text !== undefined) await proc.out(text)
  else await proc.err(REFUSED.includes(name) ? noCommand(words) : unknown(name))
  return text === undefined ? 1 : 0
}

const noCommand = (words: readonly string[]): string =>
  `podwire's hubble has no command ${JSON.stringify(words.filter((word) => !word.startsWith("-")).join(" "))}\n`
const unknown = (name: string): string => `unknown command ${JSON.stringify(name)} for "hubble"\n`
/** Before `--`, behind which everything is a word. */
const asksHelp = (words: readonly string[]): boolean =>
  words.slice(0, words.includes("--") ? words.indexOf("--") : undefined).some((word) => /^(-h|--help)$/.test(word))

async function main(proc: Process, hubble: Hubble): Promise<number> {
  const args = proc.argv.slice(1)
  const [first = "help"] = args
  if (first === "--version") return version(proc)
  if (first === "help") return help(proc, args.slice(1))
  const name = commandOf(args)
  if (asksHelp(args) || name === "list") return help(proc, first.startsWith("-") ? [] : args)
  const command = COMMANDS[name]
  if (command === undefined) {
    await proc.err(REFUSED.includes(name) ? noCommand(args.slice(0, 2)) : unknown(first))
    return 1
  }
  try {
    const words = args.slice(name.split(" ").length)
    // `hubble observe flows` is `hubble observe`.
    if (name === "observe" && words[0] === "flows") words.shift()
    const flags = readFlags(flagSpecs(`${command.flags} ${SERVER_FLAGS}`), words)
    if (flags.words.length > 0)
      throw new FlagError(`unknown command ${JSON.stringify(flags.words[0])} for "hubble ${name}"`)
    return await command.run(proc, flags, hubble)
  } catch (thrown) {
    if (!(thrown instanceof FlagError || thrown instanceof FilterError)) throw thrown
    await proc.err(`${thrown.message}\n`)
    return 1
  }
}

/** hubble, connected by `dial`; `server` is where to, unless --server or HUBBLE_SERVER says so. */
export function hubbleTool(dial: Dial, server: string): Tool {
  return defineTool("hubble", (proc) => main(proc, { dial, server: proc.env.get("HUBBLE_SERVER") ?? server }))
}

/** The program as it is released for everybody's machine: it goes through a forwarded port. */
export function hubbleCommand(): Tool {
  return hubbleTool((proc, server) => {
    const match = /^(?:localhost|127\.0\.0\.1):(\d+)$/.exec(server)
    const relay = match === null ? undefined : forwarded(proc.net, Number(match[1]))
    return relay ?? `dial tcp ${server.replace(/^localhost/, "127.0.0.1")}: connect: connection refused`
  }, "localhost:4245")
}
