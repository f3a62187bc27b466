import { posixRegex, RegexError } from "../../../shell/posix-regex.ts"
import { AwkError } from "./ast.ts"

const compiled = new Map<string, RegExp>()
const KEPT = 200

/** An extended regular expression, compiled once. */
export function regexpOf(source: string, global = false): RegExp {
  const key = `${global ? "g" : ""}/${source}`
  const known = compiled.get(key)
  if (known !== undefined) {
    known.lastIndex = 0
    return known
  }
  try {
    const made = posixRegex(source, { extended: true, global })
    if (compiled.size > KEPT) compiled.clear()
    compiled.set(key, made)
    return made
  } catch (error) {
    if (error instanceof RegexError)
      throw new AwkError(`regular expression compile failed (${error.message})\n${source}`)
    throw error
  }
}
