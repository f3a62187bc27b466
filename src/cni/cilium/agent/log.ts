/** Log lines of Cilium's programs: Go's log/slog in text form. Models pkg/logging of 1.18. */
import { timestamp } from "../../../kube/api/time.ts"
import type { Process } from "../../../linux/task/process.ts"

export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal"
export type LogFields = Readonly<Record<string, string | number | boolean>>

/** Writes one line to the program's standard error; `module` is a path: `agent.controlplane.policy`. */
export type Log = (level: LogLevel, message: string, module: string, fields?: LogFields) => void

/** RFC 3339 with nanoseconds, zeros at the end left out. */
function instant(clock: { readonly now: number; readonly epoch: number }): string {
  const nanos = String(Math.floor(clock.now) % 1e9)
    .padStart(9, "0")
    .replace(/0+$/, "")
  return `${timestamp(clock).slice(0, -1)}${nanos === "" ? "" : `.${nanos}`}Z`
}

/** A value as slog's text handler writes it: quoted when it has to be. */
const shown = (value: string | number | boolean): string => {
  const text = String(value)
  return text === "" || /[\s"=]/.test(text) || /[^\u0020-\u007e]/.test(text) ? JSON.stringify(text) : text
}

/** The log of a process. Lines appear in order; nobody waits for them. */
export function logOf(proc: Process): Log {
  const file = proc.fds.get(2)
  const encoder = new TextEncoder()
  return (level, message, module, fields = {}) => {
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${shown(value)}`)
    const place = module === "" ? "" : ` module=${module}`
    const line = `time=${instant(proc.kernel.sim)} level=${level} msg=${shown(message)}${place}${rest.join("")}\n`
    void file?.write(proc, encoder.encode(line))
  }
}
