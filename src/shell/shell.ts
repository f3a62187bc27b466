/** A shell: its variables, functions, options and jobs, and the scripts it reads. What commands do is in run.ts. */

import type { OpenFile } from "../linux/task/file.ts"
import { createPipe } from "../linux/task/pipe.ts"
import { concat, type ExitStatus, type Process, ProcessExit } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import type { FunctionDefinition, List } from "./ast.ts"
import { ExpansionError, type ExpansionHost } from "./expansion.ts"
import { Abandoned, Flow, ForkFailed, type Job, ReturnFlow } from "./flow.ts"
import { ShellFlags } from "./options.ts"
import { Parser } from "./parser.ts"
import { Runner } from "./run.ts"
import { SyntaxErrorInScript } from "./token.ts"
import { Traps } from "./trap.ts"
import { ReadOnlyError, VariableTable } from "./variables.ts"

export interface ShellOptions {
  /** How errors begin: `bash: line 1: `, `sh: `. */
  name: string
  /** bash, which numbers lines in its messages; ash does not. */
  numbered: boolean
  /** What runs a script that does not say what runs it. */
  tool?: Tool
}

export interface DefinedFunction extends FunctionDefinition {
  /** What messages from inside it begin with. */
  source: string
}

export const BASH_VERSION = "5.2.15(1)-release"

export class Shell implements ExpansionHost {
  readonly proc: Process
  readonly options: ShellOptions
  readonly variables: VariableTable
  readonly functions: Map<string, DefinedFunction>
  readonly aliases: Map<string, string>
  readonly flags: ShellFlags
  readonly traps: Traps
  readonly runner: Runner
  readonly jobs: Job[] = []
  /** Exit codes of background jobs that have been forgotten otherwise. */
  readonly ended: Map<number, number> = new Map()
  args: string[]
  scriptName: string
  /** What messages begin with: the shell's name, a sourced file, "environment" for a function of `-c`. */
  source: string
  /** The string of `-c` is being read, not a file. */
  fromString: boolean
  status = 0
  pipeStatus: number[] = [0]
  lastBackground = 0
  lastArgument = ""
  line = 1
  nullglob = false
  /** `$$`: the same in all subshells. */
  readonly pid: number
  /** How deep in command substitutions: as many plus signs under `set -x`. */
  readonly substitutionDepth: number
  readonly isSubshell: boolean
  functionNames: string[] = []
  /** Sourced files being read: `return` leaves them. */
  sourceDepth = 0
  loopDepth = 0
  /** At a terminal: messages carry no line numbers, as bash has it. */
  interactive: boolean
  /** Ctrl-C came while a foreground job ran. */
  sigint = false
  /** Told of every background job, where somebody watches. */
  onJob: ((job: Job) => Promise<void>) | undefined = undefined

  constructor(
    proc: Process,
    options: ShellOptions,
    scriptName: string,
    args: string[],
    parent?: Shell,
    fork: { substitution?: boolean } = {},
  ) {
    this.proc = proc
    this.options = options
    this.scriptName = scriptName
    this.source = parent?.source ?? scriptName
    this.fromString = parent?.fromString ?? false
    this.args = args
    this.variables = new VariableTable(proc.env, parent?.variables)
    this.functions = new Map(parent?.functions)
    this.aliases = new Map(parent?.aliases)
    this.flags = new ShellFlags(parent?.flags)
    this.traps = new Traps(this)
    this.runner = new Runner(this, parent?.runner)
    this.nullglob = parent?.nullglob ?? false
    this.status = parent?.status ?? 0
    this.pipeStatus = parent?.pipeStatus ?? [0]
    this.lastBackground = parent?.lastBackground ?? 0
    this.line = parent?.line ?? 1
    this.functionNames = [...(parent?.functionNames ?? [])]
    this.interactive = parent?.interactive ?? false
    this.pid = parent?.pid ?? proc.pid
    this.isSubshell = parent !== undefined
    this.substitutionDepth = (parent?.substitutionDepth ?? 0) + (fork.substitution === true ? 1 : 0)
    if (parent === undefined) this.#startVariables()
    // `$(jobs -p)` and `jobs | grep` know the jobs outside.
    this.jobs.push(...(parent?.jobs ?? []))
    if (fork.substitution === true && this.isBash) this.flags.set("errexit", false)
  }

  #startVariables(): void {
    if (this.variables.value("IFS") === undefined) this.variables.set("IFS", " \t\n")
    this.variables.mark("IFS", { exported: false })
    this.variables.set("OPTIND", "1")
    this.variables.set("PS4", "+ ")
    this.variables.set("PWD", this.proc.cwd)
    this.variables.mark("PWD", { exported: true })
    this.variables.set("SHLVL", String((Number(this.variables.value("SHLVL")) || 0) + 1))
    this.variables.mark("SHLVL", { exported: true })
    if (!this.isBash) return
    this.variables.set("BASH_VERSION", BASH_VERSION)
  }

  // ── what expansion asks ─────────────────────────────────────────────────────────────────────

  get isBash(): boolean {
    return this.options.numbered
  }
  get fs(): Process["fs"] {
    return this.proc.fs
  }
  get cwd(): string {
    return this.proc.cwd
  }
  get nounset(): boolean {
    return this.flags.has("nounset")
  }
  get noglob(): boolean {
    return this.flags.has("noglob")
  }

  get(name: string): string | undefined {
    switch (name) {
      case "PWD":
        return this.proc.cwd
      case "LINENO":
        return String(this.line)
      case "PPID":
        return String(this.proc.kernel.processes.get(this.pid)?.parent?.pid ?? 0)
      case "RANDOM":
        return String(this.proc.kernel.prng.below(32768))
      case "SECONDS":
        return String(Math.floor((this.proc.kernel.sim.now - this.#startTime) / 1e9))
      case "HOSTNAME":
        return this.proc.hostname
      case "UID":
      case "EUID":
        return String(this.proc.uid)
      case "BASHPID":
        return this.isBash ? String(this.proc.pid) : undefined
      case "FUNCNAME":
        return this.functionNames[this.functionNames.length - 1]
      case "_":
        return this.lastArgument
      case "PIPESTATUS":
        return String(this.pipeStatus[0] ?? 0)
      default:
        return this.variables.value(name)
    }
  }

  get #startTime(): number {
    return this.proc.kernel.processes.get(this.pid)?.startTime ?? this.proc.startTime
  }

  set(name: string, value: string): void {
    const integer = this.variables.get(name)?.integer === true
    this.variables.set(name, integer ? String(this.runner.number(value)) : value)
  }

  unset(name: string): void {
    this.variables.unset(name)
  }

  valueOf(name: string, index?: bigint): string | undefined {
    if (index === undefined) return /^\d/.test(name) ? undefined : this.get(name)
    const items =
      this.arrayItems(name) ?? (this.get(name) === undefined ? [] : [[0, this.get(name) as string] as const])
    const wanted = index < 0n ? Number(index) + (items[items.length - 1]?.[0] ?? -1) + 1 : Number(index)
    return items.find(([at]) => at === wanted)?.[1]
  }

  assign(name: string, value: string, index?: bigint): void {
    if (index === undefined) this.set(name, value)
    else this.setItem(name, index, value)
  }

  /** Sets an array's item; indexes below zero count from the end. */
  setItem(name: string, index: bigint, value: string): void {
    const items = this.variables.items(name)
    const at = index < 0n ? Number(index) + (items[items.length - 1]?.[0] ?? -1) + 1 : Number(index)
    if (at < 0 || at > 0x7fffffff) throw new ExpansionError(`${name}[${index}]: bad array subscript`)
    this.variables.setItem(name, at, value)
  }

  arrayItems(name: string): [number, string][] | undefined {
    if (name === "PIPESTATUS") return this.pipeStatus.map((code, i) => [i, String(code)])
    if (name === "FUNCNAME") return [...this.functionNames].reverse().map((text, i) => [i, text])
    return this.variables.get(name)?.items === undefined ? undefined : this.variables.items(name)
  }

  positional(): readonly string[] {
    return this.args
  }

  special(name: string): string {
    switch (name) {
      case "?":
        return String(this.status)
      case "#":
        return String(this.args.length)
      case "$":
        return String(this.pid)
      case "!":
        return this.lastBackground === 0 ? "" : String(this.lastBackground)
      case "0":
        return this.scriptName
      default:
        return this.flags.letters + (this.interactive ? "i" : this.fromString ? "c" : "")
    }
  }

  variableNames(): string[] {
    return this.variables.names().filter((name) => this.variables.value(name) !== undefined)
  }

  async substitute(commands: List | string): Promise<string> {
    const list = typeof commands === "string" ? await this.#parseBackquoted(commands) : commands
    const pipe = createPipe()
    const child = this.fork([[1, pipe.writer]], (shell) => shell.runner.substitution(list), { substitution: true })
    pipe.writer.close()
    const chunks: Uint8Array[] = []
    for (;;) {
      const chunk = await this.proc.readFrom(pipe.reader)
      if (chunk.length === 0) break
      chunks.push(chunk)
    }
    pipe.reader.close()
    this.status = this.runner.substituted = (await this.proc.wait(child)).code
    return new TextDecoder().decode(concat(chunks)).replaceAll("\0", "").replace(/\n+$/, "")
  }

  async #parseBackquoted(script: string): Promise<List> {
    const list: List = []
    try {
      const parser = new Parser(script, { bash: this.isBash, line: this.line })
      for (let part = parser.next(); part !== undefined; part = parser.next()) list.push(...part)
    } catch (error) {
      if (!(error instanceof SyntaxErrorInScript)) throw error
      await this.#complainSyntax(error, script, "command substitution: ")
      this.runner.substituted = 2
      return []
    }
    return list
  }

  processPath(commands: List, reads: boolean): string {
    return this.runner.processPath(commands, reads)
  }

  // ── scripts ─────────────────────────────────────────────────────────────────────────────────

  /** Runs a script's text line by line; a syntax error is reported where it stands, after what came before has run. */
  async script(text: string, kind: "main" | "eval" | "file" = "main"): Promise<number> {
    const parser = new Parser(text, { bash: this.isBash, line: kind === "eval" ? this.line : 1 })
    for (;;) {
      let list: List | undefined
      try {
        list = parser.next()
      } catch (error) {
        if (!(error instanceof SyntaxErrorInScript)) throw error
        return this.#syntaxError(error, text, kind)
      }
      if (list === undefined) return this.status
      await this.#warnOpenHere(parser)
      if (this.flags.has("noexec") && !this.interactive) continue
      if (kind === "main") await this.#line(list, parser)
      else await this.runner.list(list)
    }
  }

  /** One line of the script: what goes wrong with an expansion ends it, and the next line runs. */
  async #line(list: List, parser: Parser): Promise<void> {
    try {
      // The last command of `-c` needs no shell to wait for it.
      const alone = this.fromString && !this.isSubshell && parser.ended && this.traps.list().length === 0
      await (alone ? this.runner.lastList(list) : this.runner.list(list))
    } catch (thrown) {
      const gentle = thrown instanceof Abandoned || thrown instanceof Flow || (this.isBash && isGentle(thrown))
      if (!gentle || (this.isSubshell && !(thrown instanceof Flow))) throw thrown
      this.status = await this.caught(thrown)
    }
  }

  async #syntaxError(error: SyntaxErrorInScript, text: string, kind: "main" | "eval" | "file"): Promise<number> {
    await this.#complainSyntax(
      error,
      text,
      kind === "eval" ? "eval: " : kind === "main" && this.fromString ? "-c: " : "",
    )
    this.status = error.nested && this.isBash && kind === "main" && error.showsLine ? 127 : error.status
    if (!this.isBash && !this.interactive) throw new ProcessExit({ code: 2 })
    return this.status
  }

  async #complainSyntax(error: SyntaxErrorInScript, text: string, where: string): Promise<void> {
    if (!this.isBash)
      return this.proc.err(
        `${this.options.name}: ${error.ash.includes("not support") ? "" : "syntax error: "}${error.ash}\n`,
      )
    const source =
      where === "" && this.sourceDepth === 0 ? this.scriptName : where === "" ? this.source : this.options.name
    const prefix = this.interactive ? `${this.options.name}: ` : `${source}: ${where}line ${error.line}: `
    await this.proc.err(`${prefix}${error.message}\n`)
    if (!error.showsLine || this.interactive) return
    const firstLine = where === "eval: " ? this.line : 1
    await this.proc.err(`${prefix}\`${text.split("\n")[error.line - firstLine] ?? ""}'\n`)
  }

  async #warnOpenHere(parser: Parser): Promise<void> {
    const open = parser.lexer.openHere
    if (open === undefined || !this.isBash || this.interactive) return
    parser.lexer.openHere = undefined
    await this.proc.err(
      `${this.source}: line ${open.end}: warning: here-document at line ${open.line} delimited by end-of-file (wanted \`${open.delimiter}')\n`,
    )
  }

  /** Turns what unwinds a script into its exit status. */
  async caught(thrown: unknown): Promise<number> {
    if (thrown instanceof ReturnFlow) return thrown.status
    if (thrown instanceof Flow) return this.status
    if (thrown instanceof Abandoned) return thrown.status
    if (thrown instanceof ReadOnlyError) {
      await this.complain(this.isBash ? thrown.message : `${thrown.variable}: is read only`)
      return this.isBash ? 1 : 2
    }
    if (thrown instanceof ExpansionError) {
      await this.complain(this.isBash ? thrown.message : thrown.ash)
      if (!this.isBash) return 2
      return thrown.fatal && !this.isSubshell ? 127 : 1
    }
    throw thrown
  }

  /** Runs a whole script and its EXIT trap. */
  async main(text: string): Promise<number> {
    let code: number
    try {
      code = await this.script(text)
    } catch (thrown) {
      if (thrown instanceof ProcessExit) return this.leave(thrown)
      code = await this.caught(thrown)
    }
    return this.#atExit(code)
  }

  /** Ends the shell: by a signal as it came, otherwise after the EXIT trap. */
  async leave(exit: ProcessExit): Promise<number> {
    if (exit.status.signal === undefined) return this.#atExit(exit.status.code)
    this.hangup(exit.status)
    throw exit
  }

  async #atExit(code: number): Promise<number> {
    const action = this.traps.takeExit()
    if (action === undefined) return code
    this.status = code
    try {
      await this.script(action, "eval")
    } catch (thrown) {
      if (thrown instanceof ProcessExit) return this.leave(thrown)
      await this.caught(thrown)
    }
    return code
  }

  /** A dying shell takes its foreground children along. */
  hangup(status: ExitStatus): void {
    for (const child of this.proc.children) if (child.group === this.proc.group) child.kill(status.signal ?? "SIGTERM")
  }

  /** A copy of this shell in a process of its own. */
  fork(
    fds: readonly [number, OpenFile][],
    run: (shell: Shell) => Promise<number>,
    options: { substitution?: boolean; background?: boolean } = {},
  ): Process {
    const tool: Tool = {
      name: this.options.name,
      main: async (proc) => {
        if (options.background === true) proc.group = proc.pid
        const shell = new Shell(proc, this.options, this.scriptName, [...this.args], this, options)
        return shell.#child(run)
      },
    }
    const child = this.proc.spawn(this.proc.argv, { tool, fds: new Map(fds) })
    if (typeof child !== "string") return child
    for (const [, file] of fds) file.close()
    throw new ForkFailed()
  }

  async #child(run: (shell: Shell) => Promise<number>): Promise<number> {
    let code: number
    try {
      code = await run(this)
    } catch (thrown) {
      if (thrown instanceof ProcessExit) return this.leave(thrown)
      code = await this.caught(thrown)
    }
    return this.#atExit(code)
  }

  /** `bash: line 3: …`, `sh: …`. */
  async complain(message: string): Promise<void> {
    const { name, numbered } = this.options
    await this.proc.err(
      numbered && !this.interactive ? `${this.source}: line ${this.line}: ${message}\n` : `${name}: ${message}\n`,
    )
  }

  /** A builtin's complaint: ash names the line as well. */
  complainAs(builtin: string, message: string): Promise<void> {
    return this.complain(this.isBash ? `${builtin}: ${message}` : `${builtin}: line 0: ${message}`)
  }
}

function isGentle(thrown: unknown): boolean {
  return thrown instanceof ReadOnlyError || (thrown instanceof ExpansionError && !thrown.fatal)
}
