import type { ErrorOutput } from "../../src/notebook/ipynb.ts"

/** A failed cell's text: its traceback, under the error's own words where that does not begin with them. */
export function errorText({ ename, evalue, traceback }: ErrorOutput): string {
  const headline = `${ename}: ${evalue}`
  return (traceback[0]?.includes(headline) === true ? traceback : [headline, ...traceback]).join("\n")
}
