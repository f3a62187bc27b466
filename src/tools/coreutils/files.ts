/** Programs that make, move and remove files: mkdir rmdir rm cp mv touch ln mktemp. */
import { type Errno, strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { parseDate } from "./date.ts"
import { misuse, type Options, type Program, program } from "./program.ts"

const baseName = (path: string): string => path.replace(/\/+$/, "").split("/").pop() ?? ""

export const mkdir: Program = program("mkdir", {
  options: { p: false, m: true, v: false, parents: false, mode: true, verbose: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    const recursive = options.has("p", "parents")
    const mode = Number.parseInt(options.value("m", "mode") ?? (0o777 & ~proc.umask).toString(8), 8)
    let code = 0
    for (const name of options.operands) {
      const before = proc.fs.stat(proc.path(name))
      const errno = recursive ? proc.fs.mkdir(proc.path(name), { recursive }) : proc.fs.mkdir(proc.path(name), { mode })
      if (errno === undefined) {
        if (options.has("v", "verbose") && typeof before === "string")
          await proc.out(`mkdir: created directory '${name}'\n`)
        continue
      }
      await proc.err(
        `mkdir: ${options.style === "gnu" ? "cannot" : "can't"} create directory '${recursive ? obstacle(proc, name) : name}': ${strerror(errno)}\n`,
      )
      code = 1
    }
    return code
  },
})

/** The part of a path that is no folder. */
function obstacle(proc: Process, name: string): string {
  const parts = name.split("/")
  const paths = parts.map((_, i) => parts.slice(0, i + 1).join("/")).filter((path) => path !== "")
  return (
    paths.find(
      (path) => !["directory", undefined].includes((proc.fs.stat(proc.path(path)) as { type?: string }).type),
    ) ?? name
  )
}

export const rmdir: Program = program("rmdir", {
  options: { p: false, v: false, parents: false },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    let code = 0
    for (const name of options.operands) {
      const parts = name.replace(/\/+$/, "").split("/")
      const paths = options.has("p", "parents")
        ? parts.map((_, i) => parts.slice(0, parts.length - i).join("/"))
        : [name]
      for (const path of paths.filter((one) => one !== "")) {
        const errno = proc.fs.rmdir(proc.path(path))
        if (errno === undefined) continue
        await proc.err(
          options.style === "gnu"
            ? `rmdir: failed to remove '${path}': ${strerror(errno)}\n`
            : `rmdir: '${path}': ${strerror(errno)}\n`,
        )
        code = 1
        break
      }
    }
    return code
  },
})

async function removeTree(proc: Process, path: string, shown: string, verbose: boolean): Promise<void> {
  const stat = proc.fs.stat(path, false)
  if (typeof stat === "string") return
  if (stat.type === "directory") {
    for (const name of proc.fs.readdir(path) as string[])
      await removeTree(proc, `${path}/${name}`, `${shown}/${name}`, verbose)
    proc.fs.rmdir(path)
    if (verbose) await proc.out(`removed directory '${shown}'\n`)
    return
  }
  proc.fs.unlink(path)
  if (verbose) await proc.out(`removed '${shown}'\n`)
}

export const rm: Program = program("rm", {
  options: {
    r: false,
    R: false,
    f: false,
    d: false,
    v: false,
    recursive: false,
    force: false,
    dir: false,
    verbose: false,
  },
  run: async (proc, options) => {
    const force = options.has("f", "force")
    if (options.operands.length === 0) return force ? 0 : misuse(proc, options, "missing operand")
    let code = 0
    for (const name of options.operands) {
      const refusal = await removeOne(proc, options, name)
      if (refusal === undefined) continue
      await proc.err(`rm: ${refusal}\n`)
      code = 1
    }
    return code
  },
})

async function removeOne(proc: Process, options: Options, name: string): Promise<string | undefined> {
  const path = proc.path(name)
  const recursive = options.has("r", "R", "recursive")
  if (recursive && path === "/")
    return `it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe`
  if (recursive && /(^|\/)\.\.?\/*$/.test(name)) return `refusing to remove '.' or '..' directory: skipping '${name}'`
  const cannot = (errno: Errno): string =>
    `${options.style === "gnu" ? "cannot" : "can't"} remove '${name}': ${strerror(errno)}`
  const stat = proc.fs.stat(path, false)
  if (typeof stat === "string") return options.has("f", "force") && stat === "ENOENT" ? undefined : cannot(stat)
  const verbose = options.has("v", "verbose")
  if (stat.type !== "directory" || recursive) {
    await removeTree(proc, path, name.replace(/\/+$/, ""), verbose)
    return undefined
  }
  if (!options.has("d", "dir")) return options.style === "gnu" ? cannot("EISDIR") : `'${name}' is a directory`
  const errno = proc.fs.rmdir(path)
  return errno === undefined ? undefined : cannot(errno)
}

// ── cp and mv ─────────────────────────────────────────────────────────────────────────────────

interface Plan {
  sources: string[]
  /** Where a source goes: its path and its name as shown. */
  target(source: string): string
}

/** The last operand, or -t's, and what is copied there; undefined after a complaint. */
async function plan(proc: Process, name: "cp" | "mv" | "ln", options: Options): Promise<Plan | undefined> {
  const folder = options.value("t", "target-directory")
  const operands = [...options.operands]
  const target = folder ?? operands.pop()
  if (target === undefined || operands.length === 0) {
    await misuse(
      proc,
      options,
      target === undefined ? "missing file operand" : `missing destination file operand after '${target}'`,
    )
    return undefined
  }
  const stat = proc.fs.stat(proc.path(target))
  const into = typeof stat !== "string" && stat.type === "directory" && !options.has("T", "no-target-directory")
  if (!into && (operands.length > 1 || folder !== undefined)) {
    await proc.err(
      options.style === "gnu"
        ? `${name}: target '${target}'${typeof stat === "string" ? `: ${strerror(stat)}` : ": Not a directory"}\n`
        : `${name}: '${target}': ${typeof stat === "string" ? strerror(stat) : "Not a directory"}\n`,
    )
    return undefined
  }
  const place = (source: string): string => (into ? `${target.replace(/\/+$/, "")}/${baseName(source)}` : target)
  return { sources: operands, target: place }
}

/** What cp and mv have in common. */
const TO_TARGET = {
  f: false,
  v: false,
  n: false,
  i: false,
  t: true,
  T: false,
  u: false,
  verbose: false,
  force: false,
  "no-clobber": false,
  "target-directory": true,
  "no-target-directory": false,
}

export const cp: Program = program("cp", {
  options: {
    ...TO_TARGET,
    a: false,
    p: false,
    r: false,
    R: false,
    P: false,
    d: false,
    L: false,
    recursive: false,
    archive: false,
  },
  run: async (proc, options) => {
    const what = await plan(proc, "cp", options)
    if (what === undefined) return 1
    let code = 0
    for (const source of what.sources) if (!(await new Copy(proc, options).copy(source, what.target(source)))) code = 1
    return code
  },
})

class Copy {
  readonly #proc: Process
  readonly #options: Options

  constructor(proc: Process, options: Options) {
    this.#proc = proc
    this.#options = options
  }

  async #fail(message: string): Promise<false> {
    await this.#proc.err(`cp: ${message}\n`)
    return false
  }

  async copy(source: string, target: string): Promise<boolean> {
    const { fs } = this.#proc
    const options = this.#options
    const recursive = options.has("r", "R", "a", "recursive", "archive")
    const [from, to] = [this.#proc.path(source), this.#proc.path(target)]
    const keepsLinks = options.has("P", "d", "a", "archive") || (recursive && !options.has("L"))
    const stat = fs.stat(from, !keepsLinks)
    const gnu = options.style === "gnu"
    if (typeof stat === "string") return this.#fail(`${gnu ? "cannot" : "can't"} stat '${source}': ${strerror(stat)}`)
    const existing = fs.stat(to)
    if (stat.type === "directory")
      return recursive
        ? this.#folder(source, target)
        : this.#fail(gnu ? `-r not specified; omitting directory '${source}'` : `omitting directory '${source}'`)
    if (from === to) return this.#fail(`'${source}' and '${target}' are the same file`)
    if (typeof existing !== "string" && options.has("n", "no-clobber")) return true
    const errno = stat.type === "symlink" ? this.#link(from, to) : this.#file(from, to, stat.mode)
    if (errno !== undefined)
      return this.#fail(
        `${gnu ? "cannot" : "can't"} create ${stat.type === "symlink" ? "symbolic link" : "regular file"} '${target}': ${strerror(errno)}`,
      )
    if (options.has("v", "verbose")) await this.#proc.out(`'${source}' -> '${target}'\n`)
    return true
  }

  #link(from: string, to: string): Errno | undefined {
    const link = this.#proc.fs.readlink(from)
    return typeof link === "string" ? link : this.#proc.fs.symlink(link.target, to)
  }

  #file(from: string, to: string, mode: number): Errno | undefined {
    const data = this.#proc.fs.readFile(from)
    const keeps = this.#options.has("p", "a", "archive")
    return typeof data === "string"
      ? data
      : this.#proc.fs.writeFile(
          to,
          data.slice(),
          this.#proc.fs.exists(to) ? undefined : keeps ? mode : mode & ~this.#proc.umask,
        )
  }

  async #folder(source: string, target: string): Promise<boolean> {
    const { fs } = this.#proc
    const [from, to] = [this.#proc.path(source), this.#proc.path(target)]
    if (`${to}/`.startsWith(`${from}/`))
      return this.#fail(`cannot copy a directory, '${source}', into itself, '${target}'`)
    if (!fs.exists(to)) {
      const errno = fs.mkdir(to)
      if (errno !== undefined) return this.#fail(`cannot create directory '${target}': ${strerror(errno)}`)
      if (this.#options.has("v", "verbose")) await this.#proc.out(`'${source}' -> '${target}'\n`)
    }
    let good = true
    for (const name of fs.readdir(from) as string[])
      good = (await this.copy(`${source}/${name}`, `${target}/${name}`)) && good
    return good
  }
}

export const mv: Program = program("mv", {
  options: TO_TARGET,
  run: async (proc, options) => {
    const what = await plan(proc, "mv", options)
    if (what === undefined) return 1
    let code = 0
    for (const source of what.sources) {
      const refusal = move(proc, options, source, what.target(source))
      if (refusal !== undefined) {
        await proc.err(`mv: ${refusal}\n`)
        code = 1
      } else if (options.has("v", "verbose")) await proc.out(`renamed '${source}' -> '${what.target(source)}'\n`)
    }
    return code
  },
})

function move(proc: Process, options: Options, source: string, target: string): string | undefined {
  const { fs } = proc
  const [from, to] = [proc.path(source), proc.path(target)]
  const stat = fs.stat(from, false)
  if (typeof stat === "string")
    return options.style === "gnu"
      ? `cannot stat '${source}': ${strerror(stat)}`
      : `can't rename '${source}': ${strerror(stat)}`
  if (from === to) return `'${source}' and '${target}' are the same file`
  if (stat.type === "directory" && `${to}/`.startsWith(`${from}/`))
    return `cannot move '${source}' to a subdirectory of itself, '${target}'`
  const existing = fs.stat(to, false)
  if (typeof existing !== "string") {
    if (options.has("n", "no-clobber")) return undefined
    if (existing.type === "directory" && stat.type !== "directory")
      return `cannot overwrite directory '${target}' with non-directory`
    if (existing.type !== "directory" && stat.type === "directory")
      return `cannot overwrite non-directory '${target}' with directory '${source}'`
    if (existing.type === "directory" && fs.rmdir(to) !== undefined)
      return `cannot move '${source}' to '${target}': Directory not empty`
  }
  const errno = fs.rename(from, to)
  return errno === undefined ? undefined : `cannot move '${source}' to '${target}': ${strerror(errno)}`
}

export const touch: Program = program("touch", {
  options: { c: false, a: false, m: false, d: true, r: true, t: true, "no-create": false, date: true, reference: true },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing file operand")
    const { sim } = proc.kernel
    const text = options.value("d", "date") ?? stamp(options.value("t"))
    const seconds = text === undefined ? undefined : parseDate(text, sim.epoch + sim.now / 1e9)
    if (text !== undefined && seconds === undefined) {
      await proc.err(`touch: invalid date format '${text}'\n`)
      return 1
    }
    const time = seconds === undefined ? sim.now : (seconds - sim.epoch) * 1e9
    let code = 0
    for (const name of options.operands) {
      const path = proc.path(name)
      const missing = !proc.fs.exists(path)
      if (missing && options.has("c", "no-create")) continue
      const errno = missing ? proc.fs.writeFile(path, "", 0o666 & ~proc.umask) : undefined
      if (errno === undefined) proc.fs.utimes(path, time)
      else {
        await proc.err(
          options.style === "gnu"
            ? `touch: cannot touch '${name}': ${strerror(errno)}\n`
            : `touch: ${name}: ${strerror(errno)}\n`,
        )
        code = 1
      }
    }
    return code
  },
})

/** `[[CC]YY]MMDDhhmm[.ss]` as a date people write. */
function stamp(text: string | undefined): string | undefined {
  const match = text === undefined ? null : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(text)
  if (match === null) return text
  const [, year, month, day, hour, minute, second] = match
  return `${year}-${month}-${day} ${hour}:${minute}:${second ?? "00"}`
}

export const ln: Program = program("ln", {
  options: {
    s: false,
    f: false,
    n: false,
    v: false,
    r: false,
    T: false,
    t: true,
    symbolic: false,
    force: false,
    "no-dereference": false,
    verbose: false,
  },
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing file operand")
    if (!options.has("s", "symbolic")) {
      await proc.err("ln: podwire does not support hard links (only -s)\n")
      return 1
    }
    if (options.has("r")) {
      await proc.err("ln: podwire does not support option '-r'\n")
      return 1
    }
    const operands = options.operands.length === 1 ? [...options.operands, "."] : options.operands
    const last = operands[operands.length - 1] as string
    const stat = proc.fs.stat(proc.path(last), !options.has("n", "no-dereference", "T"))
    const into = typeof stat !== "string" && stat.type === "directory"
    let code = 0
    for (const target of operands.slice(0, -1)) {
      const name = into ? `${last.replace(/\/+$/, "")}/${baseName(target)}` : last
      if (options.has("f", "force")) proc.fs.unlink(proc.path(name))
      const errno = proc.fs.symlink(target, proc.path(name))
      if (errno === undefined) continue
      await proc.err(
        options.style === "gnu"
          ? `ln: failed to create symbolic link '${name}': ${strerror(errno)}\n`
          : `ln: ${name}: ${strerror(errno)}\n`,
      )
      code = 1
    }
    return code
  },
})

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

export const mktemp: Program = program("mktemp", {
  options: { d: false, u: false, p: true, t: false, q: false, directory: false, "dry-run": false, tmpdir: true },
  run: async (proc, options) => {
    const [template, extra] = options.operands
    if (extra !== undefined) return misuse(proc, options, "too many templates")
    const folder =
      options.value("p", "tmpdir") ??
      (template === undefined || options.has("t") ? (proc.env.get("TMPDIR") ?? "/tmp") : undefined)
    const pattern = template ?? "tmp.XXXXXXXXXX"
    const run = /X{3,}(?!.*X{3,})/.exec(pattern)
    if (run === null) {
      await proc.err(`mktemp: too few X's in template '${pattern}'\n`)
      return 1
    }
    const random = [...run[0]].map(() => LETTERS[proc.kernel.prng.below(LETTERS.length)]).join("")
    const name = (folder === undefined ? "" : `${folder}/`) + pattern.replace(run[0], random)
    const path = proc.path(name)
    const dry = options.has("u", "dry-run")
    const errno = dry
      ? undefined
      : options.has("d", "directory")
        ? proc.fs.mkdir(path, { mode: 0o700 })
        : proc.fs.writeFile(path, "", 0o600)
    if (errno !== undefined) {
      await proc.err(
        `mktemp: failed to create ${options.has("d", "directory") ? "directory" : "file"} via template '${name.replace(random, run[0])}': ${strerror(errno)}\n`,
      )
      return 1
    }
    await proc.out(`${name}\n`)
    return 0
  },
})
