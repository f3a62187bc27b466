/** How cilium-dbg prints data and refusals. Models pkg/command/output.go and cilium-dbg/cmd/helpers.go. */
import { stringify } from "yaml"
import type { Process } from "../../../linux/task/process.ts"
import type { FlagHelp } from "../../../shell/cobra.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import { tabwriter } from "../../../shell/tabwriter.ts"
import type { Agent } from "../agent/agent.ts"
import { agentOf } from "../agent/registry.ts"

export const OUTPUT_FLAG: FlagHelp = {
  name: "output",
  letter: "o",
  value: "string",
  usage: "json| yaml| jsonpath='{}'",
}

/** The end of a command that has failed: what it says, after `Error: `. */
export class DbgError extends Error {}

const NO_SOCKET = "dial unix /var/run/cilium/cilium.sock: connect: no such file or directory\nIs the agent running?"

/** The agent of this machine; without one the request `what` fails as the API's client does. */
export function agentFor(proc: Process, path: string, complaint: string): Agent {
  const agent = agentOf(proc.kernel)
  if (agent === undefined) throw new DbgError(`${complaint}Get "http://localhost/v1${path}": ${NO_SOCKET}\n`)
  return agent
}

/** JSON or YAML when -o asks for it; whether it did. */
export async function printData(proc: Process, flags: Flags, data: unknown): Promise<boolean> {
  const format = flags.value("output")
  if (format === undefined) return false
  if (format === "json") await proc.out(`${JSON.stringify(data, undefined, 2)}\n`)
  else if (format === "yaml") await proc.out(`${stringify(data, { lineWidth: 0 })}\n`)
  else throw new FlagError(`podwire's cilium-dbg prints json and yaml, not ${format}`, "output")
  return true
}

/** Rows of cells; a row ends in a tab where its last cell is padded, too. */
export const table = (rows: readonly (readonly string[])[], minWidth = 5): string =>
  tabwriter(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, 3, minWidth)

/** Data by key, one line an item, the key before the first. Models TablePrinter. */
export function keyedTable(first: string, second: string, data: ReadonlyMap<string, readonly string[]>): string {
  const rows: string[][] = [[first, second]]
  for (const [key, values] of data)
    for (const [i, value] of values.entries()) rows.push([i === 0 ? key : "", value, ""])
  return table(rows)
}
