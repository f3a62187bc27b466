/** test and [ as programs: the shell's own builtins. */

import { BUILTINS } from "../../shell/builtins.ts"
import { Shell } from "../../shell/shell.ts"
import { defineTool } from "../../shell/tool.ts"
import { answerAlone } from "./manners.ts"
import type { Program } from "./program.ts"

const builtin =
  (name: "test" | "["): Program =>
  (style) =>
    defineTool(name, async (proc) => {
      const answered = name === "[" ? await answerAlone(proc, style, name) : undefined
      if (answered !== undefined) return answered
      const shell = new Shell(proc, { name, numbered: false }, name, [])
      return (await BUILTINS.get(name)?.run(shell, [name, ...proc.argv.slice(1)])) ?? 2
    })

export const test: Program = builtin("test")
export const bracket: Program = builtin("[")
