/** `podwire doctor`: what of the tools podwire can use is there, and whether tslab really answers, to podwire and to Jupyter. */
import { spawnSync } from "node:child_process"
import { delimiter, resolve } from "node:path"
import type { KernelCommand } from "../kernel-command.ts"
import { type Command, noMoreWords, readArguments, UsageError } from "./arguments.ts"

interface Finding {
  name: string
  /** A version, "yes", "answers"; absent when it is not there. */
  found?: string
  for: string
  /** The file that says so. */
  file?: string
  /** Why it is not there, when that is known. */
  reason?: string
}

const HANDSHAKE_MS = 60_000
const WIDTH = 18

const USAGE = `usage: podwire doctor [--json] [--install-kernelspec [--prefix DIR | --user]]

Says what this machine offers: Node, tslab (asked to compute something over Jupyter's protocol), Jupyter and its kernelspecs for tslab (started as
Jupyter would, and asked the same), kubectl, tshark, tcpdump, Chromium, root.
Only Node is needed for the SDK and the command line; notebooks need tslab.
  --install-kernelspec  writes the kernelspecs tslab and jslab first: the tslab found beside podwire, this Node, absolute paths
  --prefix DIR          below DIR/share/jupyter/kernels
  --user                below the user's own folder of Jupyter; without either that, and for root /usr/local/share/jupyter
Exit code 1 when tslab does not answer, or a kernelspec that is there does not work.
`

function version(name: string, args: readonly string[], pattern: RegExp, purpose: string): Finding {
  const run = spawnSync(name, args, { encoding: "utf8", timeout: HANDSHAKE_MS })
  if (run.error !== undefined) return { name, for: purpose }
  return { name, found: pattern.exec(run.stdout + run.stderr)?.[0] ?? "yes", for: purpose }
}

async function tslab(): Promise<Finding> {
  const purpose = "notebooks"
  try {
    const { tslabVersion } = await import("../kernel-command.ts")
    return { name: "tslab", for: purpose, ...(await asked(() => `${tslabVersion()}, `)) }
  } catch (error) {
    return { name: "tslab", for: purpose, reason: (error as Error).message }
  }
}

/** A real kernel is started and has to add. Throws when it does not start. */
async function asked(version: () => string, command?: KernelCommand): Promise<Pick<Finding, "found" | "reason">> {
  const { TslabKernel } = await import("../tslab-kernel.ts")
  const kernel = await TslabKernel.start(process.cwd(), command)
  let printed = ""
  try {
    await kernel.execute("1 + 1", (message) => (printed += String(message.content["text"] ?? "")), HANDSHAKE_MS)
  } finally {
    await kernel.stop()
  }
  if (printed.trim() === "2") return { found: `${version()}answers` }
  return { reason: `asked for 1 + 1 it said ${JSON.stringify(printed)}` }
}

/** What Jupyter would start for a notebook. */
async function kernelspecs(): Promise<Finding[]> {
  const { findSpec, jupyterPath, readSpec, SPEC_NAMES } = await import("../kernelspec.ts")
  const folders = jupyterPath()
  const all: Finding[] = []
  for (const spec of SPEC_NAMES) {
    const finding = { name: `kernelspec ${spec}`, for: "notebooks in Jupyter" }
    const file = findSpec(spec, folders)
    if (file === undefined) all.push({ ...finding, reason: "podwire doctor --install-kernelspec writes it" })
    else
      try {
        all.push({ ...finding, file, ...(await asked(() => "", readSpec(file))) })
      } catch (error) {
        all.push({ ...finding, file, reason: (error as Error).message })
      }
  }
  return all
}

async function findings(): Promise<Finding[]> {
  const dotted = /\d+\.\d+(\.\d+)*/
  return [
    { name: "node", found: process.version, for: "everything" },
    await tslab(),
    ...(await kernelspecs()),
    version("jupyter", ["--version"], /(?<=jupyter_core\s*: ?|^)\d+\.\d+\.\d+/, "notebooks in the browser"),
    version("kubectl", ["version", "--client"], /v\d+\.\d+\.\d+/, "checking the API"),
    version("tshark", ["--version"], dotted, "checking captures"),
    version("tcpdump", ["--version"], dotted, "checking filters and printing"),
    version("chromium", ["--version"], dotted, "checking the site"),
    { name: "root", ...(process.getuid?.() === 0 ? { found: "yes" } : {}), for: "recording goldens" },
  ]
}

/** Writes the kernelspecs; says where, and how Jupyter finds them when it does not look there. */
async function install(where: { prefix?: string; user?: boolean }): Promise<void> {
  const { folderToInstall, installSpecs, jupyterPath } = await import("../kernelspec.ts")
  const folder = resolve(folderToInstall(where))
  for (const file of installSpecs(folder)) process.stderr.write(`written: ${file}\n`)
  if (!jupyterPath().includes(folder)) {
    process.stderr.write(`Jupyter does not look there by itself: JUPYTER_PATH=${folder}\n`)
    process.env["JUPYTER_PATH"] = [folder, process.env["JUPYTER_PATH"]].filter(Boolean).join(delimiter)
  }
}

const shown = ({ name, found, for: purpose, file, reason }: Finding): string =>
  [
    `${name.padEnd(WIDTH)}${(found ?? (file === undefined ? "not found" : "does not work")).padEnd(18)}${purpose}\n`,
    ...[file, reason].flatMap((line) => (line === undefined ? [] : [`${"".padEnd(WIDTH)}${line}\n`])),
  ].join("")

export const doctor: Command = {
  summary: "what this machine offers: Node, tslab, Jupyter, kubectl, tshark; writes Jupyter's kernelspecs",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = readArguments("doctor", args, {
      json: { type: "boolean" },
      "install-kernelspec": { type: "boolean" },
      prefix: { type: "string" },
      user: { type: "boolean" },
    })
    noMoreWords("doctor", positionals)
    const { prefix, user } = values
    if (values["install-kernelspec"] === true) {
      if (prefix !== undefined && user === true) throw new UsageError("doctor: --prefix and --user: choose one")
      await install({ ...(prefix === undefined ? {} : { prefix }), ...(user === undefined ? {} : { user }) })
    } else if (prefix !== undefined || user !== undefined)
      throw new UsageError(`doctor: ${prefix === undefined ? "--user" : "--prefix"} is for --install-kernelspec`)
    const all = await findings()
    process.stdout.write(values.json === true ? `${JSON.stringify(all, null, 2)}\n` : all.map(shown).join(""))
    const broken = all.filter(
      ({ name, found, file }) => found === undefined && (name === "tslab" || file !== undefined),
    )
    return broken.length > 0 ? 1 : 0
  },
}
