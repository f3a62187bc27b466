/** The words in a program's own source that could be its long options: a list to ask the program about, no more. */
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

/** Where programs are listed with the files they come from. */
const LISTS = ["src/tools/index.ts", "src/tools/coreutils/index.ts"]

let files: ReadonlyMap<string, readonly string[]> | undefined

export interface Words {
  /** Fields and what is written with its dashes: whole names. */
  readonly names: ReadonlySet<string>
  /** From other strings: some may be the beginning of a name only. */
  readonly others: ReadonlySet<string>
}

/** Empty for programs that no list has. */
export function wordsFor(program: string): Words {
  files ??= new Map(LISTS.flatMap(programsIn))
  return wordsIn(files.get(program) ?? [])
}

export function wordsIn(paths: readonly string[]): Words {
  const text = paths.map((path) => readFileSync(path, "utf8")).join("\n")
  const WORD = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
  const found = (pattern: string): string[] => [...text.matchAll(new RegExp(pattern, "g"))].map(([, word = ""]) => word)
  const names = new Set([...found(`["']?\\b(${WORD})["']?: `), ...found(`["']--?(${WORD})["']`)])
  const others = new Set(found(`["'\`| (^!](${WORD})(?=["'\`| )/:$])`).filter((word) => !names.has(word)))
  for (const set of [names, others]) for (const word of set) if (word.length < 2) set.delete(word)
  return { names, others }
}

/** `lazyTool("curl", () => import("./curl/index.ts")…` and `from(["cat", "nl"], () => import("./cat.ts")…`. */
function programsIn(list: string): [string, string[]][] {
  const text = readFileSync(list, "utf8")
  const calls = text.matchAll(
    /(?:lazyTool|from)\(\s*(\[[^\]]*"\[?"?\]|\[[^\]]*\]|"[^"]*"),\s*\(\)\s*=>\s*import\("([^"]+)"\)/g,
  )
  return [...calls].flatMap(([, names = "", file = ""]) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]): [string, string[]] => [
      name,
      sources(join(dirname(list), file)),
    ]),
  )
}

/** A program in a folder has all of it. */
const sources = (file: string): string[] =>
  basename(file) === "index.ts"
    ? readdirSync(dirname(file))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(dirname(file), name))
    : [file]
