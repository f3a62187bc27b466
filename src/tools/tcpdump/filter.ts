/** The filter of a command line, compiled. */
import { compileFilter, FilterError, type FrameFilter } from "../../capture/filter.ts"
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { fail } from "./error.ts"
import type { Settings } from "./settings.ts"

/** Ends the program with libpcap's words when there is something wrong with it. */
export function compiled(proc: Process, settings: Settings, linkType: number, live: boolean): FrameFilter {
  const { filterFile } = settings
  try {
    return compileFilter(filterFile === undefined ? settings.expression : fromFile(proc, filterFile), {
      linkType,
      live,
    })
  } catch (error) {
    if (error instanceof FilterError) return fail(error.message)
    throw error
  }
}

/** -F: without its comments. */
function fromFile(proc: Process, name: string): string {
  const bytes = proc.fs.readFile(proc.path(name))
  if (typeof bytes === "string") return fail(`can't open ${name}: ${strerror(bytes)}`)
  return new TextDecoder().decode(bytes).replace(/#.*$/gm, "").replace(/\n/g, " ").trim()
}
