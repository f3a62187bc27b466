/** bash and sh as programs. */
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { interact, onInterrupt } from "./interactive.ts"
import { Shell, type ShellOptions } from "./shell.ts"
import { defineTool } from "./tool.ts"

async function main(proc: Process, options: ShellOptions): Promise<number> {
  const args = [...proc.argv.slice(1)]
  const flags: string[] = []
  let script: string | undefined
  let interactive = false
  while (/^[-+]./.test(args[0] ?? "")) {
    const flag = args.shift() as string
    if (flag === "-c") {
      script = args.shift()
      if (script === undefined) {
        await proc.err(`${options.name}: -c: option requires an argument\n`)
        return 2
      }
      break
    }
    interactive ||= flag === "-i"
    if (flag === "-s" || flag === "-i" || flag === "-l" || flag === "--") continue
    if (/^-[eux]*c$/.test(flag)) {
      flags.push(flag.slice(0, -1))
      args.unshift("-c")
    } else if (flag === "-o") flags.push(`-o ${args.shift() ?? ""}`)
    else if (/^-[eux]+$/.test(flag)) flags.push(flag)
    else {
      await proc.err(`${options.name}: ${flag}: invalid option\n`)
      return 2
    }
  }
  let name = options.name
  if (script === undefined && args[0] !== undefined) {
    name = args.shift() as string
    const file = proc.fs.readText(proc.path(name))
    if ("errno" in file) {
      await proc.err(`${options.name}: ${name}: No such file or directory\n`)
      return 127
    }
    script = file.text
  } else if (script !== undefined && args[0] !== undefined) name = args.shift() as string
  const shell = new Shell(
    proc,
    { ...options, name: options.numbered && name !== options.name ? name : options.name },
    name,
    args,
  )
  for (const flag of flags) await shell.script(`set ${flag}`)
  if (script === undefined && (interactive || proc.fds.get(0)?.isTty === true)) return interact(shell)
  proc.on("SIGINT", () => onInterrupt(shell))
  return shell.main(script ?? (await proc.readText()))
}

/** bash as on a node. */
export const bashTool: Tool = defineTool("bash", (proc) => main(proc, { name: "bash", numbered: true }))

/** sh as in a busybox container. */
export const shTool: Tool = defineTool("sh", (proc) => main(proc, { name: "sh", numbered: false }))
