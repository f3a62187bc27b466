/** The shell: runs a tree of commands as processes on the virtual clock. Pipelines run concurrently; `&` is a real background job. */
import { strerror } from "../linux/errno.ts"
import { BytesFile, type OpenFile } from "../linux/task/file.ts"
import { openFile } from "../linux/task/open.ts"
import { createPipe } from "../linux/task/pipe.ts"
import { type ExitStatus, type Process, ProcessExit } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import type { AndOr, Command, List, Pipeline, Redirect } from "./ast.ts"
import { BUILTINS } from "./builtins.ts"
import { ExpansionError, type ExpansionHost, expandPattern, expandText, expandWords } from "./expand.ts"
import { Flow, Interrupted, type Job, ReturnFlow } from "./flow.ts"
import { parseScript } from "./parser.ts"
import { matches } from "./pattern.ts"
import { SyntaxErrorInScript } from "./token.ts"

const decoder = new TextDecoder()

/** Turns of a loop after which the shell lets the world go on, and what one turn costs. */
const BUSY_TURNS = 1024
const TURN_NS = 50_000

export interface ShellOptions {
  /** How errors begin: `bash: line 1: `, `sh: `. */
  name: string
  /** bash numbers lines in its messages; ash does not. */
  numbered: boolean
}

export class Shell implements ExpansionHost {
  readonly proc: Process
  readonly options: ShellOptions
  /** Variables that are not exported; exported ones live in the process's environment. */
  readonly variables: Map<string, string>
  readonly functions: Map<string, Command>
  readonly traps: Map<string, string> = new Map()
  readonly jobs: Job[] = []
  args: string[]
  scriptName: string
  status = 0
  lastBackground = 0
  line = 1
  errexit = false
  nounset = false
  xtrace = false
  pipefail = false
  /** The status of the last command substitution in the command at hand. */
  #substituted = 0
  /** Inside a condition, where `set -e` does not apply. */
  #tested = 0
  functionDepth = 0
  loopDepth = 0
  /** At a terminal: messages carry no line numbers, as bash has it. */
  interactive: boolean
  /** Ctrl-C came while a foreground job ran. */
  sigint = false
  /** Told of every background job, where somebody watches. */
  onJob: ((job: Job) => Promise<void>) | undefined = undefined
  #turns = 0
  /** Saved values of `local` variables, a map a function call. */
  readonly locals: Map<string, string | undefined>[] = []

  constructor(proc: Process, options: ShellOptions, scriptName: string, args: string[], parent?: Shell) {
    this.proc = proc
    this.options = options
    this.scriptName = scriptName
    this.args = args
    this.variables = new Map(parent?.variables)
    this.functions = new Map(parent?.functions)
    this.errexit = parent?.errexit ?? false
    this.nounset = parent?.nounset ?? false
    this.pipefail = parent?.pipefail ?? false
    this.xtrace = parent?.xtrace ?? false
    this.status = parent?.status ?? 0
    this.lastBackground = parent?.lastBackground ?? 0
    this.line = parent?.line ?? 1
    this.functionDepth = parent?.functionDepth ?? 0
    this.interactive = parent?.interactive ?? false
  }

  // ── what expansion asks ─────────────────────────────────────────────────────────────────────

  get fs(): Process["fs"] {
    return this.proc.fs
  }
  get cwd(): string {
    return this.proc.cwd
  }

  get(name: string): string | undefined {
    if (name === "PWD") return this.proc.cwd
    if (name === "RANDOM") return String(this.proc.kernel.prng.below(32768))
    if (name === "SECONDS") return String(Math.floor((this.proc.kernel.sim.now - this.proc.startTime) / 1e9))
    if (name === "HOSTNAME") return this.proc.hostname
    if (name === "UID" || name === "EUID") return String(this.proc.uid)
    return this.variables.get(name) ?? this.proc.env.get(name)
  }

  set(name: string, value: string): void {
    if (this.proc.env.has(name)) this.proc.env.set(name, value)
    else this.variables.set(name, value)
  }

  unset(name: string): void {
    this.variables.delete(name)
    this.proc.env.delete(name)
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
        return String(this.proc.pid)
      case "!":
        return this.lastBackground === 0 ? "" : String(this.lastBackground)
      case "0":
        return this.scriptName
      default:
        return `${this.errexit ? "e" : ""}${this.nounset ? "u" : ""}${this.xtrace ? "x" : ""}`
    }
  }

  async substitute(script: string): Promise<string> {
    const pipe = createPipe()
    const list = this.#parse(script)
    const child = this.#fork([[1, pipe.writer]], (shell) => shell.list(list))
    pipe.writer.close()
    const chunks: Uint8Array[] = []
    for (;;) {
      const chunk = await pipe.reader.read(this.proc, 65536)
      if (chunk.length === 0) break
      chunks.push(chunk)
    }
    pipe.reader.close()
    this.status = this.#substituted = (await this.proc.wait(child)).code
    return chunks
      .map((chunk) => decoder.decode(chunk, { stream: true }))
      .join("")
      .replace(/\n+$/, "")
  }

  #parse(script: string): List {
    return parseScript(script, this.line)
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────

  /** Runs a script's text; a syntax error is reported and gives status 2. */
  async script(text: string): Promise<number> {
    let list: List
    try {
      list = parseScript(text)
    } catch (error) {
      if (!(error instanceof SyntaxErrorInScript)) throw error
      this.line = error.line
      await this.#complainSyntax(error.message)
      const source = text.split("\n")[error.line - 1] ?? ""
      if (this.options.numbered && !this.interactive && error.message.startsWith("syntax error near"))
        await this.#complainSyntax(`\`${source}'`)
      return 2
    }
    return this.list(list)
  }

  async list(list: List): Promise<number> {
    for (const item of list) {
      if (item.background) await this.#background(item)
      else await this.#andOr(item)
    }
    return this.status
  }

  async #andOr(item: AndOr): Promise<void> {
    const chained = item.rest.length > 0
    await this.#pipelineIn(item.first, chained)
    for (const [i, { operator, pipeline }] of item.rest.entries()) {
      if ((operator === "&&") !== (this.status === 0)) continue
      await this.#pipelineIn(pipeline, i < item.rest.length - 1)
    }
  }

  /** Runs a pipeline; `tested` says that its status is looked at, so that `set -e` lets it fail. */
  async #pipelineIn(pipeline: Pipeline, tested: boolean): Promise<void> {
    if (tested || pipeline.negated) this.#tested++
    try {
      await this.#pipeline(pipeline)
    } finally {
      if (tested || pipeline.negated) this.#tested--
    }
    if (this.status !== 0 && this.errexit && this.#tested === 0 && !tested && !pipeline.negated)
      throw new ProcessExit({ code: this.status })
  }

  async #pipeline(pipeline: Pipeline): Promise<void> {
    const { commands } = pipeline
    if (commands.length === 1) await this.command(commands[0] as Command)
    else this.status = await this.#pipe(pipeline)
    if (pipeline.negated) this.status = this.status === 0 ? 1 : 0
  }

  async #pipe(pipeline: Pipeline): Promise<number> {
    const children: Process[] = []
    let input: OpenFile | undefined
    for (const [i, command] of pipeline.commands.entries()) {
      const pipe = i < pipeline.commands.length - 1 ? createPipe() : undefined
      const fds: [number, OpenFile][] = []
      if (input !== undefined) fds.push([0, input])
      if (pipe !== undefined) fds.push([1, pipe.writer])
      if (pipe !== undefined && pipeline.errorsToo[i] === true) fds.push([2, pipe.writer])
      children.push(this.#fork(fds, (shell) => shell.command(command)))
      input?.close()
      pipe?.writer.close()
      input = pipe?.reader
    }
    const statuses: number[] = []
    for (const child of children) statuses.push((await this.proc.wait(child)).code)
    const last = statuses[statuses.length - 1] as number
    return this.pipefail ? ([...statuses].reverse().find((code) => code !== 0) ?? 0) : last
  }

  async #background(item: AndOr): Promise<void> {
    const child = this.#fork([], async (shell) => {
      shell.proc.group = shell.proc.pid
      await shell.#andOr(item)
      return shell.status
    })
    const id = this.jobs.reduce((most, job) => Math.max(most, job.id), 0) + 1
    const job = { id, process: child, text: item.text }
    this.jobs.push(job)
    await this.onJob?.(job)
    this.lastBackground = child.pid
    this.status = 0
  }

  /** A copy of this shell in a process of its own. */
  #fork(fds: readonly [number, OpenFile][], run: (shell: Shell) => Promise<number>): Process {
    const tool: Tool = {
      name: this.options.name,
      main: async (proc) => {
        const shell = new Shell(proc, this.options, this.scriptName, [...this.args], this)
        try {
          return await run(shell)
        } catch (thrown) {
          return shell.caught(thrown)
        }
      },
    }
    const child = this.proc.spawn(this.proc.argv, { tool, fds: new Map(fds) })
    if (typeof child === "string") throw new Error(`fork: ${child}`)
    return child
  }

  /** Turns what unwinds a script into its exit status. */
  async caught(thrown: unknown): Promise<number> {
    if (thrown instanceof Flow) return this.status
    if (thrown instanceof ExpansionError || thrown instanceof SyntaxErrorInScript) {
      await this.complain(thrown.message)
      if (thrown instanceof SyntaxErrorInScript) return 2
      return thrown.fatal ? 127 : 1
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
  leave(exit: ProcessExit): Promise<number> {
    if (exit.status.signal === undefined) return this.#atExit(exit.status.code)
    this.hangup(exit.status)
    throw exit
  }

  async #atExit(code: number): Promise<number> {
    const trap = this.traps.get("EXIT")
    if (trap !== undefined) {
      this.traps.delete("EXIT")
      this.status = code
      await this.main(trap)
    }
    return code
  }

  /** A dying shell takes its foreground children along. */
  hangup(status: ExitStatus): void {
    for (const child of this.proc.children) if (child.group === this.proc.group) child.kill(status.signal ?? "SIGTERM")
  }

  async command(command: Command): Promise<number> {
    this.proc.checkSignals()
    if (command.type === "simple") this.status = await this.#simple(command)
    else if (command.type === "function") {
      this.functions.set(command.name, command.body)
      this.status = 0
    } else this.status = await this.#redirected(command.redirects, () => this.#compound(command))
    if (this.sigint) this.#interrupted()
    return this.status
  }

  /** Ctrl-C has reached the foreground job. If the job died of it, everything else on the line ends too; a program that handled it may go on. */
  #interrupted(): void {
    this.sigint = false
    if (this.status !== 130) return
    throw this.interactive ? new Interrupted() : new ProcessExit({ code: 130, signal: "SIGINT" })
  }

  async #compound(command: Exclude<Command, { type: "simple" | "function" }>): Promise<number> {
    switch (command.type) {
      case "group":
        return this.list(command.body)
      case "subshell":
        return (await this.proc.wait(this.#fork([], (shell) => shell.list(command.body)))).code
      case "if":
        return this.#if(command)
      case "loop":
        return this.#loop(command)
      case "for":
        return this.#for(command)
      case "case":
        return this.#case(command)
    }
  }

  async #test(condition: List): Promise<boolean> {
    this.#tested++
    try {
      return (await this.list(condition)) === 0
    } finally {
      this.#tested--
    }
  }

  async #if(command: Extract<Command, { type: "if" }>): Promise<number> {
    for (const { condition, body } of command.branches) if (await this.#test(condition)) return this.list(body)
    if (command.otherwise !== undefined) return this.list(command.otherwise)
    this.status = 0
    return 0
  }

  async #loop(command: Extract<Command, { type: "loop" }>): Promise<number> {
    let status = 0
    await this.#looping(async () => {
      if ((await this.#test(command.condition)) === command.until) return false
      status = await this.list(command.body)
      return true
    })
    this.status = status
    return status
  }

  async #for(command: Extract<Command, { type: "for" }>): Promise<number> {
    const items = command.words === undefined ? [...this.args] : await expandWords(command.words, this)
    let next = 0
    this.status = 0
    await this.#looping(async () => {
      if (next === items.length) return false
      this.set(command.name, items[next++] as string)
      await this.list(command.body)
      return true
    })
    return this.status
  }

  /** Repeats `turn` until it says false, minding break and continue. */
  async #looping(turn: () => Promise<boolean>): Promise<void> {
    this.loopDepth++
    try {
      for (let going = true; going; ) {
        await this.#breathe()
        try {
          going = await turn()
        } catch (thrown) {
          if (!(thrown instanceof Flow) || thrown instanceof ReturnFlow) throw thrown
          if (--thrown.levels > 0) throw thrown
          if (thrown.kind === "break") return
        }
        this.proc.checkSignals()
      }
    } finally {
      this.loopDepth--
    }
  }

  /** Computing takes time too: a loop of builtins alone would otherwise stop the clock, and with it whatever could end the loop. */
  async #breathe(): Promise<void> {
    if (++this.#turns < BUSY_TURNS) return
    this.#turns = 0
    this.proc.kernel.sim.yieldSoon()
    await this.proc.sleep(BUSY_TURNS * TURN_NS)
  }

  async #case(command: Extract<Command, { type: "case" }>): Promise<number> {
    const subject = await expandText(command.subject, this)
    for (const { patterns, body } of command.clauses)
      for (const pattern of patterns) {
        if (!matches(subject, await expandPattern(pattern, this))) continue
        this.status = 0
        return this.list(body)
      }
    this.status = 0
    return 0
  }

  // ── simple commands ─────────────────────────────────────────────────────────────────────────

  async #simple(command: Extract<Command, { type: "simple" }>): Promise<number> {
    this.line = command.line
    this.#substituted = 0
    const words = await expandWords(command.words, this)
    const values: [string, string][] = []
    for (const { name, append, value } of command.assignments) {
      const text = await expandText(value, this)
      values.push([name, append ? (this.get(name) ?? "") + text : text])
    }
    if (this.xtrace && words.length + values.length > 0) {
      const shown = [...values.map(([name, value]) => `${name}=${quoteIfNeeded(value)}`), ...words.map(quoteIfNeeded)]
      await this.proc.err(`+ ${shown.join(" ")}\n`)
    }
    const name = words[0]
    if (name === undefined) {
      for (const [key, value] of values) this.set(key, value)
      // The status of the last command substitution is the assignment's.
      return command.redirects.length > 0 ? this.#redirected(command.redirects, async () => 0) : this.#substituted
    }
    return this.#invoke(name, words, values, command.redirects)
  }

  async #invoke(
    name: string,
    words: string[],
    values: [string, string][],
    redirects: readonly Redirect[],
  ): Promise<number> {
    const body = this.functions.get(name)
    const builtin = BUILTINS.get(name)
    if (name === "exec" && words.length === 1) {
      for (const redirect of redirects) await this.#apply(redirect)
      return 0
    }
    if (body !== undefined)
      return this.#redirected(redirects, () => this.#withValues(values, () => this.#call(body, words.slice(1))))
    if (builtin !== undefined)
      return this.#redirected(redirects, () => this.#withValues(values, () => builtin(this, words)))
    return this.external(words, values, redirects)
  }

  /** Assignments in front of a function or builtin hold while it runs. */
  async #withValues(values: [string, string][], run: () => Promise<number>): Promise<number> {
    const saved = values.map(([key]) => [key, this.get(key)] as const)
    for (const [key, value] of values) this.set(key, value)
    try {
      return await run()
    } finally {
      for (const [key, value] of saved)
        if (value === undefined) this.unset(key)
        else this.set(key, value)
    }
  }

  async #call(body: Command, args: string[]): Promise<number> {
    const saved = this.args
    this.args = args
    this.functionDepth++
    this.locals.push(new Map())
    try {
      return await this.command(body)
    } catch (thrown) {
      if (thrown instanceof ReturnFlow) return thrown.status
      throw thrown
    } finally {
      for (const [name, value] of this.locals.pop() ?? [])
        if (value === undefined) this.unset(name)
        else this.set(name, value)
      this.functionDepth--
      this.args = saved
    }
  }

  /** Runs a program and waits for it. */
  async external(
    words: string[],
    values: [string, string][] = [],
    redirects: readonly Redirect[] = [],
  ): Promise<number> {
    return this.#redirected(redirects, async () => {
      const env = values.length === 0 ? this.proc.env : new Map([...this.proc.env, ...values])
      const child = this.proc.spawn(words, { env })
      if (typeof child === "string") return this.#cannotRun(words[0] as string, child)
      const status = await this.#foreground(child)
      return status.code
    })
  }

  async #foreground(child: Process): Promise<ExitStatus> {
    try {
      return await this.proc.wait(child)
    } catch (thrown) {
      // A signal for the shell while it waits goes to its foreground job as well.
      if (thrown instanceof ProcessExit) child.kill(thrown.status.signal ?? "SIGTERM")
      throw thrown
    }
  }

  async #cannotRun(name: string, errno: string): Promise<number> {
    if (errno === "ENOENT" && !name.includes("/")) {
      await this.complain(this.options.numbered ? `${name}: command not found` : `${name}: not found`)
      return 127
    }
    const isDirectory = (this.fs.stat(this.proc.path(name)) as { type?: string }).type === "directory"
    await this.complain(`${name}: ${isDirectory ? "Is a directory" : strerror(errno as "ENOENT")}`)
    return errno === "ENOENT" ? 127 : 126
  }

  // ── redirections ────────────────────────────────────────────────────────────────────────────

  async #redirected(redirects: readonly Redirect[], run: () => Promise<number>): Promise<number> {
    if (redirects.length === 0) return run()
    const saved = new Map<number, OpenFile | undefined>()
    const { fds } = this.proc
    const save = (fd: number): void => {
      if (saved.has(fd)) return
      const file = fds.get(fd)
      file?.retain()
      saved.set(fd, file)
    }
    try {
      for (const redirect of redirects) {
        for (const fd of descriptorsOf(redirect)) save(fd)
        if (!(await this.#apply(redirect))) return 1
      }
      return await run()
    } finally {
      for (const [fd, file] of saved) {
        this.proc.closeFd(fd)
        if (file !== undefined) fds.set(fd, file)
      }
    }
  }

  /** Puts one redirection into effect; false when it was refused. */
  async #apply(redirect: Redirect): Promise<boolean> {
    const { operator, here } = redirect
    if (here !== undefined || operator === "<<<") {
      const text =
        here === undefined ? `${await expandText(redirect.target, this)}\n` : await expandText(here.body, this)
      this.proc.setFd(redirect.fd ?? 0, new BytesFile(new TextEncoder().encode(text)))
      return true
    }
    const target = await expandText(redirect.target, this)
    if (operator === ">&" || operator === "<&")
      return this.#duplicate(redirect.fd ?? (operator === ">&" ? 1 : 0), target)
    const fd = redirect.fd ?? (operator.startsWith("<") ? 0 : 1)
    const mode = operator === "<" ? "r" : operator.endsWith(">>") ? "a" : operator === "<>" ? "rw" : "w"
    const file = openFile(this.proc, target, mode)
    if (typeof file === "string") {
      await this.complain(
        this.options.numbered ? `${target}: ${strerror(file)}` : cannotOpen(target, mode, strerror(file)),
      )
      return false
    }
    this.proc.setFd(fd, file)
    if (operator.startsWith("&>")) {
      file.retain()
      this.proc.setFd(2, file)
    }
    return true
  }

  async #duplicate(fd: number, target: string): Promise<boolean> {
    if (target === "-") {
      this.proc.closeFd(fd)
      return true
    }
    const source = /^\d+$/.test(target) ? this.proc.fds.get(Number(target)) : undefined
    if (source === undefined) {
      await this.complain(`${target}: ${/^\d+$/.test(target) ? "Bad file descriptor" : "ambiguous redirect"}`)
      return false
    }
    source.retain()
    this.proc.setFd(fd, source)
    return true
  }

  /** bash names where the text came from: `bash: -c: line 1: …`. */
  async #complainSyntax(message: string): Promise<void> {
    const { name, numbered } = this.options
    if (numbered && this.scriptName === name && !this.interactive)
      await this.proc.err(`${name}: -c: line ${this.line}: ${message}\n`)
    else await this.complain(message)
  }

  /** `bash: line 3: …`, `sh: …`. */
  async complain(message: string): Promise<void> {
    const { name, numbered } = this.options
    const line = numbered && !this.interactive ? `line ${this.line}: ` : ""
    await this.proc.err(`${name}: ${line}${message}\n`)
  }
}

function descriptorsOf(redirect: Redirect): number[] {
  if (redirect.operator.startsWith("&>")) return [1, 2]
  return [redirect.fd ?? (redirect.operator.startsWith("<") ? 0 : 1)]
}

function cannotOpen(target: string, mode: string, reason: string): string {
  return mode === "r"
    ? `can't open ${target}: no such file`
    : `can't create ${target}: ${reason === "No such file or directory" ? "nonexistent directory" : reason}`
}

function quoteIfNeeded(text: string): string {
  return text !== "" && /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
