/** awk (POSIX XCU awk). */
import { strerror } from "../../../linux/errno.ts"
import { getopt, getoptMessage } from "../../../shell/getopt.ts"
import { defineTool } from "../../../shell/tool.ts"
import { busyboxUsage, helpOf } from "../../help/index.ts"
import { type Program, readInput } from "../program.ts"
import { AwkError } from "./ast.ts"
import { Interpreter } from "./interpreter.ts"
import { parseAwk } from "./parser.ts"
import { InputText } from "./value.ts"

/** Escapes of -v and -F values. */
const unquoted = (text: string): string =>
  text.replace(/\\([ntr\\"])/g, (_, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? c)

export const awk: Program = (style) =>
  defineTool("awk", async (proc) => {
    const parsed = getopt(proc.argv, { F: true, v: true, f: true }, true)
    if (style === "busybox" && proc.argv.length === 2 && proc.argv[1] === "--help") {
      await proc.err(await busyboxUsage(proc, "awk"))
      return 0
    }
    if ("kind" in parsed) {
      const wrong = parsed.kind.startsWith("missing") ? parsed.name : proc.argv.find((word) => /^-./.test(word))
      await proc.err(
        style === "busybox"
          ? getoptMessage("awk", parsed) + (await busyboxUsage(proc, "awk"))
          : proc.argv[1]?.startsWith("-W") === true
            ? "awk: podwire does not support option '-W'\n"
            : `awk: not an option: ${wrong}\n`,
      )
      return style === "busybox" ? 1 : 2
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
        await proc.err(style === "gnu" ? (await helpOf(proc, "awk")).help : await busyboxUsage(proc, "awk"))
        return style === "gnu" ? 0 : 1
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
