/** Background jobs, and what the shell says about processes that a signal ended. Models jobs.c. */
import type { ExitStatus, Process } from "../linux/task/process.ts"
import { SIGNAL_TEXT, type Signal } from "../linux/task/signal.ts"
import type { Job } from "./flow.ts"
import type { Shell } from "./shell.ts"

export async function startJob(shell: Shell, processes: readonly Process[], text: string): Promise<void> {
  reap(shell)
  // A subshell's first job makes it forget those it was born with.
  for (const job of shell.jobs.filter((one) => one.process.parent !== shell.proc)) forget(shell, job)
  const id = shell.jobs.reduce((most, job) => Math.max(most, job.id), 0) + 1
  const process = processes[processes.length - 1] as Process
  const job: Job = { id, process, processes, text, disowned: false }
  shell.jobs.push(job)
  shell.lastBackground = process.pid
  await shell.onJob?.(job)
}

/** Away from a terminal an ended job is forgotten at the next command; its exit code stays for `wait`. */
export function reap(shell: Shell): void {
  for (const job of shell.jobs.filter(({ process }) => process.status !== undefined)) {
    shell.ended.set(job.process.pid, (job.process.status as ExitStatus).code)
    if (!shell.interactive) forget(shell, job)
  }
}

export function forget(shell: Shell, job: Job): void {
  const at = shell.jobs.indexOf(job)
  if (at >= 0) shell.jobs.splice(at, 1)
  if (job.process.status !== undefined) shell.ended.set(job.process.pid, job.process.status.code)
}

/** `%1`, `%%`, `%+`, `%-`, `%name`, `%?text`, or a pid. */
export function findJob(shell: Shell, spec: string): Job | undefined {
  const listed = shell.jobs.filter((job) => !job.disowned)
  if (!spec.startsWith("%")) return listed.find((job) => job.processes.some(({ pid }) => String(pid) === spec))
  const name = spec.slice(1)
  if (name === "%" || name === "+" || name === "") return listed[listed.length - 1]
  if (name === "-") return listed[listed.length - 2]
  if (/^\d+$/.test(name)) return listed.find((job) => job.id === Number(name))
  return listed.find((job) => (name.startsWith("?") ? job.text.includes(name.slice(1)) : job.text.startsWith(name)))
}

/** A line of `jobs`. */
export function jobLine(shell: Shell, job: Job, withPid = false): string {
  const listed = shell.jobs.filter((other) => !other.disowned)
  const mark = job === listed[listed.length - 1] ? "+" : job === listed[listed.length - 2] ? "-" : " "
  const running = job.process.status === undefined
  const pid = withPid ? `${String(job.process.pid).padStart(5)} ` : " "
  return `[${job.id}]${mark} ${pid}${stateOf(job).padEnd(24)}${job.text}${running ? " &" : ""}\n`
}

function stateOf({ process: { status } }: Job): string {
  if (status === undefined) return "Running"
  if (status.signal !== undefined) return SIGNAL_TEXT[status.signal]
  return status.code === 0 ? "Done" : `Exit ${status.code}`
}

/** Signals whose work needs no words. */
const QUIET: ReadonlySet<Signal> = new Set(["SIGINT", "SIGPIPE", "SIGTERM"])

/** Says that a signal ended a process, as bash does for scripts; `foreground` jobs are mentioned for SIGTERM too. */
export async function report(
  shell: Shell,
  process: Process,
  status: ExitStatus,
  text: string,
  foreground = true,
): Promise<void> {
  const { signal } = status
  if (signal === undefined || shell.substitutionDepth > 0) return
  if (!shell.isBash || shell.interactive) {
    if ((foreground || !shell.isBash) && signal !== "SIGINT" && signal !== "SIGPIPE")
      await shell.proc.err(`${SIGNAL_TEXT[signal]}\n`)
    return
  }
  if (!QUIET.has(signal))
    await shell.proc.err(
      `${shell.source}: line ${shell.line}: ${String(process.pid).padStart(5)} ${SIGNAL_TEXT[signal].padEnd(24)}${text}\n`,
    )
  else if (foreground && signal === "SIGTERM") await shell.proc.err(`${SIGNAL_TEXT[signal]}\n`)
}
