/** The smallest programs: echo printf printenv true false clear. */
import { formatPrintf, unescapeText } from "../../shell/printf.ts"
import { defineTool } from "../../shell/tool.ts"
import { helpOf } from "../help/index.ts"
import { answerAlone, misuse } from "./manners.ts"
import { type Program, program, unsupported } from "./program.ts"

export const echo: Program = (style) =>
  defineTool("echo", async (proc) => {
    const answered = await answerAlone(proc, style, "echo")
    if (answered !== undefined) return answered
    let at = 1
    let [newline, escapes] = [true, false]
    for (; /^-[neE]+$/.test(proc.argv[at] ?? ""); at++)
      for (const letter of (proc.argv[at] as string).slice(1)) {
        if (letter === "n") newline = false
        else escapes = letter === "e"
      }
    const plain = proc.argv.slice(at).join(" ")
    const { text, stop } = escapes ? unescapeText(plain, "zero") : { text: plain, stop: false }
    await proc.out(text + (newline && !stop ? "\n" : ""))
    return 0
  })

export const printf: Program = (style) =>
  defineTool("printf", async (proc) => {
    const answered = await answerAlone(proc, style, "printf")
    if (answered !== undefined) return answered
    const [format, ...args] = proc.argv.slice(proc.argv[1] === "--" ? 2 : 1)
    if (format === undefined) return misuse(proc, style, "printf", "missing operand", 1)
    const { text, errors } = formatPrintf(format, args)
    await proc.out(text)
    for (const error of errors)
      await proc.err(`printf: ${error.replace(/^(.*): invalid number$/, "'$1': expected a numeric value")}\n`)
    if (style === "gnu" && !/%/.test(format.replaceAll("%%", "")) && args.length > 0)
      await proc.err(`printf: warning: ignoring excess arguments, starting with '${args[0]}'\n`)
    return errors.length > 0 ? 1 : 0
  })

export const printenv: Program = program("printenv", {
  plainInBusybox: true,
  options: { 0: false, null: false },
  usageCode: 2,
  run: async (proc, options) => {
    const end = options.has("0", "null") ? "\0" : "\n"
    let code = 0
    if (options.operands.length === 0) for (const [key, value] of proc.env) await proc.out(`${key}=${value}${end}`)
    for (const name of options.operands) {
      const value = proc.env.get(name)
      if (value === undefined) code = 1
      else await proc.out(`${value}${end}`)
    }
    return code
  },
})

/** What a terminal of this type does when it is cleared: the screen, and the lines that were scrolled away. */
export const clear: Program = program("clear", {
  plainInBusybox: true,
  options: { x: false, T: true },
  letters: { V: false },
  lettersOnly: true,
  afterWrongOption: (_, help) => help.slice(help.indexOf("Usage")),
  run: async (proc, options) => {
    if (options.style === "gnu" && options.operands.length > 0) {
      const { help } = await helpOf(proc, "clear")
      await proc.err(help.slice(help.indexOf("Usage")))
      return 1
    }
    const terminal =
      options.value("T") ?? proc.env.get("TERM") ?? (proc.fds.get(1)?.isTty === true ? "xterm" : undefined)
    if (options.style === "gnu" && terminal === undefined) {
      await proc.err("TERM environment variable not set.\n")
      return 1
    }
    if (options.style === "gnu" && !/^(xterm|screen|tmux|vt100|linux)/.test(terminal ?? ""))
      return unsupported(proc, "clear", `the terminal type '${terminal}'`)
    await proc.out(options.style === "busybox" ? "\x1b[H\x1b[J" : `\x1b[H\x1b[2J${options.has("x") ? "" : "\x1b[3J"}`)
    return 0
  },
})

const exits =
  (name: string, code: number): Program =>
  (style) =>
    defineTool(name, async (proc) => {
      await answerAlone(proc, style, name)
      return code
    })

const trueProgram: Program = exits("true", 0)
const falseProgram: Program = exits("false", 1)

export { falseProgram as false, trueProgram as true }
