/** kubectl 1.31, on the API server in memory. */
import type { ApiServer } from "../../kube/api/server.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { type FlagSpecs, flagSpecs } from "../../shell/pflag.ts"
import { defineTool } from "../../shell/tool.ts"
import { kubectlHelp } from "../help/index.ts"
import { Client } from "./client.ts"
import { ALIASES, COMMANDS, GLOBAL_FLAGS, GROUPS } from "./commands.ts"
import { failureText, Stop, usage } from "./failure.ts"
import { readFlags } from "./flags.ts"
import { mainHelp, NAMES, unknownCommand } from "./help.ts"

const refuse = (what: string): never => {
  throw new Stop({ message: `podwire's kubectl does not support ${what}` })
}

/** Where the command's name stands among flags. Models cobra's stripFlags: a flag without `=` takes the next word with it. */
function commandAt(args: readonly string[], specs: FlagSpecs): number {
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    if (word === "--") return -1
    if (!word.startsWith("-")) return at
    const takesNext = word.startsWith("--") ? !word.includes("=") : word.length === 2
    if (takesNext && specs.get(word.replace(/^--/, ""))?.type !== "b") at++
  }
  return -1
}

/** The command's full name (`create namespace`) and the rest of its words. */
function findCommand(args: readonly string[]): { name: string; rest: string[] } | undefined {
  const specs = flagSpecs(GLOBAL_FLAGS)
  const at = commandAt(args, specs)
  if (at < 0) return undefined
  const first = args[at] as string
  const rest = args.toSpliced(at, 1)
  if (!NAMES.includes(first)) {
    // What is no command may be a plugin, and a plugin's name comes first.
    if (args[0]?.startsWith("-") === true)
      throw new Stop({ message: `Error: flags cannot be placed before plugin name: ${args[0]}` })
    throw new Stop({ message: unknownCommand(first) })
  }
  const refused = GROUPS[first]
  const next = refused === undefined ? -1 : commandAt(rest, specs)
  const word = rest[next]
  if (refused === undefined || word === undefined) return { name: first, rest }
  const name = `${first} ${ALIASES[word] ?? word}`
  if (COMMANDS[name] !== undefined) return { name, rest: rest.toSpliced(next, 1) }
  if (refused.includes(word)) refuse(`the command "${first} ${word}"`)
  if (COMMANDS[first] === undefined) usage(first, `unknown command ${JSON.stringify(word)}`)
  return { name: first, rest }
}

async function execute(proc: Process, api: ApiServer): Promise<number> {
  const args = proc.argv.slice(1)
  const found = findCommand(args)
  if (found === undefined || (found.name === "help" && found.rest.length === 0)) {
    readFlags("kubectl", flagSpecs(GLOBAL_FLAGS), found === undefined ? args : [])
    await proc.out(mainHelp())
    return 0
  }
  if (found.name === "help")
    return help(
      proc,
      found.rest.filter((word) => !word.startsWith("-")),
    )
  if (found.name === "options") return help(proc, ["options"])
  const { name, rest } = found
  const command = COMMANDS[name]
  if (command === undefined) {
    if (GROUPS[name] !== undefined) return withoutSubcommand(proc, name, rest)
    return refuse(`the command ${JSON.stringify(name)}`)
  }
  const flags = readFlags(`kubectl ${name}`, flagSpecs(`${GLOBAL_FLAGS} ${command.flags}`), rest)
  if (name === "top" && flags.words.length === 0) return withoutSubcommand(proc, name, rest)
  if (flags.has("help")) return help(proc, [...name.split(" "), ...flags.words])
  return command.run(new Client(api, proc, flags))
}

/** The help, which a group's name alone does not ask for. */
async function withoutSubcommand(proc: Process, name: string, rest: readonly string[]): Promise<number> {
  const code = await help(proc, [name])
  return rest.some((word) => /^(-h|--help)$/.test(word)) ? code : 1
}

/** `kubectl get --help`, `kubectl help create namespace`: the longest name that is a command's. */
async function help(proc: Process, words: readonly string[]): Promise<number> {
  const [first = "", second = ""] = words
  if (!NAMES.includes(first)) {
    await proc.err(`Unknown help topic [${words.map((word) => `\`${word}\``).join(" ")}]\n`)
    await proc.out(mainHelp())
    return 0
  }
  const sub = ALIASES[second] ?? second
  if (GROUPS[first]?.includes(sub) === true) refuse(`the command "${first} ${sub}"`)
  const text = (await kubectlHelp(proc, `${first} ${sub}`)) ?? (await kubectlHelp(proc, first))
  await proc.out(text ?? refuse(`the command ${JSON.stringify(first)}`))
  return 0
}

async function main(proc: Process, api: ApiServer): Promise<number> {
  try {
    return await execute(proc, api)
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown
    await proc.err(failureText(thrown.failures))
    return 1
  }
}

/** kubectl for a cluster: the program talks to `api` directly. */
export function kubectl(api: ApiServer): Tool {
  return defineTool("kubectl", (proc) => main(proc, api))
}
