/** wait jobs kill trap fg bg disown. */

import type { Process } from "../../linux/task/process.ts"
import { parseSignal, Signal } from "../../linux/task/signal.ts"
import { type BuiltinTable, invalidOption, letters, usage } from "../builtin.ts"
import type { Job } from "../flow.ts"
import { findJob, forget, jobLine, reap, report } from "../jobs.ts"
import { singleQuote } from "../print.ts"
import type { Shell } from "../shell.ts"
import { signalListing, signalName, signalNumber } from "../signal-names.ts"
import { Traps } from "../trap.ts"

/** Waits for a job's last process; a trapped signal ends the waiting. */
async function waitFor(shell: Shell, job: Job): Promise<number> {
  const { proc, traps } = shell
  while (job.process.status === undefined) {
    await proc.task.wait([job.process.exited, traps.arrived])
    if (traps.pending !== undefined && job.process.status === undefined) return 128 + Signal[traps.pending]
  }
  const { status } = job.process
  proc.children.delete(job.process)
  forget(shell, job)
  if (status.signal !== undefined) await report(shell, job.process, status, job.text, false)
  return status.code
}

async function wait(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "nf")
  if (bad !== undefined) return invalidOption(shell, "wait", bad, "wait [-fn] [-p var] [id ...]")
  if (on.has("n")) return waitAny(shell)
  if (argv.length === at) {
    for (const job of shell.jobs.filter((one) => !one.disowned && one.process.parent === shell.proc)) {
      const code = await waitFor(shell, job)
      if (shell.traps.pending !== undefined) return code
    }
    return 0
  }
  let code = 0
  for (const spec of argv.slice(at)) code = await waitSpec(shell, spec)
  return code
}

async function waitSpec(shell: Shell, spec: string): Promise<number> {
  const job = findJob(shell, spec)
  if (job !== undefined) return waitFor(shell, job)
  const ended = shell.ended.get(Number(spec))
  if (ended !== undefined) return ended
  if (spec.startsWith("%")) await shell.complain(`wait: ${spec}: no such job`)
  else if (!/^\d+$/.test(spec)) {
    await shell.complain(`wait: \`${spec}': not a pid or valid job spec`)
    return 1
  } else if (shell.isBash) await shell.complain(`wait: pid ${spec} is not a child of this shell`)
  return 127
}

async function waitAny(shell: Shell): Promise<number> {
  for (;;) {
    const done = shell.jobs.find(({ process }) => process.status !== undefined)
    if (done !== undefined) return waitFor(shell, done)
    if (shell.jobs.length === 0) return 127
    await shell.proc.task.wait([...shell.jobs.map(({ process }) => process.exited), shell.traps.arrived])
    if (shell.traps.pending !== undefined) return 128 + Signal[shell.traps.pending]
  }
}

async function jobs(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "lprs")
  if (bad !== undefined)
    return invalidOption(shell, "jobs", bad, "jobs [-lnprs] [jobspec ...] or jobs -x command [args]")
  reap(shell)
  for (const spec of argv.slice(at))
    if (findJob(shell, spec) === undefined) {
      await shell.complain(`jobs: ${spec}: no such job`)
      return 1
    }
  const wanted = argv.length > at ? argv.slice(at).map((spec) => findJob(shell, spec)) : [...shell.jobs]
  for (const job of wanted) {
    if (job === undefined || job.disowned || (on.has("r") && job.process.status !== undefined) || on.has("s")) continue
    if (on.has("p")) await shell.proc.out(`${job.processes[0]?.pid}\n`)
    else if (shell.isBash) await shell.proc.out(jobLine(shell, job, on.has("l")))
    else await shell.proc.out(shell.interactive ? jobLine(shell, job) : `${jobLine(shell, job).slice(0, 30)}   \n`)
  }
  for (const job of shell.jobs.filter(({ process }) => process.status !== undefined)) forget(shell, job)
  return 0
}

const KILL_USAGE = "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"

async function kill(shell: Shell, argv: string[]): Promise<number> {
  const first = argv[1] ?? ""
  if (first === "-l" || first === "-L") return listSignals(shell, argv.slice(2))
  let at = 1
  let name = "TERM"
  if (first === "-s" || first === "-n") {
    name = argv[2] ?? ""
    at = 3
  } else if (first === "--") at = 2
  else if (/^-./.test(first)) {
    name = first.slice(1)
    at = 2
  }
  if (argv.length <= at) return usage(shell, KILL_USAGE)
  const number = name === "0" ? 0 : signalNumber(name)
  if (number === undefined) {
    await shell.complain(shell.isBash ? `kill: ${name}: invalid signal specification` : `invalid signal '${name}'`)
    return 1
  }
  const signal = parseSignal(String(number))
  if (signal === undefined && number !== 0) {
    await shell.complain(`kill: podwire does not deliver ${signalName(number) ?? number}`)
    return 1
  }
  let code = 0
  for (const spec of argv.slice(at)) if (!(await killOne(shell, spec, signal))) code = 1
  return code
}

async function killOne(shell: Shell, spec: string, signal: Signal | undefined): Promise<boolean> {
  const targets = targetsOf(shell, spec)
  if (typeof targets === "string") {
    await shell.complain(targets)
    return false
  }
  if (signal !== undefined) for (const target of targets) target.kill(signal)
  // What the shell sends itself arrives before the next command.
  shell.proc.checkSignals()
  return true
}

function targetsOf(shell: Shell, spec: string): readonly Process[] | string {
  if (spec.startsWith("%")) return findJob(shell, spec)?.processes ?? `kill: ${spec}: no such job`
  if (!/^-?\d+$/.test(spec))
    return shell.isBash ? `kill: ${spec}: arguments must be process or job IDs` : `invalid number '${spec}'`
  const pid = Number(spec)
  const all = shell.proc.kernel.processes.list()
  const found =
    pid > 0
      ? all.filter((one) => one.pid === pid)
      : all.filter((one) => one.group === (pid === 0 ? shell.proc.group : -pid))
  if (found.length > 0) return found
  return shell.isBash ? `kill: (${spec}) - No such process` : `can't kill pid ${spec}: No such process`
}

async function listSignals(shell: Shell, names: readonly string[]): Promise<number> {
  if (names.length === 0) {
    await shell.proc.out(signalListing())
    return 0
  }
  let code = 0
  for (const name of names) {
    const number = /^\d+$/.test(name) ? Number(name) & 127 : undefined
    const answer = number === undefined ? signalNumber(name) : signalName(number)?.slice(3)
    if (answer !== undefined) await shell.proc.out(`${answer}\n`)
    else {
      await shell.complain(`kill: ${name}: invalid signal specification`)
      code = 1
    }
  }
  return code
}

async function trap(shell: Shell, argv: string[]): Promise<number> {
  let at = 1
  if (argv[1] === "-l") {
    await shell.proc.out(signalListing())
    return 0
  }
  const prints = argv[1] === "-p"
  if (prints || argv[1] === "--") at = 2
  const [action, ...conditions] = argv.slice(at)
  if (action === undefined || prints) return listTraps(shell, prints ? argv.slice(at) : [])
  // `trap TERM` and `trap 15` take the action away.
  const resets = action === "-" || conditions.length === 0 || /^\d+$/.test(action)
  let code = 0
  for (const name of action === "-" || (conditions.length > 0 && !/^\d+$/.test(action))
    ? conditions
    : [action, ...conditions]) {
    const condition = Traps.condition(name)
    if (condition === undefined) {
      const known = name.toUpperCase() === "DEBUG" || signalNumber(name) !== undefined
      if (!shell.isBash) await shell.complain(`trap: line 0: ${name}: invalid signal specification`)
      else
        await shell.complain(
          known ? `trap: podwire does not support ${name}` : `trap: ${name}: invalid signal specification`,
        )
      code = 1
    } else if (resets) shell.traps.reset(condition)
    else shell.traps.set(condition, action)
  }
  return code
}

async function listTraps(shell: Shell, names: readonly string[]): Promise<number> {
  const wanted = names.map((name) => Traps.condition(name))
  for (const [condition, action] of shell.traps.list())
    if (names.length === 0 || wanted.includes(condition))
      await shell.proc.out(`trap -- ${singleQuote(action)} ${condition}\n`)
  return 0
}

async function foreground(shell: Shell, argv: string[]): Promise<number> {
  const name = argv[0] as string
  if (!shell.interactive) {
    await shell.complain(`${name}: no job control`)
    return 1
  }
  const job = findJob(shell, argv[1] ?? "%%")
  if (job === undefined) {
    await shell.complain(`${name}: ${argv[1] ?? "current"}: no such job`)
    return 1
  }
  await shell.proc.out(name === "fg" ? `${job.text}\n` : `[${job.id}]+ ${job.text} &\n`)
  return name === "fg" ? waitFor(shell, job) : 0
}

async function disown(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "ahr")
  if (bad !== undefined) return invalidOption(shell, "disown", bad, "disown [-h] [-ar] [jobspec ... | pid ...]")
  const specs = argv.slice(at)
  const found = on.has("a")
    ? [...shell.jobs]
    : (specs.length === 0 ? ["%%"] : specs).map((spec) => findJob(shell, spec))
  for (const [i, job] of found.entries()) {
    if (job === undefined) {
      await shell.complain(`disown: ${specs[i] ?? "current"}: no such job`)
      return 1
    }
    job.disowned = true
  }
  return 0
}

export const JOB: BuiltinTable = { wait, jobs, kill, trap, fg: foreground, bg: foreground }
export const BASH_JOB: BuiltinTable = { disown }
