/** Runs a tree of commands as processes on the virtual clock. Pipelines run concurrently; `&` is a real background job. Models execute_cmd.c. */
import { type Errno, strerror } from "../linux/errno.ts"
import type { OpenFile } from "../linux/task/file.ts"
import { createPipe } from "../linux/task/pipe.ts"
import { type ExitStatus, type Process, ProcessExit } from "../linux/task/process.ts"
import { findProgram } from "../linux/task/process-table.ts"
import type { Tool } from "../linux/task/tool.ts"
import { evaluate } from "./arithmetic.ts"
import type { AndOr, Assignment, Command, CompoundCommand, List, Pipeline, Redirect, SimpleCommand } from "./ast.ts"
import type { Builtin } from "./builtin.ts"
import { BUILTINS } from "./builtins.ts"
import { runCompound } from "./compound.ts"
import { expandText, expandValue, expandWords } from "./expand.ts"
import { ExpansionError } from "./expansion.ts"
import { Abandoned, Interrupted, ReturnFlow } from "./flow.ts"
import { report, startJob } from "./jobs.ts"
import { printAndOr, printCommand, printPipeline, shellQuote } from "./print.ts"
import { applyRedirect, redirected } from "./redirect.ts"
import type { DefinedFunction, Shell } from "./shell.ts"
import { plainText, type Word } from "./token.ts"
import { ReadOnlyError } from "./variables.ts"

/** What a command of the shell costs in steps of {@link Process.step}. */
const COMMAND_STEPS = 5
/** bash itself would die of an overflowing stack much later. */
const FUNCTIONS_MAX = 1000

export class Runner {
  readonly #shell: Shell
  readonly builtins: ReadonlyMap<string, Builtin> = BUILTINS
  /** The status of the last command substitution in the command at hand. */
  substituted = 0
  /** Inside a condition, where `set -e` and the ERR trap do not apply. */
  tested: number
  /** This process has nothing else to do: a program may take its place. */
  #last = false
  /** Descriptors of `<(…)`, closed after the command. */
  #processFds: number[] = []

  constructor(shell: Shell, parent?: Runner) {
    this.#shell = shell
    this.tested = parent?.tested ?? 0
  }

  // ── lists and pipelines ─────────────────────────────────────────────────────────────────────

  async list(list: List): Promise<number> {
    for (const item of list) {
      if (this.#shell.flags.has("noexec") && !this.#shell.interactive) break
      if (item.background) await this.#background(item)
      else await this.andOr(item)
    }
    return this.#shell.status
  }

  async andOr(item: AndOr): Promise<void> {
    const chained = item.rest.length > 0
    await this.#pipelineIn(item.first, chained)
    for (const [i, { operator, pipeline }] of item.rest.entries()) {
      if ((operator === "&&") !== (this.#shell.status === 0)) continue
      await this.#pipelineIn(pipeline, i < item.rest.length - 1)
    }
  }

  /** Runs something whose status is looked at, so that `set -e` lets it fail. */
  async test(run: () => Promise<number>): Promise<boolean> {
    this.tested++
    try {
      return (await run()) === 0
    } finally {
      this.tested--
    }
  }

  async #pipelineIn(pipeline: Pipeline, tested: boolean): Promise<void> {
    const shell = this.#shell
    const lenient = tested || pipeline.negated
    if (lenient) this.tested++
    try {
      await this.#timed(pipeline)
    } finally {
      if (lenient) this.tested--
    }
    if (shell.status === 0 || lenient || this.tested > 0) return
    await shell.traps.run("ERR")
    if (shell.flags.has("errexit")) throw new ProcessExit({ code: shell.status })
  }

  async #timed(pipeline: Pipeline): Promise<void> {
    const { proc } = this.#shell
    const start = proc.kernel.sim.now
    await this.#pipeline(pipeline)
    if (pipeline.timed === "no") return
    const seconds = (proc.kernel.sim.now - start) / 1e9
    const minutes = Math.floor(seconds / 60)
    await proc.err(
      pipeline.timed === "posix"
        ? `real ${seconds.toFixed(2)}\nuser 0.00\nsys 0.00\n`
        : `\nreal\t${minutes}m${(seconds - minutes * 60).toFixed(3)}s\nuser\t0m0.000s\nsys\t0m0.000s\n`,
    )
  }

  async #pipeline(pipeline: Pipeline): Promise<void> {
    const shell = this.#shell
    const { commands } = pipeline
    if (commands.length === 1) await this.command(commands[0] as Command)
    else shell.status = await this.#pipe(pipeline)
    if (pipeline.negated) shell.status = shell.status === 0 ? 1 : 0
  }

  async #pipe(pipeline: Pipeline): Promise<number> {
    const shell = this.#shell
    const children = this.startPipeline(pipeline, false)
    const statuses: number[] = []
    for (const [i, child] of children.entries()) {
      const status = await this.#await(child)
      statuses.push(status.code)
      if (status.signal !== undefined) await report(shell, child, status, printCommand(pipeline.commands[i] as Command))
    }
    shell.pipeStatus = statuses
    await shell.traps.runPending()
    const last = statuses[statuses.length - 1] as number
    return shell.flags.has("pipefail") ? ([...statuses].reverse().find((code) => code !== 0) ?? 0) : last
  }

  /** Starts a pipeline's processes, each writing to the next. */
  startPipeline(pipeline: Pipeline, background: boolean): Process[] {
    const children: Process[] = []
    let input: OpenFile | undefined
    for (const [i, command] of pipeline.commands.entries()) {
      const pipe = i < pipeline.commands.length - 1 ? createPipe() : undefined
      const fds: [number, OpenFile][] = []
      if (input !== undefined) fds.push([0, input])
      if (pipe !== undefined) fds.push([1, pipe.writer])
      if (pipe !== undefined && pipeline.errorsToo[i] === true) fds.push([2, pipe.writer])
      children.push(this.#shell.fork(fds, (shell) => shell.runner.only(command), { background }))
      input?.close()
      pipe?.writer.close()
      input = pipe?.reader
    }
    return children
  }

  async #background(item: AndOr): Promise<void> {
    const { first, rest } = item
    const plain = rest.length === 0 && !first.negated
    const processes = plain
      ? this.startPipeline(first, true)
      : [
          this.#shell.fork(
            [],
            async (shell) => {
              await shell.runner.andOr(item)
              return shell.status
            },
            { background: true },
          ),
        ]
    await startJob(this.#shell, processes, plain ? printPipeline(first) : printAndOr(item))
    this.#shell.status = 0
  }

  /** The one command of a forked shell. */
  only(command: Command): Promise<number> {
    if (command.type === "subshell" && command.redirects.length === 0 && this.#shell.isSubshell)
      return this.#subshellBody(command.body)
    this.#last = command.type === "simple"
    return this.command(command)
  }

  /** The last commands of a shell. */
  lastList(list: List): Promise<number> {
    return this.#subshellBody(list)
  }

  #subshellBody(body: List): Promise<number> {
    const [item] = body
    const lone = body.length === 1 && item?.background === false && item.rest.length === 0 ? item.first : undefined
    const plain = lone !== undefined && lone.commands.length === 1 && !lone.negated && lone.timed === "no"
    return plain ? this.only(lone.commands[0] as Command) : this.list(body)
  }

  /** The commands of `$(…)`; `$(<file)` reads the file. */
  async substitution(list: List): Promise<number> {
    const command = list.length === 1 ? list[0]?.first.commands[0] : undefined
    const reads =
      command?.type === "simple" &&
      command.words.length + command.assignments.length === 0 &&
      command.redirects.length === 1 &&
      command.redirects[0]?.operator === "<"
    if (!reads) return this.#subshellBody(list)
    const { proc } = this.#shell
    return redirected(this.#shell, command.redirects, async () => {
      await proc.out(await proc.readAll())
      return 0
    })
  }

  // ── commands ────────────────────────────────────────────────────────────────────────────────

  async command(command: Command): Promise<number> {
    const shell = this.#shell
    shell.proc.checkSignals()
    await shell.proc.step(COMMAND_STEPS)
    if (command.type === "simple") shell.status = await this.#simple(command)
    else if (command.type === "function") {
      shell.functions.set(command.name, {
        ...command,
        source: shell.fromString && shell.sourceDepth === 0 ? "environment" : shell.source,
      })
      shell.status = 0
    } else await this.#compound(command)
    if (shell.sigint) this.#interrupted()
    if (shell.traps.pending !== undefined) await shell.traps.runPending()
    return shell.status
  }

  async #compound(command: CompoundCommand): Promise<void> {
    const shell = this.#shell
    shell.line = command.line
    if (command.type === "subshell") {
      const child = shell.fork([], (inner) =>
        redirected(inner, command.redirects, () => inner.runner.#subshellBody(command.body)),
      )
      shell.status = await this.foreground(child, () => printCommand(command))
      shell.pipeStatus = [shell.status]
      return
    }
    shell.status = await redirected(shell, command.redirects, () => runCompound(shell, command))
    if (command.type === "arithmetic" || command.type === "condition") shell.pipeStatus = [shell.status]
    this.closeProcessFds()
  }

  /** Ctrl-C has reached the foreground job. If the job died of it, everything else on the line ends too; a program that handled it may go on. */
  #interrupted(): void {
    this.#shell.sigint = false
    if (this.#shell.status !== 130) return
    throw this.#shell.interactive ? new Interrupted() : new ProcessExit({ code: 130, signal: "SIGINT" })
  }

  async #simple(command: SimpleCommand): Promise<number> {
    const shell = this.#shell
    const last = this.#last
    this.#last = false
    shell.line = command.line
    this.substituted = 0
    const words = await this.#words(command)
    try {
      if (words.length === 0) return await this.#assignOnly(command)
      const values = await this.#values(command.assignments)
      if (shell.flags.has("xtrace"))
        await this.trace([...values.map(([name, value]) => `${name}=${shellQuote(value)}`)], words.map(shellQuote))
      const status = await this.#invoke(words, values, command, last)
      shell.lastArgument = words[words.length - 1] as string
      shell.pipeStatus = [status]
      return status
    } finally {
      this.closeProcessFds()
    }
  }

  /** The words expanded; assignments to a declaring builtin keep their value whole. */
  async #words({ words, declared }: SimpleCommand): Promise<string[]> {
    const shell = this.#shell
    const expanded = declared.length === 0 ? await expandWords(words, shell) : await this.#declaration(words, declared)
    const alias = shell.interactive && words[0] !== undefined ? shell.aliases.get(plainText(words[0]) ?? "") : undefined
    if (alias === undefined || expanded.length === 0) return expanded
    return [...alias.split(/\s+/).filter((word) => word !== ""), ...expanded.slice(1)]
  }

  async #declaration(words: readonly Word[], declared: readonly Assignment[]): Promise<string[]> {
    const shell = this.#shell
    const result: string[] = []
    const left = [...declared]
    for (const word of words) {
      const assignment = left[0]
      if (assignment === undefined || !word.text.startsWith(assignment.name) || result.length === 0) {
        result.push(...(await expandWords([word], shell)))
        continue
      }
      left.shift()
      const { name, append, value, items } = assignment
      if (items === undefined) result.push(`${name}${append ? "+" : ""}=${await expandValue(value, shell)}`)
      else result.push(name)
    }
    return result
  }

  /** What `set -x` prints. */
  async trace(
    assignments: readonly string[],
    words: readonly string[],
    prefix: string = this.#tracePrefix(),
  ): Promise<void> {
    const shell = this.#shell
    const lines = shell.isBash ? [...assignments] : []
    if (words.length > 0) lines.push((shell.isBash ? words : [...assignments, ...words]).join(" "))
    else if (!shell.isBash) lines.push(assignments.join(" "))
    for (const line of lines) await shell.proc.err(`${prefix}${line}\n`)
  }

  #tracePrefix(): string {
    const ps4 = this.#shell.get("PS4") ?? ""
    return this.#shell.isBash ? ps4.slice(0, 1).repeat(this.#shell.substitutionDepth) + ps4 : ps4
  }

  async #assignOnly(command: SimpleCommand): Promise<number> {
    const shell = this.#shell
    const traced: string[] = []
    const prefix = this.#tracePrefix()
    for (const assignment of command.assignments) {
      const value = await this.assign(assignment)
      traced.push(`${assignment.name}${assignment.append ? "+" : ""}=${value}`)
    }
    if (shell.flags.has("xtrace")) await this.trace(traced, [], prefix)
    // The status of the last command substitution is the assignment's.
    const status =
      command.redirects.length > 0 ? await redirected(shell, command.redirects, async () => 0) : this.substituted
    shell.pipeStatus = [status]
    return status
  }

  /** Carries out an assignment; returns what `set -x` shows of it. */
  async assign({ name, subscript, append, value, items }: Assignment): Promise<string> {
    const shell = this.#shell
    if (items !== undefined) return this.#assignItems(name, append, items)
    const text = await expandValue(value, shell)
    if (subscript !== undefined) {
      if (!/^-?\d+$|^[\w$+*/ -]+$/.test(await expandText(subscript, shell)))
        throw new ExpansionError(`${name}: podwire does not support associative arrays`)
      const index = this.number(await expandText(subscript, shell))
      shell.setItem(name, index, append ? (shell.valueOf(name, index) ?? "") + text : text)
    } else if (append && shell.variables.get(name)?.integer === true)
      shell.set(name, `${shell.get(name) || "0"}+${text}`)
    else shell.set(name, append ? (shell.get(name) ?? "") + text : text)
    return shellQuote(text)
  }

  async #assignItems(name: string, append: boolean, words: readonly Word[]): Promise<string> {
    const shell = this.#shell
    const items = new Map(append ? shell.variables.items(name) : [])
    let next = append ? Math.max(-1, ...items.keys()) + 1 : 0
    for (const word of words) {
      const indexed = /^\[([^\]]+)\]=/.exec(word.text)
      if (indexed !== null) {
        const [field = ""] = await expandWords([word], shell)
        next = Number(this.number(indexed[1] as string))
        items.set(next++, field.slice(field.indexOf("]=") + 2))
      } else for (const field of await expandWords([word], shell)) items.set(next++, field)
    }
    shell.variables.setItems(name, items)
    return `(${words.map((word) => word.text).join(" ")})`
  }

  /** An arithmetic value, or the shell's complaint. */
  number(text: string): bigint {
    const value = evaluate(text, this.#shell)
    if (typeof value === "bigint") return value
    throw new ExpansionError(value.error, false, "arithmetic syntax error")
  }

  async #values(assignments: readonly Assignment[]): Promise<[string, string][]> {
    const shell = this.#shell
    const values: [string, string][] = []
    for (const { name, append, value } of assignments) {
      const text = await expandValue(value, shell)
      values.push([name, append ? (shell.get(name) ?? "") + text : text])
    }
    return values
  }

  async #invoke(words: string[], values: [string, string][], command: SimpleCommand, last: boolean): Promise<number> {
    const shell = this.#shell
    const name = words[0] as string
    const { redirects } = command
    if (name === "exec" && words.length === 1) return this.#redirectForGood(redirects)
    const body = shell.functions.get(name)
    if (body !== undefined)
      return redirected(shell, redirects, () => this.#withValues(values, () => this.callFunction(body, words)))
    const builtin = BUILTINS.get(name)
    if (builtin === undefined || (!shell.isBash && builtin.bashOnly))
      return this.external(words, values, redirects, { last, text: () => printCommand(command) })
    return redirected(shell, redirects, () =>
      this.#withValues(values, async () => {
        const status = await builtin.run(shell, words)
        for (const assignment of command.declared) if (assignment.items !== undefined) await this.assign(assignment)
        return status
      }),
    )
  }

  async #redirectForGood(redirects: readonly Redirect[]): Promise<number> {
    for (const redirect of redirects)
      if (!(await applyRedirect(this.#shell, redirect))) throw new ProcessExit({ code: 1 })
    return 0
  }

  /** Assignments in front of a function or builtin hold while it runs, and its children see them. */
  async #withValues(values: [string, string][], run: () => Promise<number>): Promise<number> {
    if (values.length === 0) return run()
    const { variables } = this.#shell
    const saved = values.map(([name]) => [name, variables.snapshot(name)] as const)
    try {
      for (const [name, value] of values) {
        variables.set(name, value)
        variables.mark(name, { exported: true })
      }
      return await run()
    } finally {
      for (const [name, variable] of saved) variables.restore(name, variable)
    }
  }

  async callFunction(definition: DefinedFunction, words: readonly string[]): Promise<number> {
    const shell = this.#shell
    if (shell.functionNames.length >= FUNCTIONS_MAX) {
      await shell.complain(`${definition.name}: maximum function nesting level exceeded (${FUNCTIONS_MAX})`)
      throw new Abandoned(1)
    }
    const { args, source, loopDepth } = shell
    shell.args = words.slice(1)
    shell.source = definition.source
    shell.loopDepth = 0
    shell.functionNames.push(definition.name)
    shell.variables.enter()
    try {
      return await this.command(definition.body)
    } catch (thrown) {
      if (thrown instanceof ReturnFlow) return thrown.status
      if (!(thrown instanceof ExpansionError || thrown instanceof ReadOnlyError)) throw thrown
      // Said here, where the function's own place is known.
      const code = await shell.caught(thrown)
      throw thrown instanceof ExpansionError && thrown.fatal ? new ProcessExit({ code }) : new Abandoned(code)
    } finally {
      await shell.traps.run("RETURN")
      shell.traps.reset("RETURN")
      shell.variables.leave()
      shell.functionNames.pop()
      shell.loopDepth = loopDepth
      shell.source = source
      shell.args = args
    }
  }

  // ── programs ────────────────────────────────────────────────────────────────────────────────

  /** Runs a program and waits for it. */
  async external(
    words: string[],
    values: [string, string][] = [],
    redirects: readonly Redirect[] = [],
    { last = false, text = () => words.join(" ") }: { last?: boolean; text?: () => string } = {},
  ): Promise<number> {
    const shell = this.#shell
    return redirected(shell, redirects, async () => {
      const { proc } = shell
      for (const [name] of values) if (shell.variables.get(name)?.readonly === true) throw new ReadOnlyError(name)
      const env = values.length === 0 ? proc.env : new Map([...proc.env, ...values])
      if (last && shell.traps.get("EXIT") === undefined && hasProgram(proc, words, env))
        return this.cannotRun(words[0] as string, proc.exec(words, env), env)
      const child = this.#spawn(words, env)
      if (typeof child === "string") return this.cannotRun(words[0] as string, child, env)
      return this.foreground(child, text)
    })
  }

  #spawn(words: readonly string[], env: ReadonlyMap<string, string>): Process | Errno {
    const { proc, options } = this.#shell
    const found = findProgram(proc.fs, env, proc.cwd, words)
    // A text without #! is a script for a shell like this one.
    const plain = typeof found !== "string" && found.tool === undefined && options.tool !== undefined
    return plain ? proc.spawn(found.argv, { env, tool: options.tool as Tool }) : proc.spawn(words, { env })
  }

  /** Waits for a foreground job, and says it if a signal ended it. */
  async foreground(child: Process, text: () => string): Promise<number> {
    const status = await this.#await(child)
    if (status.signal !== undefined) await report(this.#shell, child, status, text())
    await this.#shell.traps.runPending()
    return status.code
  }

  async #await(child: Process): Promise<ExitStatus> {
    try {
      return await this.#shell.proc.wait(child)
    } catch (thrown) {
      // A signal for the shell while it waits goes to its foreground job as well.
      if (thrown instanceof ProcessExit) child.kill(thrown.status.signal ?? "SIGTERM")
      throw thrown
    }
  }

  async cannotRun(
    typed: string,
    failed: Errno,
    env: ReadonlyMap<string, string> = this.#shell.proc.env,
  ): Promise<number> {
    const shell = this.#shell
    const name = failed === "EACCES" && !typed.includes("/") ? this.#refusedPath(typed, env.get("PATH") ?? "") : typed
    const errno = name === "" || (failed === "EACCES" && !name.includes("/")) ? "ENOENT" : failed
    if (errno === "EAGAIN") {
      await shell.complain("fork: retry: Resource temporarily unavailable")
      return 254
    }
    const path = shell.get("PATH") ?? ""
    if (errno === "ENOENT" && !name.includes("/") && path !== "") {
      await shell.complain(shell.isBash ? `${name}: command not found` : `${name}: not found`)
      return 127
    }
    await shell.complain(`${name}: ${this.#reason(name, errno)}`)
    return errno === "ENOENT" ? 127 : 126
  }

  /** The file along PATH that may not be run; folders are passed over. */
  #refusedPath(name: string, path: string): string {
    const shell = this.#shell
    const paths = path.split(":").map((folder) => `${folder === "" ? "." : folder}/${name}`)
    return paths.find((path) => (shell.fs.stat(shell.proc.path(path)) as { type?: string }).type === "file") ?? name
  }

  #reason(name: string, errno: Errno): string {
    const shell = this.#shell
    const stat = shell.fs.stat(shell.proc.path(name))
    if (!shell.isBash) return errno === "ENOENT" ? "not found" : strerror(errno)
    if (errno === "ENOENT" && typeof stat !== "string" && stat.type === "file")
      return "cannot execute: required file not found"
    return typeof stat !== "string" && stat.type === "directory" ? "Is a directory" : strerror(errno)
  }

  // ── <(…) ────────────────────────────────────────────────────────────────────────────────────

  processPath(commands: List, reads: boolean): string {
    const { proc } = this.#shell
    const pipe = createPipe()
    const [mine, theirs] = reads ? [pipe.reader, pipe.writer] : [pipe.writer, pipe.reader]
    this.#shell.fork([[reads ? 1 : 0, theirs]], (shell) => shell.runner.substitution(commands), { substitution: true })
    theirs.close()
    let fd = 63
    while (proc.fds.has(fd)) fd--
    proc.fds.set(fd, mine)
    this.#processFds.push(fd)
    return `/dev/fd/${fd}`
  }

  closeProcessFds(): void {
    for (const fd of this.#processFds.splice(0)) this.#shell.proc.closeFd(fd)
  }
}

/** A program of ours stands there: a text without #! needs the shell to read it. */
function hasProgram(proc: Process, words: readonly string[], env: ReadonlyMap<string, string>): boolean {
  const found = findProgram(proc.fs, env, proc.cwd, words)
  return typeof found !== "string" && found.tool !== undefined
}
