/** What Tab offers in a terminal: programs and the shell's own commands first on a line, paths elsewhere. */
import type { Process } from "../linux/task/process.ts"
import { DEFAULT_PATH } from "../linux/task/process-table.ts"
import { BUILTIN_NAMES } from "../shell/builtin-names.ts"

/** The words that the last word of `line` can become, in order. A folder ends with `/`. */
export function completions(proc: Process, line: string): string[] {
  const word = /[^\s|&;<>(`$]*$/.exec(line)?.[0] ?? ""
  const first = /(^|[|&;(`])\s*$/.test(line.slice(0, line.length - word.length))
  const found = first && !word.includes("/") ? programs(proc) : paths(proc, word)
  return [...new Set(found)].filter((name) => name.startsWith(word)).sort()
}

function programs(proc: Process): string[] {
  const folders = (proc.env.get("PATH") ?? DEFAULT_PATH).split(":")
  return [...BUILTIN_NAMES, ...folders.flatMap((folder) => namesIn(proc, folder))]
}

function paths(proc: Process, word: string): string[] {
  const folder = word.slice(0, word.lastIndexOf("/") + 1)
  return namesIn(proc, proc.path(folder === "" ? "." : folder)).map((name) => {
    const path = `${folder}${name}`
    const stat = proc.fs.stat(proc.path(path))
    return typeof stat !== "string" && stat.type === "directory" ? `${path}/` : path
  })
}

function namesIn(proc: Process, folder: string): string[] {
  const names = proc.fs.readdir(folder)
  return typeof names === "string" ? [] : [...names]
}
