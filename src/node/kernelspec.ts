/** Jupyter's kernel specifications for tslab: where Jupyter looks for them, what they say, and writing them as `tslab install` does. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import { CONNECTION_FILE, type KernelCommand, tslabArgv } from "./kernel-command.ts"

/** As `tslab install` names them: TypeScript and JavaScript. */
export const SPEC_NAMES = ["tslab", "jslab"] as const
export type SpecName = (typeof SPEC_NAMES)[number]

const ASKING_MS = 20_000
const SYSTEM = ["/usr/local/share/jupyter", "/usr/share/jupyter"]

/** Folders that Jupyter looks for data in, the first one that has something wins. Asks Jupyter itself where there is one. */
export function jupyterPath(): string[] {
  const { status, stdout } = spawnSync("jupyter", ["--paths", "--json"], { encoding: "utf8", timeout: ASKING_MS })
  if (status === 0) {
    const { data } = JSON.parse(stdout) as { data?: string[] }
    if (data !== undefined) return data
  }
  const own = (process.env["JUPYTER_PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  return [...own, userFolder(), ...SYSTEM]
}

/** A user's own folder, as jupyter_core finds it. */
export function userFolder(): string {
  const { JUPYTER_DATA_DIR: own, XDG_DATA_HOME: xdg } = process.env
  if (own !== undefined && own !== "") return own
  if (process.platform === "darwin") return join(homedir(), "Library/Jupyter")
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".local/share"), "jupyter")
}

/** Where `--prefix`, `--user` or neither puts specifications; the last is a user's own folder, or root's for all. */
export function folderToInstall({ prefix, user }: { prefix?: string; user?: boolean }): string {
  if (prefix !== undefined) return join(prefix, "share/jupyter")
  return user === true || process.getuid?.() !== 0 ? userFolder() : (SYSTEM[0] as string)
}

/** The kernel.json that Jupyter would take. */
export function findSpec(name: SpecName, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const kernels = join(folder, "kernels")
    // Jupyter's names are those of folders, in lower case.
    const found = existsSync(kernels) ? readdirSync(kernels).find((entry) => entry.toLowerCase() === name) : undefined
    const file = found === undefined ? undefined : join(kernels, found, "kernel.json")
    if (file !== undefined && existsSync(file)) return file
  }
  return undefined
}

/** How a specification starts its kernel. Throws an Error that says what is wrong with the file. */
export function readSpec(file: string): KernelCommand {
  let spec: { argv?: unknown; env?: unknown }
  try {
    spec = JSON.parse(readFileSync(file, "utf8")) as typeof spec
  } catch (error) {
    throw new Error(`not JSON: ${(error as Error).message}`)
  }
  const { argv, env } = spec
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((word) => typeof word === "string"))
    throw new Error('"argv" is not a list of words')
  if (!argv.some((word: string) => word.includes(CONNECTION_FILE)))
    throw new Error(`"argv" has no ${CONNECTION_FILE}: the kernel would not learn where to listen`)
  return { argv, env: { ...outsideEnv(), ...(env as Record<string, string> | undefined) } }
}

/** What Jupyter would have: npx and npm put folders of packages into PATH that are not there elsewhere. */
function outsideEnv(): Record<string, string> {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !/node_modules\/\.bin\/?$/.test(folder))
  const { NODE_OPTIONS: _dropped, ...env } = process.env as Record<string, string>
  return { ...env, PATH: path.join(delimiter) }
}

/** Writes both specifications below `folder`: the tslab found beside podwire, started by this Node. Returns the files. */
export function installSpecs(folder: string): string[] {
  return SPEC_NAMES.map((name) => {
    const javascript = name === "jslab"
    const target = join(folder, "kernels", name)
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target, { recursive: true })
    const spec = {
      argv: [...tslabArgv(), ...(javascript ? ["--js"] : [])],
      display_name: javascript ? "JavaScript" : "TypeScript",
      language: javascript ? "javascript" : "typescript",
    }
    const file = join(target, "kernel.json")
    writeFileSync(file, `${JSON.stringify(spec, null, 1)}\n`)
    return file
  })
}
