/** Runs a tree of commands as processes on the virtual clock. Pipelines run concurrently; `&` is a real background job. Models execute_cmd.c. */
import type { OpenFile } from "../linux/task/file.ts"
import { createPipe } from "../linux/task/pipe.ts"
import { type Process, ProcessExit } from "../linux/task/process.ts"
import { evaluate } from "./arithmetic.ts"
import { assign, assignedValues } from "./assign.ts"
import type { AndOr, Assignment, Command, CompoundCommand, List, Pipeline, Redirect, SimpleCommand } from "./ast.ts"
import type { Builtin } from "./builtin.ts"
import { BUILTINS } from "./builtins.ts"
import { runCompound } from "./compound.ts"
import { expandValue, expandWords } from "./expand.ts"
import { ExpansionError } from "./expansion.ts"
import { external, foreground, waitFor } from "./external.ts"
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
      const status = await waitFor(shell, child)
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
      shell.status = await foreground(shell, child, () => printCommand(command))
      shell.pipeStatus = [shell.status]
      return
    }
    const mark = this.#processFds.length
    shell.status = await redirected(shell, command.redirects, () => runCompound(shell, command))
    if (command.type === "arithmetic" || command.type === "condition") shell.pipeStatus = [shell.status]
    this.#closeProcessFds(mark)
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
    const mark = this.#processFds.length
    try {
      const words = await this.#words(command)
      if (words.length === 0) return await this.#assignOnly(command)
      const values = await assignedValues(shell, command.assignments)
      if (shell.flags.has("xtrace"))
        await this.trace([...values.map(([name, value]) => `${name}=${shellQuote(value)}`)], words.map(shellQuote))
      const status = await this.#invoke(words, values, command, last)
      shell.lastArgument = words[words.length - 1] as string
      shell.pipeStatus = [status]
      return status
    } finally {
      this.#closeProcessFds(mark)
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
      const value = await assign(shell, assignment)
      traced.push(`${assignment.name}${assignment.append ? "+" : ""}=${value}`)
    }
    if (shell.flags.has("xtrace")) await this.trace(traced, [], prefix)
    // The status of the last command substitution is the assignment's.
    const status =
      command.redirects.length > 0 ? await redirected(shell, command.redirects, async () => 0) : this.substituted
    shell.pipeStatus = [status]
    return status
  }

  /** An arithmetic value, or the shell's complaint. */
  number(text: string): bigint {
    const value = evaluate(text, this.#shell)
    if (typeof value === "bigint") return value
    throw new ExpansionError(value.error, false, "arithmetic syntax error")
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
      return external(shell, words, values, redirects, { last, text: () => printCommand(command) })
    return redirected(shell, redirects, () =>
      this.#withValues(values, async () => {
        const status = await builtin.run(shell, words)
        for (const assignment of command.declared) if (assignment.items !== undefined) await assign(shell, assignment)
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

  /** Those opened since `mark`: a function's own commands leave its arguments' open. */
  #closeProcessFds(mark: number): void {
    for (const fd of this.#processFds.splice(mark)) this.#shell.proc.closeFd(fd)
  }
}
