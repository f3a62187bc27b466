/** Programs on names: basename dirname readlink realpath which. */
import { strerror } from "../../linux/errno.ts"
import { findProgram } from "../../linux/task/process-table.ts"
import { realPath } from "../../linux/task/real-path.ts"
import { misuse, type Program, program } from "./program.ts"

function base(path: string, suffix: string): string {
  const name = path.replace(/\/+$/, "").split("/").pop() ?? ""
  if (name === "") return path.startsWith("/") ? "/" : ""
  return suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name
}

export const basename: Program = program("basename", {
  options: { a: false, s: true, multiple: false, suffix: true, z: false },
  posix: true,
  run: async (proc, options) => {
    const several = options.has("a", "s", "multiple", "suffix")
    const [first, second, third] = options.operands
    if (first === undefined) return misuse(proc, "basename", "missing operand")
    if (!several && third !== undefined) return misuse(proc, "basename", `extra operand '${third}'`)
    const suffix = options.value("s", "suffix") ?? (several ? "" : (second ?? ""))
    for (const path of several ? options.operands : [first]) await proc.out(`${base(path, suffix)}\n`)
    return 0
  },
})

export const dirname: Program = program("dirname", {
  options: { z: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, "dirname", "missing operand")
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
    if (options.operands.length === 0) return misuse(proc, "readlink", "missing operand")
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
  options: { e: false, m: false, q: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, "realpath", "missing operand")
    let code = 0
    for (const operand of options.operands) {
      const path = realPath(proc.fs, proc.path(operand), !options.has("e"))
      if (path.startsWith("/")) await proc.out(`${path}\n`)
      else {
        if (!options.has("q")) await proc.err(`realpath: ${operand}: ${strerror(path as "ENOENT")}\n`)
        code = 1
      }
    }
    return code
  },
})

export const which: Program = program("which", {
  options: { a: false },
  run: async (proc, options) => {
    let code = 0
    for (const name of options.operands) {
      const found = findProgram(proc.fs, proc.env, proc.cwd, [name])
      if (typeof found === "string") code = 1
      else await proc.out(`${found.path}\n`)
    }
    return code
  },
})
