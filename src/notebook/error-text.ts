import type { ErrorOutput } from "./ipynb.ts"

/** A failed cell's text: its traceback, under the error's own words where that does not begin with them. */
export function errorText({ ename, evalue, traceback }: ErrorOutput): string {
  const headline = `${ename}: ${evalue}`
  const text = traceback.join("\n")
  if (text === "") return headline
  // A compiler message has no name in front, and an uncaught value another one.
  return text.includes(headline) || text.startsWith(evalue) ? text : `${headline}\n${text}`
}
