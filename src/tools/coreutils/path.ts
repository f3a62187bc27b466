/** Programs on names: basename dirname readlink realpath which. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { findProgram } from "../../linux/task/process-table.ts"
import { realPath } from "../../linux/task/real-path.ts"
import { defineTool } from "../../shell/tool.ts"
import { busyboxUsage } from "../help/index.ts"
import { misuse as misused } from "./manners.ts"
import { misuse, type Program, program, type Style } from "./program.ts"

function base(path: string, suffix: string): string {
  const name = path.replace(/\/+$/, "").split("/").pop() ?? ""
  if (name === "") return path.startsWith("/") ? "/" : ""
  return suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name
}

export const basename: Program = program("basename", {
  plainInBusybox: true,
  options: { a: false, s: true, multiple: false, suffix: true, z: false },
  posix: true,
  run: async (proc, options) => {
    const several = options.has("a", "s", "multiple", "suffix")
    const [first, second, third] = options.operands
    if (first === undefined) return misuse(proc, options, "missing operand")
    if (!several && third !== undefined) return misuse(proc, options, `extra operand '${third}'`)
    const suffix = options.value("s", "suffix") ?? (several ? "" : (second ?? ""))
    for (const path of several ? options.operands : [first]) await proc.out(`${base(path, suffix)}\n`)
    return 0
  },
})

export const dirname: Program = program("dirname", {
  plainInBusybox: true,
  options: { z: false },
  run: async (proc, options) => {
    const [first, extra] = options.operands
    if (first === undefined) return misuse(proc, options, "missing operand")
    if (extra !== undefined && options.style === "busybox") return misuse(proc, options, "too many operands")
    for (const operand of options.operands) {
      const path = operand.replace(/\/+$/, "")
      const slash = path.lastIndexOf("/")
      await proc.out(
        `${slash < 0 ? (path === "" && operand !== "" ? "/" : ".") : path.slice(0, slash).replace(/\/+$/, "") || "/"}\n`,
      )
    }
    return 0
  },
})

export const readlink: Program = program("readlink", {
  options: { f: false, e: false, m: false, n: false, canonicalize: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    let code = 0
    for (const operand of options.operands) {
      const path = proc.path(operand)
      const link = options.has("f", "e", "m", "canonicalize")
        ? realPath(proc.fs, path, !options.has("e"))
        : proc.fs.readlink(path)
      const text = typeof link === "string" ? (link.startsWith("/") ? link : undefined) : link.target
      if (text === undefined) code = 1
      else await proc.out(text + (options.has("n") ? "" : "\n"))
    }
    return code
  },
})

export const realpath: Program = program("realpath", {
  plainInBusybox: true,
  options: { e: false, m: false, q: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    let code = 0
    for (const operand of options.operands) {
      const path = realPath(proc.fs, proc.path(operand), options.style === "gnu" && !options.has("e"))
      if (path.startsWith("/")) await proc.out(`${path}\n`)
      else {
        if (!options.has("q")) await proc.err(`realpath: ${operand}: ${strerror(path as "ENOENT")}\n`)
        code = 1
      }
    }
    return code
  },
})

/** Debian's (debianutils 5.7) is a script of dash, whose getopts complains; busybox's takes no options. */
export const which: Program = (style) =>
  defineTool("which", async (proc) => {
    const words = proc.argv.slice(1)
    const end = words.findIndex((word) => !/^-./.test(word) || word === "--")
    const count = end < 0 ? words.length : end
    const wrong = words.slice(0, count).find((word) => !/^-a+$/.test(word))
    if (wrong !== undefined) return wrongly(proc, style, wrong)
    if (words.length === 0 && style === "busybox") return misused(proc, style, "which", "", 1)
    const names = words.slice(words[count] === "--" ? count + 1 : count)
    let code = names.length === 0 ? 1 : 0
    for (const name of names) {
      const found = count > 0 ? everywhere(proc, name) : anywhere(proc, name)
      if (found.length === 0) code = 1
      for (const path of found) await proc.out(`${path}\n`)
    }
    return code
  })

async function wrongly(proc: Process, style: Style, word: string): Promise<number> {
  const letter = [...word.slice(1)].find((one) => !/a/.test(one)) ?? "-"
  if (style === "gnu") {
    await proc.err(`Illegal option -${letter}\n`)
    await proc.out("Usage: /usr/bin/which [-a] args\n")
    return 2
  }
  const problem = word.startsWith("--") ? `unrecognized option '${word}'` : `invalid option -- '${letter}'`
  const asked = word === "--help" && proc.argv.length === 2
  await proc.err(`${asked ? "" : `which: ${problem}\n`}${await busyboxUsage(proc, "which")}`)
  return asked ? 0 : 1
}

function anywhere(proc: Process, name: string): string[] {
  const found = findProgram(proc.fs, proc.env, proc.cwd, [name])
  return typeof found === "string" ? [] : [found.path]
}

/** `-a`: in every folder of PATH. */
function everywhere(proc: Process, name: string): string[] {
  if (name.includes("/")) return anywhere(proc, name)
  const folders = (proc.env.get("PATH") ?? "").split(":")
  return folders.flatMap((folder) => anywhere(proc, `${folder}/${name}`))
}
