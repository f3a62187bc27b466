/** What came of one cell on tslab: its outputs as it published them, and what is wrong with them. */
import { failureOf } from "../notebook/failure.ts"
import { type Cell, hasTag, type Output } from "../notebook/ipynb.ts"
import type { RunCell } from "./cell-lines.ts"
import type { CellStatus, KernelMessage } from "./tslab-kernel.ts"

/** In bytes of base64 or text: a notebook is read, cloned and compared. */
const DISPLAY_MAX = 262_144

const INTERRUPTED = /^Error: (Script execution was interrupted by|Interrupted asynchronously)/

/** What came of one cell. */
export interface Ran extends RunCell {
  cell: Cell
  status: CellStatus
  outputs: Output[]
  /** Something came after its end. */
  late: boolean
}

/** Adds what the kernel published to a cell's outputs. */
export function collect(message: KernelMessage, outputs: Output[]): void {
  const { content } = message
  if (message.type === "stream")
    outputs.push({
      output_type: "stream",
      name: content["name"] === "stderr" ? "stderr" : "stdout",
      text: String(content["text"]),
    })
  else if (message.type === "display_data")
    outputs.push({ output_type: "display_data", data: content["data"] as Record<string, unknown>, metadata: {} })
  else if (message.type === "update_display_data") {
    const last = outputs.findLast((output) => output.output_type === "display_data")
    if (last?.output_type === "display_data") last.data = content["data"] as Record<string, unknown>
  }
}

/** Puts an error output where tslab only wrote text, or nothing at all. */
export function asError(result: Ran, timeout: number, locate: Parameters<typeof failureOf>[2]): void {
  const { outputs, id, status } = result
  if (status === "timeout" || status === "dead") {
    // What the interrupt itself says is about the kernel.
    const last = outputs[outputs.length - 1]
    if (last?.output_type === "stream" && INTERRUPTED.test(last.text)) outputs.pop()
    const seconds = timeout / 1000
    const [ename, evalue] =
      status === "timeout"
        ? ["TimeoutError", `cell ${id} ran longer than ${seconds} s and was interrupted`]
        : [
            "KernelDied",
            `the kernel ended in cell ${id}: the cell ended it, or ran longer than ${seconds} s and could not be interrupted`,
          ]
    outputs.push({ output_type: "error", ename, evalue, traceback: [] })
    return
  }
  const start = outputs.findLastIndex((output) => output.output_type !== "stream" || output.name !== "stderr") + 1
  const texts = outputs.slice(start).map((output) => (output as { text: string }).text)
  const failure = failureOf(texts, id, locate)
  if (failure !== undefined) outputs.splice(outputs.length - failure.taken, failure.taken, failure.error)
  else
    outputs.push({
      output_type: "error",
      ename: "Error",
      evalue: "tslab reported a failure and no reason",
      traceback: [],
    })
}

/** Why a cell failed, in a line: `undefined` when it ended well, or failed as its `raises-exception` tag says. */
export function reasonOf({ cell, status, outputs, late }: Ran): string | undefined {
  if (late) return "something it started printed after its end: await it"
  const large = outputs.find((output) => "data" in output && JSON.stringify(output.data).length > DISPLAY_MAX)
  if (large !== undefined) return `an output of more than ${DISPLAY_MAX / 1024} kB`
  if (status === "ok")
    return hasTag(cell, "raises-exception") ? "tagged raises-exception, and nothing was thrown" : undefined
  if (status === "error" && hasTag(cell, "raises-exception")) return undefined
  const error = outputs.findLast((output) => output.output_type === "error")
  if (error === undefined) return status
  // A compiler message names its place; an exception's is in the first frame.
  const place = error.traceback.find((line) => /^\s+at /.test(line))?.trim()
  const said = error.ename === "TypeScriptError" ? error.evalue : `${error.ename}: ${error.evalue}`
  return place === undefined ? said : `${said} ${place}`
}
