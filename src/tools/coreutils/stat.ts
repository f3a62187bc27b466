/** What is known about a file: stat, chmod, chown, and the words ls and id share. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Stat } from "../../linux/task/vfs.ts"
import { strftime } from "../../shell/time.ts"
import { misuse, type Options, type Program, program, unsupported } from "./program.ts"

/** `drwxr-xr-x`. */
export function modeText(stat: Stat): string {
  const type = { file: "-", directory: "d", symlink: "l", device: "c" }[stat.type]
  const bits = [..."rwxrwxrwx"].map((c, i) => ((stat.mode & (1 << (8 - i))) !== 0 ? c : "-"))
  const special: [number, number, string][] = [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ]
  for (const [bit, at, letter] of special)
    if ((stat.mode & bit) !== 0) bits[at] = bits[at] === "x" ? letter : letter.toUpperCase()
  return type + bits.join("")
}

/** A folder is linked by itself, its parent and its subfolders. */
export function linkCount(proc: Process, path: string, stat: Stat): string {
  if (stat.type !== "directory") return "1"
  const names = proc.fs.readdir(path)
  const folders =
    typeof names === "string"
      ? []
      : names.filter((name) => (proc.fs.stat(`${path}/${name}`, false) as { type?: string }).type === "directory")
  return String(2 + folders.length)
}

function nameIn(proc: Process, file: string, id: number): string {
  const read = proc.fs.readText(file)
  const lines = "text" in read ? read.text.split("\n") : []
  return lines.map((line) => line.split(":")).find((fields) => fields[2] === String(id))?.[0] ?? String(id)
}

export const userName = (proc: Process, uid: number): string => nameIn(proc, "/etc/passwd", uid)
export const groupName = (proc: Process, gid: number): string => nameIn(proc, "/etc/group", gid)
/** By name or number. */
export const userId = (proc: Process, name: string): number | undefined => idOf(proc, "/etc/passwd", name)

function idOf(proc: Process, file: string, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name)
  const read = proc.fs.readText(file)
  const found = ("text" in read ? read.text.split("\n") : [])
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name)
  return found === undefined ? undefined : Number(found[2])
}

const KINDS = { directory: "directory", symlink: "symbolic link", device: "character special file" } as const

export const stat: Program = program("stat", {
  options: { c: true, L: false, f: false, t: false, format: true, dereference: false },
  run: async (proc, options) => {
    const format = options.value("c", "format")
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    if (format === undefined) return unsupported(proc, "stat", "its long form (only -c FORMAT)")
    let code = 0
    for (const name of options.operands) {
      const found = proc.fs.stat(proc.path(name), options.has("L", "dereference"))
      if (typeof found === "string") {
        await proc.err(
          options.style === "gnu"
            ? `stat: cannot statx '${name}': ${strerror(found)}\n`
            : `stat: can't stat '${name}': ${strerror(found)}\n`,
        )
        code = 1
        continue
      }
      await proc.out(`${format.replace(/%([a-zA-Z%])/g, (_, letter: string) => field(proc, name, found, letter))}\n`)
    }
    return code
  },
})

function field(proc: Process, name: string, found: Stat, letter: string): string {
  const seconds = proc.kernel.sim.epoch + Math.floor(found.mtime / 1e9)
  switch (letter) {
    case "n":
      return name
    case "N": {
      const link = proc.fs.readlink(proc.path(name))
      return typeof link === "string" ? name : `'${name}' -> '${link.target}'`
    }
    case "s":
      return String(found.size)
    case "F":
      return found.type === "file" ? (found.size === 0 ? "regular empty file" : "regular file") : KINDS[found.type]
    case "a":
      return (found.mode & 0o7777).toString(8)
    case "A":
      return modeText(found)
    case "u":
      return String(found.uid)
    case "g":
      return String(found.gid)
    case "U":
      return userName(proc, found.uid)
    case "G":
      return groupName(proc, found.gid)
    case "h":
      return linkCount(proc, proc.path(name), found)
    case "X":
    case "Y":
    case "Z":
      return String(seconds)
    case "y":
      return strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", seconds)
    default:
      return letter === "%" ? "%" : "?"
  }
}

/** Octal, or `u+x,go=r`; undefined when it is neither. */
function changeMode(mode: string, old: number, folder: boolean, umask: number): number | undefined {
  if (/^[0-7]{1,4}$/.test(mode)) return Number.parseInt(mode, 8)
  let bits = old
  for (const clause of mode.split(",")) {
    const match = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause)
    if (match === null) return undefined
    const who = match[1] === "" ? "a" : (match[1] as string)
    for (const [, sign, letters = ""] of (match[2] as string).matchAll(/([-+=])([rwxXst]*)/g)) {
      const [mask, whole] = maskOf(who, letters, folder || (bits & 0o111) !== 0)
      const allowed = match[1] === "" ? mask & ~umask : mask
      bits = sign === "+" ? bits | allowed : sign === "-" ? bits & ~allowed : (bits & ~whole) | allowed
    }
  }
  return bits
}

function maskOf(who: string, letters: string, executes: boolean): [number, number] {
  let [mask, whole] = [0, 0]
  const all = who.includes("a")
  for (const [person, shift, special] of [
    ["u", 6, 0o4000],
    ["g", 3, 0o2000],
    ["o", 0, 0],
  ] as const) {
    if (!all && !who.includes(person)) continue
    whole |= 7 << shift
    if (letters.includes("r")) mask |= 4 << shift
    if (letters.includes("w")) mask |= 2 << shift
    if (letters.includes("x") || (letters.includes("X") && executes)) mask |= 1 << shift
    if (letters.includes("s")) mask |= special
  }
  if (letters.includes("t")) mask |= 0o1000
  return [mask, whole]
}

/** A folder's tree, itself first. */
function tree(proc: Process, path: string): string[] {
  const found = proc.fs.stat(path, false)
  if (typeof found === "string" || found.type !== "directory") return [path]
  return [
    path,
    ...(proc.fs.readdir(path) as string[]).flatMap((name) => tree(proc, `${path === "/" ? "" : path}/${name}`)),
  ]
}

async function eachFile(
  proc: Process,
  program: string,
  options: Options,
  names: readonly string[],
  change: (path: string, found: Stat) => void,
): Promise<number> {
  let code = 0
  for (const name of names) {
    const found = proc.fs.stat(proc.path(name))
    if (typeof found === "string") {
      if (!options.has("f"))
        await proc.err(
          options.style === "gnu"
            ? `${program}: cannot access '${name}': ${strerror(found)}\n`
            : `${program}: ${name}: ${strerror(found)}\n`,
        )
      code = 1
      continue
    }
    for (const path of options.has("R", "recursive") ? tree(proc, proc.path(name)) : [proc.path(name)]) {
      const one = proc.fs.stat(path)
      if (typeof one !== "string") change(path, one)
    }
  }
  return code
}

export const chmod: Program = program("chmod", {
  options: { R: false, v: false, f: false, c: false, recursive: false },
  // `chmod -x f` is a mode, not an option.
  rewrite: (argv) =>
    argv.flatMap((word, i) =>
      i > 0 &&
      /^-[rwxXst]+$/.test(word) &&
      !argv.slice(0, i).some((before) => /^[^-]/.test(before) && before !== argv[0])
        ? ["--", word]
        : [word],
    ),
  run: async (proc, options) => {
    const [mode, ...names] = options.operands
    if (mode === undefined) return misuse(proc, options, "missing operand")
    if (names.length === 0) return misuse(proc, options, `missing operand after '${proc.argv.at(-1)}'`)
    if (changeMode(mode, 0, false, 0) === undefined) return misuse(proc, options, `invalid mode: '${mode}'`)
    return eachFile(proc, "chmod", options, names, (path, found) => {
      proc.fs.chmod(path, changeMode(mode, found.mode, found.type === "directory", proc.umask) as number)
    })
  },
})

export const chown: Program = program("chown", {
  options: { R: false, v: false, h: false, f: false, recursive: false },
  run: async (proc, options) => {
    const [owner, ...names] = options.operands
    if (owner === undefined) return misuse(proc, options, "missing operand")
    if (names.length === 0) return misuse(proc, options, `missing operand after '${owner}'`)
    const [user = "", group] = owner.split(/[:.]/)
    const uid = user === "" ? undefined : idOf(proc, "/etc/passwd", user)
    const gid = group === undefined || group === "" ? undefined : idOf(proc, "/etc/group", group)
    const unknown = (user !== "" && uid === undefined) || (group !== undefined && group !== "" && gid === undefined)
    if (unknown) {
      await proc.err(`chown: invalid ${uid === undefined && user !== "" ? "user" : "group"}: '${owner}'\n`)
      return 1
    }
    return eachFile(proc, "chown", options, names, (path, found) => {
      proc.fs.chown(path, uid ?? found.uid, gid ?? found.gid)
    })
  },
})
