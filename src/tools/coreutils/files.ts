/** Programs on files and folders: ls mkdir rm rmdir cp mv touch ln chmod basename dirname mktemp which sha256sum. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { findProgram } from "../../linux/task/process-table.ts"
import type { Tool } from "../../linux/task/tool.ts"
import type { Stat } from "../../linux/task/vfs.ts"
import { strftime } from "../../shell/time.ts"
import { defineTool } from "../../shell/tool.ts"
import { withOptions } from "./text.ts"

function modeText(stat: Stat): string {
  const type = { file: "-", directory: "d", symlink: "l", device: "c" }[stat.type]
  const bits = "rwxrwxrwx"
  return type + [...bits].map((c, i) => ((stat.mode & (1 << (8 - i))) !== 0 ? c : "-")).join("")
}

async function longLine(proc: Process, path: string, name: string): Promise<string> {
  const stat = proc.fs.stat(path, false)
  if (typeof stat === "string") return ""
  const link = proc.fs.readlink(path)
  const when = strftime("%b %e %H:%M", proc.kernel.sim.epoch + stat.mtime / 1e9)
  const owner = stat.uid === 0 ? "root" : String(stat.uid)
  return `${modeText(stat)} ${stat.type === "directory" ? 2 : 1} ${owner} ${owner} ${String(stat.size).padStart(5)} ${when} ${name}${typeof link === "object" ? ` -> ${link.target}` : ""}\n`
}

const ls = withOptions(
  "ls",
  { l: false, a: false, A: false, 1: false, d: false, h: false, t: false, r: false, R: false },
  async (proc, parsed) => {
    const flag = (name: string): boolean => parsed.options.some((option) => option.name === name)
    const operands = parsed.operands.length === 0 ? ["."] : parsed.operands
    let code = 0
    for (const operand of operands) {
      const path = proc.path(operand)
      const stat = proc.fs.stat(path)
      if (typeof stat === "string") {
        await proc.err(`ls: cannot access '${operand}': ${strerror(stat)}\n`)
        code = 2
        continue
      }
      const names = stat.type === "directory" && !flag("d") ? (proc.fs.readdir(path) as string[]) : undefined
      const shown =
        names === undefined ? [operand] : names.filter((name) => flag("a") || flag("A") || !name.startsWith("."))
      if (operands.length > 1 && names !== undefined) await proc.out(`${operand}:\n`)
      if (flag("l") && names !== undefined) await proc.out(`total ${shown.length * 4}\n`)
      for (const name of shown)
        await proc.out(
          flag("l") ? await longLine(proc, names === undefined ? path : `${path}/${name}`, name) : `${name}\n`,
        )
    }
    return code
  },
  2,
)

const mkdir = withOptions("mkdir", { p: false, m: true, parents: false }, async (proc, parsed) => {
  const recursive = parsed.options.some((option) => option.name === "p" || option.name === "parents")
  let code = 0
  for (const name of parsed.operands) {
    const errno = proc.fs.mkdir(proc.path(name), { recursive })
    if (errno === undefined) continue
    await proc.err(`mkdir: cannot create directory '${name}': ${strerror(errno)}\n`)
    code = 1
  }
  return code
})

function removeTree(proc: Process, path: string): void {
  const stat = proc.fs.stat(path, false)
  if (typeof stat === "string") return
  if (stat.type !== "directory") {
    proc.fs.unlink(path)
    return
  }
  for (const name of proc.fs.readdir(path) as string[]) removeTree(proc, `${path}/${name}`)
  proc.fs.rmdir(path)
}

const rm = withOptions(
  "rm",
  { r: false, R: false, f: false, recursive: false, force: false, v: false },
  async (proc, parsed) => {
    const flag = (...names: string[]): boolean => parsed.options.some((option) => names.includes(option.name))
    let code = 0
    for (const name of parsed.operands) {
      const stat = proc.fs.stat(proc.path(name), false)
      if (typeof stat === "string") {
        if (flag("f", "force")) continue
        await proc.err(`rm: cannot remove '${name}': ${strerror(stat)}\n`)
        code = 1
      } else if (stat.type === "directory" && !flag("r", "R", "recursive")) {
        await proc.err(`rm: cannot remove '${name}': Is a directory\n`)
        code = 1
      } else removeTree(proc, proc.path(name))
    }
    return code
  },
)

const rmdir = withOptions("rmdir", {}, async (proc, parsed) => {
  let code = 0
  for (const name of parsed.operands) {
    const errno = proc.fs.rmdir(proc.path(name))
    if (errno === undefined) continue
    await proc.err(`rmdir: failed to remove '${name}': ${strerror(errno)}\n`)
    code = 1
  }
  return code
})

/** Where a copy or move of `source` to `target` ends up. */
function destination(proc: Process, source: string, target: string): string {
  const path = proc.path(target)
  const stat = proc.fs.stat(path)
  return typeof stat !== "string" && stat.type === "directory" ? `${path}/${source.split("/").pop()}` : path
}

const cp = withOptions("cp", { f: false, a: false, p: false, v: false }, async (proc, parsed) => {
  const target = parsed.operands[parsed.operands.length - 1]
  const sources = parsed.operands.slice(0, -1)
  if (target === undefined || sources.length === 0) {
    await proc.err(
      target === undefined ? "cp: missing file operand\n" : `cp: missing destination file operand after '${target}'\n`,
    )
    return 1
  }
  let code = 0
  for (const source of sources) {
    const data = proc.fs.readFile(proc.path(source))
    const errno = typeof data === "string" ? data : proc.fs.writeFile(destination(proc, source, target), data.slice())
    if (errno === undefined) continue
    await proc.err(
      errno === "EISDIR"
        ? `cp: -r not specified; omitting directory '${source}'\n`
        : `cp: cannot stat '${source}': ${strerror(errno)}\n`,
    )
    code = 1
  }
  return code
})

const mv = withOptions("mv", { f: false, v: false }, async (proc, parsed) => {
  const target = parsed.operands[parsed.operands.length - 1]
  let code = 0
  for (const source of parsed.operands.slice(0, -1)) {
    const errno = proc.fs.rename(proc.path(source), destination(proc, source, target ?? ""))
    if (errno === undefined) continue
    await proc.err(`mv: cannot stat '${source}': ${strerror(errno)}\n`)
    code = 1
  }
  return code
})

const touch = withOptions("touch", { c: false }, async (proc, parsed) => {
  let code = 0
  for (const name of parsed.operands) {
    const path = proc.path(name)
    const errno = proc.fs.exists(path) ? undefined : proc.fs.writeFile(path, "")
    if (errno === undefined) continue
    await proc.err(`touch: cannot touch '${name}': ${strerror(errno)}\n`)
    code = 1
  }
  return code
})

const ln = withOptions("ln", { s: false, f: false }, async (proc, parsed) => {
  const [target = "", name = ""] = parsed.operands
  if (!parsed.options.some((option) => option.name === "s")) {
    await proc.err("ln: podwire does not support hard links\n")
    return 1
  }
  if (parsed.options.some((option) => option.name === "f")) proc.fs.unlink(proc.path(name))
  const errno = proc.fs.symlink(target, proc.path(name))
  if (errno !== undefined) await proc.err(`ln: failed to create symbolic link '${name}': ${strerror(errno)}\n`)
  return errno === undefined ? 0 : 1
})

const chmod = defineTool("chmod", async (proc) => {
  const [mode = "", ...names] = proc.argv.slice(1)
  let code = 0
  for (const name of names) {
    const stat = proc.fs.stat(proc.path(name))
    const bits =
      typeof stat === "string"
        ? 0
        : /^[0-7]+$/.test(mode)
          ? Number.parseInt(mode, 8)
          : mode.endsWith("+x")
            ? stat.mode | 0o111
            : mode.endsWith("-x")
              ? stat.mode & ~0o111
              : -1
    if (bits < 0) {
      await proc.err(`chmod: invalid mode: '${mode}'\nTry 'chmod --help' for more information.\n`)
      return 1
    }
    const errno = proc.fs.chmod(proc.path(name), bits)
    if (errno === undefined) continue
    await proc.err(`chmod: cannot access '${name}': ${strerror(errno)}\n`)
    code = 1
  }
  return code
})

const basename = defineTool("basename", async (proc) => {
  const [path = "", suffix = ""] = proc.argv.slice(1)
  const name = path.replace(/\/+$/, "").split("/").pop() ?? ""
  await proc.out(
    `${suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
  )
  return 0
})

const dirname = defineTool("dirname", async (proc) => {
  const path = (proc.argv[1] ?? "").replace(/\/+$/, "")
  const slash = path.lastIndexOf("/")
  await proc.out(`${slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash)}\n`)
  return 0
})

const which = defineTool("which", async (proc) => {
  let code = 0
  for (const name of proc.argv.slice(1)) {
    const found = findProgram(proc.fs, proc.env, proc.cwd, [name])
    if (typeof found === "string") code = 1
    else await proc.out(`${found.path}\n`)
  }
  return code
})

export const FILE_TOOLS: readonly Tool[] = [ls, mkdir, rm, rmdir, cp, mv, touch, ln, chmod, basename, dirname, which]
