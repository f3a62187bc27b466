/** `podwire doctor`: what of the tools podwire can use is there, and whether tslab really answers. */
import { spawnSync } from "node:child_process"
import { type Command, noMoreWords, readArguments } from "./arguments.ts"

interface Finding {
  name: string
  /** A version, "yes", "answers"; absent when it is not there. */
  found?: string
  for: string
  /** Why it is not there, when that is known. */
  reason?: string
}

const HANDSHAKE_MS = 20_000

const USAGE = `usage: podwire doctor [--json]

Says what this machine offers: Node, tslab (asked to compute something over Jupyter's protocol), Jupyter, kubectl, tshark, tcpdump, Chromium, root.
Only Node is needed for the SDK and the command line; notebooks need tslab. Exit code 1 when tslab does not answer.
`

function version(name: string, args: readonly string[], pattern: RegExp, purpose: string): Finding {
  const run = spawnSync(name, args, { encoding: "utf8", timeout: HANDSHAKE_MS })
  if (run.error !== undefined) return { name, for: purpose }
  return { name, found: pattern.exec(run.stdout + run.stderr)?.[0] ?? "yes", for: purpose }
}

/** A real kernel is started and has to add. */
async function tslab(): Promise<Finding> {
  const purpose = "notebooks"
  try {
    const { TslabKernel, tslabVersion } = await import("../tslab-kernel.ts")
    const kernel = await TslabKernel.start(process.cwd())
    let printed = ""
    try {
      await kernel.execute("1 + 1", (message) => (printed += String(message.content["text"] ?? "")), HANDSHAKE_MS)
    } finally {
      await kernel.stop()
    }
    if (printed.trim() === "2") return { name: "tslab", found: `${tslabVersion()}, answers`, for: purpose }
    return { name: "tslab", for: purpose, reason: `asked for 1 + 1 it said ${JSON.stringify(printed)}` }
  } catch (error) {
    return { name: "tslab", for: purpose, reason: (error as Error).message }
  }
}

async function findings(): Promise<Finding[]> {
  const dotted = /\d+\.\d+(\.\d+)*/
  return [
    { name: "node", found: process.version, for: "everything" },
    await tslab(),
    version("jupyter", ["--version"], /(?<=jupyter_core\s*: ?|^)\d+\.\d+\.\d+/, "notebooks in the browser"),
    version("kubectl", ["version", "--client"], /v\d+\.\d+\.\d+/, "checking the API"),
    version("tshark", ["--version"], dotted, "checking captures"),
    version("tcpdump", ["--version"], dotted, "checking filters and printing"),
    version("chromium", ["--version"], dotted, "checking the site"),
    { name: "root", ...(process.getuid?.() === 0 ? { found: "yes" } : {}), for: "recording goldens" },
  ]
}

export const doctor: Command = {
  summary: "what this machine offers: Node, tslab, Jupyter, kubectl, tshark",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = readArguments("doctor", args, { json: { type: "boolean" } })
    noMoreWords("doctor", positionals)
    const all = await findings()
    const lines = all.map(
      ({ name, found, for: purpose, reason }) =>
        `${name.padEnd(10)}${(found ?? "not found").padEnd(18)}${purpose}${reason === undefined ? "" : `\n          ${reason}`}\n`,
    )
    process.stdout.write(values.json === true ? `${JSON.stringify(all, null, 2)}\n` : lines.join(""))
    return all.find(({ name }) => name === "tslab")?.found === undefined ? 1 : 0
  },
}
