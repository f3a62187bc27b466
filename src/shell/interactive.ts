/** A shell at a terminal: prompts, commands over several lines, jobs' ends, Ctrl-C. Models bash's eval.c reader_loop and jobs.c. */
import type { Process } from "../linux/task/process.ts"
import { ProcessExit } from "../linux/task/process.ts"
import { SIGNAL_TEXT } from "../linux/task/signal.ts"
import { Interrupted, type Job } from "./flow.ts"
import { isOpen } from "./parser.ts"
import type { Shell } from "./shell.ts"

/** Reads and runs commands until the input ends or the shell is told to exit; returns its exit code. */
export async function interact(shell: Shell): Promise<number> {
  const { proc } = shell
  if (shell.get("PS1") === undefined) shell.set("PS1", shell.options.numbered ? "\\u@\\h:\\w\\$ " : "\\w \\$ ")
  if (shell.get("PS2") === undefined) shell.set("PS2", "> ")
  shell.interactive = true
  shell.onJob = (job) => proc.err(`[${job.id}] ${job.process.pid}\n`)
  proc.on("SIGINT", () => onInterrupt(shell))
  for (;;) {
    try {
      const text = await readCommand(shell)
      if (text === undefined) break
      await shell.script(text)
    } catch (thrown) {
      if (thrown instanceof ProcessExit) return sayExit(shell, thrown)
      if (thrown instanceof Interrupted) shell.status = 130
      else shell.status = await shell.caught(thrown)
    }
    await reportEnded(shell)
  }
  return sayExit(shell, new ProcessExit({ code: shell.status }))
}

async function sayExit(shell: Shell, exit: ProcessExit): Promise<number> {
  if (shell.options.numbered && exit.status.signal === undefined) await shell.proc.err("exit\n")
  return shell.leave(exit)
}

/**
 * Ctrl-C goes to the foreground job, and the shell waits for that to end; without one it ends what the shell itself is doing: the line at a
 * prompt, a script altogether.
 */
export function onInterrupt(shell: Shell): void {
  const { proc } = shell
  const waiting = [...proc.children].some((child) => child.status === undefined && child.group === proc.group)
  if (waiting) shell.sigint = true
  else if (shell.interactive) proc.interrupt(new Interrupted())
  else {
    proc.off("SIGINT")
    proc.kill("SIGINT")
  }
}

/** A whole command, over as many lines as it takes; `undefined` at the end of the input. */
async function readCommand(shell: Shell): Promise<string | undefined> {
  let text = ""
  for (;;) {
    await shell.proc.err(expandPrompt(shell, text === "" ? "PS1" : "PS2"))
    const line = await readLine(shell.proc)
    if (line === undefined) return text === "" ? undefined : text
    text += line
    if (!isUnfinished(text)) return text
  }
}

/** One line with its break, and no byte more: what follows may be for the programs that the line starts. */
async function readLine(proc: Process): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let line = ""
  for (;;) {
    const byte = await proc.read(0, 1)
    if (byte.length === 0) return line === "" ? undefined : line
    line += decoder.decode(byte, { stream: true })
    if (line.endsWith("\n")) return line
  }
}

/** True when more lines are needed: an open quote, bracket, loop, here-document, or a backslash at the end. */
export function isUnfinished(text: string): boolean {
  if (/(^|[^\\])(\\\\)*\\\n$/.test(text)) return true
  return isOpen(text)
}

/** Says which background jobs have ended, as before every prompt. */
async function reportEnded(shell: Shell): Promise<void> {
  const { jobs } = shell
  for (const job of jobs.filter(({ process }) => process.status !== undefined)) {
    const mark = job === jobs[jobs.length - 1] ? "+" : job === jobs[jobs.length - 2] ? "-" : " "
    await shell.proc.err(`[${job.id}]${mark}  ${endOf(job).padEnd(24)}${job.text}\n`)
    jobs.splice(jobs.indexOf(job), 1)
  }
}

function endOf({ process: { status } }: Job): string {
  if (status?.signal !== undefined) return SIGNAL_TEXT[status.signal]
  return status?.code === 0 ? "Done" : `Exit ${status?.code ?? 0}`
}

/** PS1's escapes (bash(1), PROMPTING) that need no clock and no terminal. Others stay as they are. */
function expandPrompt(shell: Shell, name: "PS1" | "PS2"): string {
  const { proc } = shell
  const home = shell.get("HOME") ?? ""
  const directory =
    home !== "" && (proc.cwd === home || proc.cwd.startsWith(`${home}/`)) ? `~${proc.cwd.slice(home.length)}` : proc.cwd
  const values: Readonly<Record<string, string>> = {
    u: shell.get("USER") ?? (proc.uid === 0 ? "root" : String(proc.uid)),
    h: proc.hostname.split(".")[0] ?? "",
    H: proc.hostname,
    w: directory,
    W: directory === "~" || directory === "/" ? directory : (directory.split("/").pop() ?? ""),
    $: proc.uid === 0 ? "#" : "$",
    s: shell.options.name,
    n: "\n",
    "\\": "\\",
    "[": "",
    "]": "",
  }
  return (shell.get(name) ?? "").replace(/\\(.)/g, (whole, letter: string) => values[letter] ?? whole)
}
