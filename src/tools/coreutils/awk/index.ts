/** awk (POSIX XCU awk). */
import { strerror } from "../../../linux/errno.ts"
import { getopt, getoptMessage } from "../../../shell/getopt.ts"
import { defineTool } from "../../../shell/tool.ts"
import { type Program, readInput } from "../program.ts"
import { AwkError } from "./ast.ts"
import { Interpreter } from "./interpreter.ts"
import { parseAwk } from "./parser.ts"
import { InputText } from "./value.ts"

/** Escapes of -v and -F values. */
const unquoted = (text: string): string =>
  text.replace(/\\([ntr\\"])/g, (_, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? c)

export const awk: Program = () =>
  defineTool("awk", async (proc) => {
    const parsed = getopt(proc.argv, { F: true, v: true, f: true }, true)
    if ("kind" in parsed) {
      await proc.err(getoptMessage("awk", parsed))
      return 2
    }
    const texts: string[] = []
    for (const { name, value } of parsed.options) {
      if (name !== "f") continue
      const read = await readInput(proc, value)
      if ("errno" in read) {
        await proc.err(`awk: cannot open ${value} (${strerror(read.errno)})\n`)
        return 2
      }
      texts.push(new TextDecoder().decode(read.data))
    }
    const operands = [...parsed.operands]
    if (texts.length === 0) {
      const text = operands.shift()
      if (text === undefined) {
        await proc.err("usage: awk [-F value] [-v var=value] [-f program-file | 'program text'] [file ...]\n")
        return 2
      }
      texts.push(text)
    }
    try {
      const awkward = new Interpreter(proc, parseAwk(texts.join("\n")), operands)
      for (const { name, value } of parsed.options) {
        const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(value)
        if (name === "F") awkward.set("FS", value === "t" ? "\t" : unquoted(value))
        else if (name === "v" && assignment !== null)
          awkward.set(assignment[1] as string, new InputText(unquoted(assignment[2] as string)))
      }
      return await awkward.run()
    } catch (error) {
      if (!(error instanceof AwkError)) throw error
      await proc.err(`awk: ${error.message}\n`)
      return 2
    }
  })
