/** sleep: what most containers of a lab do. */
import { SECOND } from "../../sim/simulation.ts"
import { misuse, type Program, program } from "./program.ts"

/** `1.5`, `2m`, `1h`, `infinity` in nanoseconds. */
export function duration(text: string): number | undefined {
  if (text === "infinity" || text === "inf") return Number.POSITIVE_INFINITY
  const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * { "": 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] as "" | "s"] * SECOND
}

export const sleep: Program = program("sleep", {
  plainInBusybox: true,
  options: {},
  run: async (proc, options) => {
    if (options.operands.length === 0) return misuse(proc, options, "missing operand")
    let total = 0
    for (const operand of options.operands) {
      const part = duration(operand)
      if (part === undefined) {
        if (options.style === "gnu") return misuse(proc, options, `invalid time interval '${operand}'`)
        await proc.err(`sleep: invalid number '${operand}'\n`)
        return 1
      }
      total += part
    }
    await proc.task.wait([], total)
    return 0
  },
})
