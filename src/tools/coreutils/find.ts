/** find: a walk with tests and actions. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Stat } from "../../linux/task/vfs.ts"
import { matches } from "../../shell/pattern.ts"
import { defineTool } from "../../shell/tool.ts"
import { busyboxUsage, helpOf } from "../help/index.ts"
import type { Program } from "./program.ts"

interface Visit {
  path: string
  absolute: string
  name: string
  stat: Stat
  depth: number
}

type Test = (visit: Visit) => Promise<boolean>

class FindError extends Error {}

export const find: Program = (style) =>
  defineTool("find", async (proc) => {
    const asked = proc.argv.find((word) => /^--?(help|version)$/.test(word))
    if (style === "gnu" && asked !== undefined) {
      const { help, version = "" } = await helpOf(proc, "find")
      await proc.out(asked.endsWith("help") ? help : version)
      return 0
    }
    if (style === "busybox" && proc.argv[1] === "--help") {
      await proc.err(await busyboxUsage(proc, "find"))
      return 0
    }
    const words = proc.argv.slice(1)
    const split = words.findIndex((word) => /^-.|^[!()]$/.test(word))
    const starts = split < 0 ? words : words.slice(0, split)
    try {
      return await new Find(proc, split < 0 ? [] : words.slice(split)).run(starts.length === 0 ? ["."] : starts)
    } catch (error) {
      if (!(error instanceof FindError)) throw error
      await proc.err(`find: ${error.message}\n`)
      return 1
    }
  })

class Find {
  readonly #proc: Process
  readonly #words: readonly string[]
  #at = 0
  #least = 0
  #most = Number.POSITIVE_INFINITY
  #depthFirst = false
  /** Something in the expression acts, so that nothing is printed for it. */
  #acts = false
  #pruned = false
  #code = 0
  readonly #collected: { argv: string[]; paths: string[] }[] = []

  constructor(proc: Process, words: readonly string[]) {
    this.#proc = proc
    this.#words = words
  }

  async run(starts: readonly string[]): Promise<number> {
    const test = this.#words.length === 0 ? async () => true : this.#or()
    if (this.#at < this.#words.length) throw new FindError(`paths must precede expression: \`${this.#words[this.#at]}'`)
    for (const start of starts) {
      const stat = this.#proc.fs.stat(this.#proc.path(start), false)
      if (typeof stat === "string") {
        await this.#proc.err(`find: '${start}': ${strerror(stat)}\n`)
        this.#code = 1
      } else await this.#walk(start, stat, 0, test)
    }
    for (const { argv, paths } of this.#collected) if (paths.length > 0) await this.#execute([...argv, ...paths])
    return this.#code
  }

  async #walk(path: string, stat: Stat, depth: number, test: Test): Promise<void> {
    const absolute = this.#proc.path(path)
    const visit: Visit = { path, absolute, name: path.replace(/\/+$/, "").split("/").pop() || "/", stat, depth }
    this.#pruned = false
    await this.#proc.step()
    if (!this.#depthFirst) await this.#visit(visit, test)
    if (stat.type === "directory" && depth < this.#most && !(this.#pruned && !this.#depthFirst)) {
      const names = this.#proc.fs.readdir(absolute)
      for (const name of typeof names === "string" ? [] : names) {
        const inner = `${path.replace(/\/$/, "")}/${name}`
        const found = this.#proc.fs.stat(this.#proc.path(inner), false)
        if (typeof found !== "string") await this.#walk(inner, found, depth + 1, test)
      }
    }
    if (this.#depthFirst) await this.#visit(visit, test)
  }

  async #visit(visit: Visit, test: Test): Promise<void> {
    if (visit.depth < this.#least) return
    if ((await test(visit)) && !this.#acts) await this.#proc.out(`${visit.path}\n`)
  }

  // ── the expression ──────────────────────────────────────────────────────────────────────────

  #or(): Test {
    let left = this.#and()
    while (this.#words[this.#at] === "-o" || this.#words[this.#at] === "-or") {
      this.#at++
      const [a, b] = [left, this.#and()]
      left = async (visit) => (await a(visit)) || b(visit)
    }
    return left
  }

  #and(): Test {
    let left = this.#not()
    for (;;) {
      const word = this.#words[this.#at]
      if (word === undefined || word === ")" || word === "-o" || word === "-or") return left
      if (word === "-a" || word === "-and") this.#at++
      const [a, b] = [left, this.#not()]
      left = async (visit) => (await a(visit)) && b(visit)
    }
  }

  #not(): Test {
    const word = this.#words[this.#at]
    if (word === "!" || word === "-not") {
      this.#at++
      const inner = this.#not()
      return async (visit) => !(await inner(visit))
    }
    if (word !== "(") return this.#primary()
    this.#at++
    const inner = this.#or()
    if (this.#words[this.#at++] !== ")")
      throw new FindError("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
    return inner
  }

  #argument(option: string): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw new FindError(`missing argument to \`${option}'`)
    return word
  }

  #primary(): Test {
    const option = this.#words[this.#at++] ?? ""
    switch (option) {
      case "-name":
      case "-iname": {
        const pattern = this.#argument(option)
        return async ({ name }) =>
          option === "-name" ? matches(name, pattern) : matches(name.toLowerCase(), pattern.toLowerCase())
      }
      case "-path": {
        const pattern = this.#argument(option)
        return async ({ path }) => matches(path, pattern)
      }
      case "-type":
        return this.#type(this.#argument(option))
      case "-maxdepth":
      case "-mindepth": {
        const depth = Number(this.#argument(option))
        if (option === "-maxdepth") this.#most = depth
        else this.#least = depth
        return async () => true
      }
      case "-empty":
        return async ({ stat, absolute }) =>
          stat.type === "directory"
            ? this.#proc.fs.readdir(absolute).length === 0
            : stat.type === "file" && stat.size === 0
      case "-size":
        return this.#size(this.#argument(option))
      case "-newer": {
        const other = this.#proc.fs.stat(this.#proc.path(this.#argument(option)))
        return async ({ stat }) => typeof other !== "string" && stat.mtime > other.mtime
      }
      case "-true":
        return async () => true
      case "-false":
        return async () => false
      case "-depth":
        this.#depthFirst = true
        return async () => true
      case "-prune":
        return async () => {
          this.#pruned = true
          return true
        }
      default:
        return this.#action(option)
    }
  }

  #type(letters: string): Test {
    const kinds: Readonly<Record<string, string>> = { f: "file", d: "directory", l: "symlink", c: "device" }
    const wanted = letters.split(",").map((letter) => {
      if (!/^[fdlcbps]$/.test(letter)) throw new FindError(`Unknown argument to -type: ${letter}`)
      return kinds[letter]
    })
    return async ({ stat }) => wanted.includes(stat.type)
  }

  #size(text: string): Test {
    const match = /^([-+]?)(\d+)([bcwkMG]?)$/.exec(text)
    if (match === null) throw new FindError(`Invalid argument \`${text}' to -size`)
    const unit = { "": 512, b: 512, c: 1, w: 2, k: 1024, M: 1048576, G: 1073741824 }[match[3] as "b"] as number
    const count = Number(match[2])
    return async ({ stat }) => {
      const size = Math.ceil(stat.size / unit)
      return match[1] === "+" ? size > count : match[1] === "-" ? size < count : size === count
    }
  }

  #action(option: string): Test {
    this.#acts = true
    switch (option) {
      case "-print":
      case "-print0":
        return async ({ path }) => {
          await this.#proc.out(`${path}${option === "-print" ? "\n" : "\0"}`)
          return true
        }
      case "-delete":
        this.#depthFirst = true
        return async ({ absolute, stat }) => {
          const errno = stat.type === "directory" ? this.#proc.fs.rmdir(absolute) : this.#proc.fs.unlink(absolute)
          if (errno === undefined) return true
          await this.#proc.err(`find: cannot delete '${absolute}': ${strerror(errno)}\n`)
          this.#code = 1
          return false
        }
      case "-exec":
        return this.#exec()
      default:
        throw new FindError(
          /^-(i?regex|perm|user|group|[acm]time|[acm]min|printf|ls|ok|quit|follow|links|inum|nouser|samefile|L|H|P)/.test(
            option,
          )
            ? `podwire does not support '${option}'`
            : `unknown predicate \`${option}'`,
        )
    }
  }

  #exec(): Test {
    const argv: string[] = []
    for (;;) {
      const word = this.#words[this.#at++]
      if (word === undefined) throw new FindError("missing argument to `-exec'")
      if (word === ";")
        return async ({ path }) => (await this.#execute(argv.map((part) => part.replaceAll("{}", path)))) === 0
      if (word === "+" && argv[argv.length - 1] === "{}") break
      argv.push(word)
    }
    const collected = { argv: argv.slice(0, -1), paths: [] as string[] }
    this.#collected.push(collected)
    return async ({ path }) => {
      collected.paths.push(path)
      return true
    }
  }

  async #execute(argv: readonly string[]): Promise<number> {
    const child = this.#proc.spawn(argv)
    if (typeof child !== "string") return (await this.#proc.wait(child)).code
    await this.#proc.err(`find: '${argv[0]}': ${strerror(child)}\n`)
    return 1
  }
}
