/** `[[ … ]]`, and the tests it shares with `test` and `[` (bash(1), CONDITIONAL EXPRESSIONS). */
import type { Condition } from "./ast.ts"
import { expandPattern, expandPieces, expandText } from "./expand.ts"
import { ExpansionError } from "./expansion.ts"
import { matches } from "./pattern.ts"
import { posixRegex, RegexError } from "./posix-regex.ts"
import { shellQuote } from "./print.ts"
import type { Shell } from "./shell.ts"
import type { Word } from "./token.ts"

export async function evaluateCondition(shell: Shell, condition: Condition): Promise<boolean> {
  switch (condition.type) {
    case "and":
      return (await evaluateCondition(shell, condition.left)) && evaluateCondition(shell, condition.right)
    case "or":
      return (await evaluateCondition(shell, condition.left)) || evaluateCondition(shell, condition.right)
    case "not":
      return !(await evaluateCondition(shell, condition.operand))
    case "group":
      return evaluateCondition(shell, condition.operand)
    case "word": {
      const text = await expandText(condition.word, shell)
      await trace(shell, "-n", shellQuote(text))
      return text !== ""
    }
    case "unary": {
      const operand = await expandText(condition.operand, shell)
      await trace(shell, condition.operator, shellQuote(operand))
      return unaryTest(shell, condition.operator, operand)
    }
    case "binary":
      return binary(shell, condition.operator, condition.left, condition.right)
  }
}

async function trace(shell: Shell, ...words: string[]): Promise<void> {
  if (shell.flags.has("xtrace")) await shell.runner.trace([], ["[[", ...words, "]]"])
}

async function binary(shell: Shell, operator: string, left: Word, right: Word): Promise<boolean> {
  const a = await expandText(left, shell)
  if (operator === "=~") return regularExpression(shell, a, right)
  if (operator === "=" || operator === "==" || operator === "!=") {
    const pattern = await expandPattern(right, shell)
    await trace(shell, shellQuote(a), operator, pattern)
    return matches(a, pattern, true) === (operator !== "!=")
  }
  const b = await expandText(right, shell)
  await trace(shell, shellQuote(a), operator, shellQuote(b))
  if (/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) return compare(operator, shell.runner.number(a), shell.runner.number(b))
  return binaryTest(shell, operator, a, b)
}

async function regularExpression(shell: Shell, text: string, word: Word): Promise<boolean> {
  const source = (await expandPieces(word, shell))
    .map((piece) => (piece.quoted ? piece.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : piece.text))
    .join("")
  await trace(shell, shellQuote(text), "=~", source)
  try {
    const match = posixRegex(source, { extended: true }).exec(text)
    shell.variables.setItems("BASH_REMATCH", new Map((match ?? []).map((group, i) => [i, group ?? ""])))
    return match !== null
  } catch (error) {
    // bash's status for a pattern that is none is 2, without a word.
    if (error instanceof RegexError)
      throw new ExpansionError(`[[: invalid regular expression \`${source}': ${error.message}`)
    throw error
  }
}

export function unaryTest(shell: Shell, operator: string, value: string): boolean {
  if (operator === "-z") return value === ""
  if (operator === "-n") return value !== ""
  if (operator === "-t") return shell.proc.fds.get(Number(value))?.isTty === true
  if (operator === "-o") return shell.flags.has(value)
  if (operator === "-v") return isSet(shell, value)
  if (value === "") return false
  const follows = operator !== "-L" && operator !== "-h"
  const stat = shell.fs.stat(shell.proc.path(value), follows)
  if (typeof stat === "string") return false
  switch (operator) {
    case "-d":
      return stat.type === "directory"
    case "-f":
      return stat.type === "file"
    case "-s":
      return stat.size > 0
    case "-x":
      return stat.executable || stat.type === "directory"
    case "-L":
    case "-h":
      return stat.type === "symlink"
    case "-c":
      return stat.type === "device"
    case "-u":
      return (stat.mode & 0o4000) !== 0
    case "-g":
      return (stat.mode & 0o2000) !== 0
    case "-k":
      return (stat.mode & 0o1000) !== 0
    case "-O":
      return stat.uid === shell.proc.uid
    case "-r":
    case "-w":
      return (
        shell.proc.uid === 0 || stat.uid === shell.proc.uid || (stat.mode & (operator === "-r" ? 0o004 : 0o002)) !== 0
      )
    case "-b":
    case "-p":
    case "-S":
      return false
    default:
      return true
  }
}

function isSet(shell: Shell, name: string): boolean {
  const item = /^(\w+)\[(.+)\]$/.exec(name)
  if (item === null) return shell.get(name) !== undefined
  return shell.valueOf(item[1] as string, shell.runner.number(item[2] as string)) !== undefined
}

/** Comparisons of strings and files; numbers are the caller's. */
export function binaryTest(shell: Shell, operator: string, a: string, b: string): boolean {
  switch (operator) {
    case "=":
    case "==":
      return a === b
    case "!=":
      return a !== b
    case "<":
      return a < b
    case ">":
      return a > b
    default:
      return compareFiles(shell, operator, a, b)
  }
}

function compareFiles(shell: Shell, operator: string, a: string, b: string): boolean {
  const [x, y] = [shell.fs.stat(shell.proc.path(a)), shell.fs.stat(shell.proc.path(b))]
  if (operator === "-ef")
    return typeof x !== "string" && shell.fs.node(shell.proc.path(a)) === shell.fs.node(shell.proc.path(b))
  const [first, second] = operator === "-nt" ? [x, y] : [y, x]
  if (typeof first === "string") return false
  return typeof second === "string" || first.mtime > second.mtime
}

export function compare(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case "-eq":
      return a === b
    case "-ne":
      return a !== b
    case "-lt":
      return a < b
    case "-le":
      return a <= b
    case "-gt":
      return a > b
    default:
      return a >= b
  }
}
