/** How programs answer who asks for their help or their version, and who calls them wrongly. */
import type { Process } from "../../linux/task/process.ts"
import { getoptMessage, type OptionProblem, type ParsedOptions } from "../../shell/getopt.ts"
import { busyboxUsage, helpOf, lists } from "../help/index.ts"
import type { Style } from "./program.ts"

export interface Manners {
  /** Exit code after a wrong option (1). */
  usageCode?: number
  /** busybox's exit code then (1). */
  busyboxCode?: number
  /** Letters that mean `--help` and `--version`; their values are those of an option table. */
  letters?: Readonly<Partial<Record<"h" | "V", false>>>
  /** The real program knows no long options. */
  lettersOnly?: boolean
  /** What follows the complaint about a wrong option; a pointer to the help unless it says otherwise. */
  afterWrongOption?: (name: string, help: string) => string
  /** It reads all its words before it helps. */
  helpLast?: boolean
  /** Exit code of a help that was asked for (0). */
  helpCode?: number
}

export const tryHelp = (name: string): string => `Try '${name} --help' for more information.\n`

/** Whoever asks for the help or the version gets it, whatever comes after. Undefined: nobody asked. */
export async function answer(
  proc: Process,
  style: Style,
  name: string,
  parsed: ParsedOptions | OptionProblem,
  { letters = {}, helpCode = 0, helpLast = false }: Manners,
): Promise<number | undefined> {
  if (style === "busybox") {
    if (proc.argv.length !== 2 || proc.argv[1] !== "--help") return undefined
    await proc.err(await busyboxUsage(proc, name))
    return 0
  }
  if ("kind" in parsed && helpLast) return undefined
  const given = ("kind" in parsed ? parsed.before : parsed.options) ?? []
  const asked = given.find(({ name: option }) => option === "help" || option === "version" || option in letters)?.name
  if (asked === undefined) return undefined
  const { help, version } = await helpOf(proc, name)
  const wantsHelp = asked === "help" || asked === "h"
  await proc.out(wantsHelp ? help : (version ?? ""))
  return wantsHelp ? helpCode : 0
}

/** Of programs that take these words only alone, as `echo` does. */
export async function answerAlone(proc: Process, style: Style, name: string): Promise<number | undefined> {
  const [, word] = proc.argv
  if (proc.argv.length !== 2 || (word !== "--help" && word !== "--version")) return undefined
  if (style === "busybox") {
    if (word === "--version") return undefined
    await proc.err(await busyboxUsage(proc, name))
    return 0
  }
  const { help, version } = await helpOf(proc, name)
  await proc.out(word === "--help" ? help : (version ?? ""))
  return 0
}

/** getopt(3) sees the second dash of `--word` as an option. */
const asLetter = (problem: OptionProblem): OptionProblem =>
  problem.kind === "unrecognized" ? { kind: "unknown", name: "-" } : problem

/** Complains about an option. What the real program has is said to be missing here. */
export async function complain(
  proc: Process,
  style: Style,
  name: string,
  problem: OptionProblem,
  { usageCode = 1, busyboxCode = 1, afterWrongOption = tryHelp, lettersOnly = false }: Manners,
): Promise<number> {
  const help = style === "gnu" ? (await helpOf(proc, name)).help : await busyboxUsage(proc, name)
  const option = problem.kind === "unknown" ? `-${problem.name}` : problem.name
  if ((problem.kind === "unknown" || problem.kind === "unrecognized") && lists(help, option)) {
    await proc.err(`${name}: podwire does not support option '${option}'\n`)
    return Math.max(1, style === "gnu" ? usageCode : busyboxCode)
  }
  await proc.err(
    getoptMessage(name, style === "gnu" && lettersOnly ? asLetter(problem) : problem) +
      (style === "gnu" ? afterWrongOption(name, help) : help),
  )
  return style === "gnu" ? usageCode : busyboxCode
}

/** Wrong operands: a complaint with the pointer to the help, or busybox's usage alone. */
export async function misuse(
  proc: Process,
  style: Style,
  name: string,
  message: string,
  code: number,
): Promise<number> {
  await proc.err(style === "gnu" ? `${name}: ${message}\n${tryHelp(name)}` : await busyboxUsage(proc, name))
  return style === "gnu" ? code : 1
}
