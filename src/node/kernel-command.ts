/** How a tslab kernel is started: this package's own, and what a kernel.json of Jupyter says. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"

/** Stands for the connection file's path in an argv. */
export const CONNECTION_FILE = "{connection_file}"
export const NEEDS_TSLAB = "notebooks need tslab and zeromq: npm install --save-dev tslab zeromq"

/** Loaded into the kernel before tslab: when the descriptor to us closes, however we ended, the kernel ends too. */
const GUARD = `data:text/javascript,${encodeURIComponent(`
import { Socket } from "node:net"
new Socket({ fd: 3 }).on("close", () => process.kill(process.pid, "SIGKILL")).on("error", () => {}).resume().unref()
`)}`

/** How a kernel is started, as Jupyter's kernel.json has it. */
export interface KernelCommand {
  /** `{connection_file}` stands for the file's path. */
  argv: readonly string[]
  env?: Readonly<Record<string, string>>
}

/** tslab's folder. It and zeromq are not podwire's dependencies: whoever runs notebooks installs them. */
function tslabFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("tslab/package.json"))
  } catch {
    throw new Error(NEEDS_TSLAB)
  }
}

/** The version of the tslab that runs notebooks. */
export function tslabVersion(): string {
  return String((JSON.parse(readFileSync(join(tslabFolder(), "package.json"), "utf8")) as { version: unknown }).version)
}

/** The tslab found beside podwire, with this Node. */
export const tslabArgv = (): string[] => [
  process.execPath,
  resolve(tslabFolder(), "bin/tslab"),
  "kernel",
  "--config-path",
  CONNECTION_FILE,
]

export function ownCommand(): KernelCommand {
  const [node, ...rest] = tslabArgv() as [string, ...string[]]
  // The kernel starts whatever `node` comes first: it must be the one that runs this.
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`
  return { argv: [node, "--import", GUARD, ...rest], env: { ...process.env, PATH: path } }
}
