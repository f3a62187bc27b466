/** `trap`: what a shell does when a signal comes, and at its end. Models trap.c. */

import { parseSignal, type Signal } from "../linux/task/signal.ts"
import { WaitQueue } from "../sim/task.ts"
import type { Shell } from "./shell.ts"

/** Conditions that are no signals, and that podwire has. */
const PSEUDO: ReadonlySet<string> = new Set(["EXIT", "ERR", "RETURN"])

export class Traps {
  readonly #shell: Shell
  readonly #actions = new Map<string, string>()
  readonly #pending: Signal[] = []
  /** Wakes `wait`. */
  readonly arrived: WaitQueue = new WaitQueue()
  #running = false

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** The name a trap is kept under: `EXIT`, `SIGTERM`; undefined for no condition at all. */
  static condition(text: string): string | undefined {
    if (text === "0") return "EXIT"
    const upper = text.toUpperCase()
    if (PSEUDO.has(upper)) return upper
    return parseSignal(text)
  }

  /** Actions in the order `trap` lists them. */
  list(): [string, string][] {
    return [...this.#actions]
  }

  get(condition: string): string | undefined {
    return this.#actions.get(condition)
  }

  set(condition: string, action: string): void {
    this.#actions.set(condition, action)
    if (PSEUDO.has(condition)) return
    const signal = condition as Signal
    const { proc } = this.#shell
    if (action === "") proc.ignore(signal)
    else
      proc.on(signal, () => {
        this.#pending.push(signal)
        this.arrived.wake()
      })
  }

  reset(condition: string): void {
    this.#actions.delete(condition)
    if (!PSEUDO.has(condition)) this.#shell.proc.off(condition as Signal)
  }

  /** The EXIT action, which runs once. */
  takeExit(): string | undefined {
    const action = this.#actions.get("EXIT")
    this.#actions.delete("EXIT")
    return action
  }

  get pending(): Signal | undefined {
    return this.#pending[0]
  }

  /** Runs the actions of the signals that came, between two commands. */
  async runPending(): Promise<void> {
    while (this.#pending.length > 0) await this.run(this.#pending.shift() as Signal)
  }

  /** Runs an action; the command's status stays what it was. */
  async run(condition: string): Promise<void> {
    const action = this.#actions.get(condition)
    if (action === undefined || action === "") return
    if (condition === "ERR" && this.#running) return
    const shell = this.#shell
    const { status, pipeStatus } = shell
    this.#running = condition === "ERR"
    try {
      await shell.script(action, "eval")
    } finally {
      this.#running = false
    }
    shell.status = status
    shell.pipeStatus = pipeStatus
  }
}
