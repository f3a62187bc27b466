/** gzip, gunzip and zcat (gzip 1.12). What is written is stored, not compressed. */
import { strerror } from "../linux/errno.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { gunzip, gzip as pack } from "./archive/gzip.ts"
import { readInput } from "./coreutils/program.ts"
import { helpOf } from "./help/index.ts"

const TABLE = {
  ...{
    h: false,
    help: false,
    V: false,
    version: false,
    c: false,
    d: false,
    f: false,
    k: false,
    n: false,
    q: false,
    t: false,
    N: false,
  },
  ...Object.fromEntries([..."123456789"].map((level) => [level, false])),
  ...{
    stdout: false,
    decompress: false,
    force: false,
    keep: false,
    test: false,
    quiet: false,
    fast: false,
    best: false,
  },
}

/** Real options that are not here. */
const REFUSED = {
  a: false,
  v: false,
  l: false,
  r: false,
  S: true,
  list: false,
  recursive: false,
  suffix: true,
  verbose: false,
}

interface Settings {
  unpack: boolean
  stdout: boolean
  keep: boolean
  force: boolean
  test: boolean
}

const program = (name: string, base: Partial<Settings>): Tool =>
  defineTool(name, async (proc) => {
    const parsed = getopt(proc.argv, { ...TABLE, ...REFUSED })
    const given = ("kind" in parsed ? parsed.before : parsed.options) ?? []
    const asked = given.find(({ name }) => ["h", "help", "V", "version"].includes(name))?.name
    if (asked !== undefined) {
      const { help, version = "" } = await helpOf(proc, asked.length === 1 ? "gzip" : name)
      await proc.out(asked.startsWith("h") ? help : version)
      return 0
    }
    if ("kind" in parsed) {
      await proc.err(`${getoptMessage("gzip", parsed)}Try \`gzip --help' for more information.\n`)
      return 1
    }
    const refused = parsed.options.find(({ name }) => name in REFUSED)?.name
    if (refused !== undefined) {
      await proc.err(`gzip: podwire does not support '${refused.length === 1 ? "-" : "--"}${refused}'\n`)
      return 1
    }
    const has = (...names: string[]): boolean => parsed.options.some((option) => names.includes(option.name))
    const settings: Settings = {
      unpack: base.unpack === true || has("d", "decompress", "t", "test"),
      stdout: base.stdout === true || has("c", "stdout"),
      keep: has("k", "keep"),
      force: has("f", "force"),
      test: has("t", "test"),
    }
    let code = 0
    for (const operand of parsed.operands.length === 0 ? ["-"] : parsed.operands)
      code = Math.max(code, await one(proc, operand, settings))
    return code
  })

export const gzip: Tool = program("gzip", {})
export const gunzipTool: Tool = program("gunzip", { unpack: true })
export const zcat: Tool = program("zcat", { unpack: true, stdout: true })

async function one(proc: Process, operand: string, settings: Settings): Promise<number> {
  const complain = async (text: string, code = 1): Promise<number> => {
    await proc.err(`\ngzip: ${text}\n`)
    return code
  }
  // A name without the ending is looked for with it.
  const tried = settings.unpack && operand !== "-" && !proc.fs.exists(proc.path(operand)) && !operand.endsWith(".gz")
  const name = tried ? `${operand}.gz` : operand
  const read = await readInput(proc, name)
  if ("errno" in read) return plainComplaint(proc, `${name}: ${strerror(read.errno)}`)
  const result = settings.unpack ? gunzip(read.data) : pack(read.data, header(proc, name))
  if (typeof result === "string") return complain(`${name === "-" ? "stdin" : name}: ${result}`)
  if (settings.test) return 0
  if (settings.stdout || name === "-") {
    await proc.out(result)
    return 0
  }
  if (settings.unpack && !name.endsWith(".gz")) return plainComplaint(proc, `${name}: unknown suffix -- ignored`, 2)
  const target = settings.unpack ? name.slice(0, -".gz".length) : `${name}.gz`
  if (proc.fs.exists(proc.path(target)) && !settings.force)
    return plainComplaint(proc, `${target} already exists;\tnot overwritten`, 2)
  const errno = proc.fs.writeFile(proc.path(target), result)
  if (errno !== undefined) return plainComplaint(proc, `${target}: ${strerror(errno)}`)
  if (!settings.keep) proc.fs.unlink(proc.path(name))
  return 0
}

async function plainComplaint(proc: Process, text: string, code = 1): Promise<number> {
  await proc.err(`gzip: ${text}\n`)
  return code
}

function header(proc: Process, name: string): { name?: string; mtime?: number } {
  const stat = name === "-" ? "ENOENT" : proc.fs.stat(proc.path(name))
  if (typeof stat === "string") return {}
  const { sim } = proc.kernel
  return { name: name.split("/").at(-1) ?? name, mtime: sim.epoch + Math.floor(stat.mtime / 1e9) }
}
