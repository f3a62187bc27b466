/** Options as getopt_long(3) reads them. */

/** Short letters and long names; `true` takes an argument. */
export type OptionTable = Readonly<Record<string, boolean>>

export interface ParsedOptions {
  /** In the order given; `name` is the letter or the long name. */
  options: { name: string; value: string }[]
  operands: string[]
}

export interface OptionProblem {
  kind: "unknown" | "unrecognized" | "missing" | "missing-long" | "superfluous"
  name: string
  /** What was read before it. */
  before?: ParsedOptions["options"]
}

/** Reads options anywhere among the operands, as GNU programs do; `posix` stops at the first operand. */
export function getopt(argv: readonly string[], table: OptionTable, posix = false): ParsedOptions | OptionProblem {
  const parsed: ParsedOptions = { options: [], operands: [] }
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] as string
    if (word === "--") {
      parsed.operands.push(...argv.slice(at + 1))
      break
    }
    if (word.startsWith("--")) {
      const problem = long(word.slice(2), argv, at, table, parsed)
      if (typeof problem === "object") return { ...problem, before: parsed.options }
      at += problem
    } else if (word.startsWith("-") && word.length > 1) {
      const problem = short(word.slice(1), argv, at, table, parsed)
      if (typeof problem === "object") return { ...problem, before: parsed.options }
      at += problem
    } else if (posix) {
      parsed.operands.push(...argv.slice(at))
      break
    } else parsed.operands.push(word)
  }
  return parsed
}

/** Returns how many following words it took. */
function long(
  text: string,
  argv: readonly string[],
  at: number,
  table: OptionTable,
  parsed: ParsedOptions,
): number | OptionProblem {
  const equals = text.indexOf("=")
  const typed = equals < 0 ? text : text.slice(0, equals)
  const candidates = Object.keys(table).filter((key) => key.length > 1 && key.startsWith(typed))
  const name =
    typed.length > 1 && typed in table ? typed : candidates.length === 1 ? (candidates[0] as string) : undefined
  if (name === undefined) return { kind: "unrecognized", name: `--${typed}` }
  const takes = table[name] as boolean
  if (!takes && equals >= 0) return { kind: "superfluous", name: `--${name}` }
  if (!takes || equals >= 0) {
    parsed.options.push({ name, value: equals < 0 ? "" : text.slice(equals + 1) })
    return 0
  }
  const value = argv[at + 1]
  if (value === undefined) return { kind: "missing-long", name: `--${name}` }
  parsed.options.push({ name, value })
  return 1
}

function short(
  letters: string,
  argv: readonly string[],
  at: number,
  table: OptionTable,
  parsed: ParsedOptions,
): number | OptionProblem {
  for (let i = 0; i < letters.length; i++) {
    const name = letters[i] as string
    const takes = table[name]
    if (takes === undefined) return { kind: "unknown", name }
    if (!takes) {
      parsed.options.push({ name, value: "" })
      continue
    }
    const rest = letters.slice(i + 1)
    const value = rest === "" ? argv[at + 1] : rest
    if (value === undefined) return { kind: "missing", name }
    parsed.options.push({ name, value })
    return rest === "" ? 1 : 0
  }
  return 0
}

/** glibc's sentence for a problem. */
export function getoptMessage(program: string, problem: OptionProblem): string {
  switch (problem.kind) {
    case "unknown":
      return `${program}: invalid option -- '${problem.name}'\n`
    case "missing":
      return `${program}: option requires an argument -- '${problem.name}'\n`
    case "missing-long":
      return `${program}: option '${problem.name}' requires an argument\n`
    case "superfluous":
      return `${program}: option '${problem.name}' doesn't allow an argument\n`
    default:
      return `${program}: unrecognized option '${problem.name}'\n`
  }
}
