/** tslab tells of a failed cell in text, on standard error; here it becomes the error output that Jupyter's format has for it. */
import type { ErrorOutput } from "./ipynb.ts"

/** A place in the JavaScript that was made of a cell. */
export interface Frame {
  /** `evalmachine.<anonymous>` of tslab, which tells cells not apart; `podwire-cell:ID` of the kernel in a page. */
  script: string
  /** The function, as V8 names it; empty at the cell's top level. */
  name: string
  line: number
  column: number
}

/** Where a frame is in terms of the notebook ("cell fdb 3:7"); `undefined` for what is no part of a cell. */
export type Locate = (frame: Frame) => string | undefined

const DIAGNOSTIC = /^(?:\S+ )?\d+:\d+ - /
/** Above an uncaught error Node shows the line that threw: of the generated code, not of the cell. */
const EXCERPT = /^(?:evalmachine\.<anonymous>|<anonymous_script>):\d+\n[\s\S]*?\n\n(?=\S)/
const FRAME = /^(\s+at )(?:async )?(?:(.*) \()?(.*?)\)?( \{)?$/

/**
 * A failed cell's error. `texts` is what it wrote to standard error, write by write; the last one is tslab's report, or the last ones, when
 * they are compiler messages. Returns how many of them the error stands for.
 */
export function failureOf(
  texts: readonly string[],
  cell: string,
  locate: Locate,
): { error: ErrorOutput; taken: number } | undefined {
  const last = texts[texts.length - 1]
  if (last === undefined) return undefined
  if (!DIAGNOSTIC.test(last)) return { error: exception(last, locate), taken: 1 }
  let taken = 1
  while (taken < texts.length && DIAGNOSTIC.test(texts[texts.length - 1 - taken] as string)) taken++
  const lines = texts
    .slice(-taken)
    .join("")
    .trimEnd()
    .split("\n")
    .map((line) => (/^\d/.test(line) ? `cell ${cell} ${line}` : line))
  return {
    error: { output_type: "error", ename: "TypeScriptError", evalue: lines[0] as string, traceback: lines },
    taken,
  }
}

function exception(text: string, locate: Locate): ErrorOutput {
  const lines = text.replace(EXCERPT, "").trimEnd().split("\n")
  const firstFrame = lines.findIndex((line) => /^\s+at /.test(line))
  const head = (firstFrame < 0 ? lines : lines.slice(0, firstFrame)).join("\n")
  const named = /^(?:Uncaught )?([A-Za-z_$][\w$]*)(?: \[\w+\])?(?:: ([\s\S]*))?$/.exec(head)
  const isError = named !== null && (firstFrame >= 0 || named[1]?.endsWith("Error") === true)
  return {
    output_type: "error",
    ename: isError ? (named[1] as string) : "Uncaught",
    evalue: isError ? (named[2] ?? "") : head,
    traceback: framed(lines, locate),
  }
}

/** The lines of an inspected error with the frames of cells in the notebook's terms, and without any others. */
function framed(lines: readonly string[], locate: Locate): string[] {
  const kept: string[] = []
  for (const line of lines) {
    const frame = FRAME.exec(line)
    if (frame === null) {
      if (!/^\s+\.\.\. \d+ lines matching /.test(line)) kept.push(line)
      continue
    }
    const [, indent = "", name = "", place = "", opening = ""] = frame
    const at = /^(evalmachine\.<anonymous>|podwire-cell:[\w-]+):(\d+):(\d+)$/.exec(place)
    const where =
      at === null ? undefined : locate({ script: at[1] as string, name, line: Number(at[2]), column: Number(at[3]) })
    if (where !== undefined)
      kept.push(`${indent}${name === "" || name === TOP ? where : `${bare(name)} (${where})`}${opening}`)
    // The properties of an error follow its last frame.
    else if (opening !== "" && kept.length > 0) kept[kept.length - 1] += opening
  }
  return kept
}

/** tslab keeps a notebook's names in an object: `Proxy.f` is just f. */
const bare = (name: string): string => name.replace(/^(Proxy|Object)\./, "")
/** V8's word for the top level of a cell that a page runs. */
const TOP = "eval"
