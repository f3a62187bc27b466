/** The files of a finished build, in an order that does not depend on the machine. */
import { readdirSync, statSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"

export interface BuiltFile {
  /** From the root of the site, with slashes: `tutorials/index.html`. */
  readonly path: string
  readonly file: string
}

export function builtFiles(folder: URL, ending = ""): BuiltFile[] {
  const root = fileURLToPath(folder)
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && statSync(join(root, name)).isFile())
    .map((name) => ({ path: name.split(sep).join("/"), file: join(root, name) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
