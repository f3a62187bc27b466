/** RE2, the engine of Envoy's safe_regex. The only file that knows the package. */
import { RE2JS } from "re2js"

const compiled = new Map<string, RE2JS>()

/** Whether the whole of the text matches; a pattern that does not compile matches nothing (Sanitize refuses it first). */
export function regexMatches(pattern: string, text: string): boolean {
  return compile(pattern).testExact(text)
}

/** Go's error text for a pattern that does not compile: ``error parsing regexp: missing closing ): `/a(` ``. */
export function regexError(pattern: string): string | undefined {
  try {
    compile(pattern)
    return undefined
  } catch (error) {
    const text = (error as Error).message
    // Go always names the part it stumbled over, empty at the end of a pattern.
    return text.endsWith("`") ? text : `${text}: \`\``
  }
}

function compile(pattern: string): RE2JS {
  let regex = compiled.get(pattern)
  if (regex === undefined) {
    regex = RE2JS.compile(pattern)
    compiled.set(pattern, regex)
  }
  return regex
}
