/** sed: the stream editor (POSIX XCU sed, with GNU's additions that people type). */
import { strerror } from "../../../linux/errno.ts"
import type { Process } from "../../../linux/task/process.ts"
import { busyboxUsage, helpOf } from "../../help/index.ts"
import { LineReader, type Options, openInput, type Program, program, readInput } from "../program.ts"
import { Editor } from "./editor.ts"
import { parseSed, SedError } from "./script.ts"

/** Whoever uses it wrongly is not asked to report a bug. */
const afterWrongOption = (_: string, help: string): string => help.replace(/E-mail bug reports to: .*\n$/, "")

export const sed: Program = program("sed", {
  options: {
    n: false,
    e: true,
    f: true,
    E: false,
    r: false,
    i: false,
    s: false,
    u: false,
    z: false,
    quiet: false,
    silent: false,
    expression: true,
    file: true,
    "regexp-extended": false,
    "in-place": false,
    separate: false,
    unbuffered: false,
  },
  afterWrongOption,
  // -i and its suffix are one word: getopt's optional argument.
  rewrite: (argv) =>
    argv.map((word, i) =>
      i > 0 && /^(-i.+|--in-place=.*)$/.test(word) && !/^-i[nEr]*$/.test(word)
        ? `--file=\0${word.replace(/^(-i|--in-place=)/, "")}`
        : word,
    ),
  run: async (proc, options) => {
    try {
      return await sedMain(proc, options)
    } catch (error) {
      if (!(error instanceof SedError)) throw error
      await proc.err(`sed: ${error.message}\n`)
      return 1
    }
  },
})

async function sedMain(proc: Process, options: Options): Promise<number> {
  const suffix = options
    .values("file")
    .find((value) => value.startsWith("\0"))
    ?.slice(1)
  const inPlace = options.has("i", "in-place") || suffix !== undefined
  const parts: string[] = [...options.values("e", "expression")]
  for (const name of options.values("f", "file").filter((value) => !value.startsWith("\0"))) {
    const read = await readInput(proc, name)
    if ("errno" in read) throw new SedError(`couldn't open file ${name}: ${strerror(read.errno)}`)
    parts.push(new TextDecoder().decode(read.data))
  }
  const operands = [...options.operands]
  const first = parts.length === 0 ? operands.shift() : undefined
  if (parts.length === 0 && first === undefined) {
    await proc.err(
      options.style === "gnu"
        ? afterWrongOption("sed", (await helpOf(proc, "sed")).help)
        : await busyboxUsage(proc, "sed"),
    )
    return 1
  }
  const commands = parseSed(first ?? parts.join("\n"), options.has("E", "r", "regexp-extended"))
  const editor = new Editor(
    proc,
    commands,
    options.has("n", "quiet", "silent"),
    options.has("s", "separate") || inPlace,
  )
  for (const operand of operands.length === 0 ? ["-"] : operands) {
    const file = openInput(proc, operand)
    if (typeof file === "string") {
      await proc.err(
        file === "EISDIR"
          ? `sed: couldn't edit ${operand}: not a regular file\n`
              .replace("couldn't edit", inPlace ? "couldn't edit" : "read error on")
              .replace(/: not a regular file\n$/, inPlace ? ": not a regular file\n" : ": Is a directory\n")
          : `sed: can't read ${operand}: ${strerror(file)}\n`,
      )
      editor.status = 2
    } else editor.add(operand, new LineReader(proc, file))
  }
  return inPlace ? editor.runInPlace(suffix) : editor.run()
}
