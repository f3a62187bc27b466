/** The `cilium` program: finds the command, reads its flags, says how it failed. Models CLI:cli/cmd.go and spf13/cobra. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { type Command, helpOf, specsOf, unknownCommand } from "../../../shell/cobra.ts"
import { FlagError, type Flags, readFlags } from "../../../shell/pflag.ts"
import { defineTool } from "../../../shell/tool.ts"
import { Client, readContext } from "./client.ts"
import { ROOT, type Spec } from "./commands.ts"
import { GLOBAL_FLAGS, NORMALIZED } from "./flags.ts"
import { Helm, HelmError } from "./helm.ts"
import { CliError, checkVersion } from "./install.ts"

export const ciliumCli = (api: ApiServer): Tool =>
  defineTool("cilium", async (proc) => {
    try {
      return await main(api, proc)
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      await proc.err(`${error.message}\n`)
      return 1
    }
  })

async function main(api: ApiServer, proc: Process): Promise<number> {
  const words = proc.argv.slice(1).map(normalize)
  const asksHelp = words[0] === "help"
  const { spec, path, rest } = find(asksHelp ? words.slice(1) : words)
  if (asksHelp || spec.name === "help") return showHelp(proc, spec, path)
  if (spec.refused === true && !rest.includes("--help") && !rest.includes("-h"))
    throw new FlagError(`podwire's cilium has no command "${path.slice(1).join(" ")}"`)
  const flags = readFlags(specsOf([...(spec.flags ?? []), ...GLOBAL_FLAGS]), rest)
  if (flags.has("help") || spec.action === undefined) return showHelp(proc, spec, path)
  const context = readContext(proc, flags.value("context"), flags.value("kubeconfig"))
  if (typeof context === "string") throw new FlagError(`unable to create Kubernetes client: ${context}`)
  return perform(api, proc, spec, flags, context)
}

async function perform(
  api: ApiServer,
  proc: Process,
  spec: Spec,
  flags: Flags,
  context: Exclude<ReturnType<typeof readContext>, string>,
): Promise<number> {
  const client = new Client(api, proc, context)
  const helm = new Helm(api.registry, flags.value("helm-release-name") ?? "cilium")
  refuseValues(flags)
  try {
    if (flags.value("version") !== undefined) checkVersion(flags)
    return (await spec.action?.(client, helm, flags, flags.words)) ?? 0
  } catch (error) {
    if (!(error instanceof HelmError || error instanceof CliError)) throw error
    await proc.err(`\nError: ${spec.failure ?? ""}${error.message}\n`)
    return 1
  }
}

/** Flags of which podwire has one setting. */
function refuseValues(flags: Flags): void {
  const namespace = flags.value("namespace")
  if (namespace !== undefined && namespace !== "kube-system")
    throw new FlagError(`podwire has Cilium in kube-system alone, not in ${namespace}`)
  const output = flags.value("output")
  if (output !== undefined && output !== "summary") throw new FlagError(`podwire does not support --output ${output}`)
}

function normalize(word: string): string {
  const match = /^--([a-z-]+)(=.*)?$/s.exec(word)
  const name = NORMALIZED[match?.[1] ?? ""]
  return name === undefined ? word : `--${name}${match?.[2] ?? ""}`
}

/** Follows the words to a command; flags may stand between them. */
function find(words: readonly string[]): { spec: Spec; path: string[]; rest: string[] } {
  let spec: Spec = ROOT
  const path = [ROOT.name]
  const rest = [...words]
  for (let at = 0; at < rest.length; ) {
    const word = rest[at] as string
    if (word.startsWith("-")) {
      const flag = GLOBAL_FLAGS.find(({ name, letter }) => word === `--${name}` || word === `-${letter}`)
      at += flag?.value === undefined ? 1 : 2
      continue
    }
    const next = spec.commands?.find(({ name }) => name === word)
    if (next === undefined) {
      if (spec === ROOT) throw new FlagError(unknownCommand(word, path, ROOT.commands ?? []))
      break
    }
    spec = next
    path.push(word)
    rest.splice(at, 1)
  }
  return { spec, path, rest }
}

async function showHelp(proc: Process, spec: Spec, path: readonly string[]): Promise<number> {
  await proc.out(helpOf(commandOf(spec), path, GLOBAL_FLAGS))
  return 0
}

function commandOf(spec: Spec): Command {
  const { action, commands, ...rest } = spec
  return {
    ...rest,
    ...(commands === undefined ? {} : { commands: commands.map(commandOf) }),
    ...(action === undefined ? {} : { run: async () => 0 }),
  }
}
