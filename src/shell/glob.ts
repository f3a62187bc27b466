/** Path name expansion (POSIX XCU 2.6.6). */
import { resolvePath, type Vfs } from "../linux/task/vfs.ts"
import { isPattern, matches, unquotePattern } from "./pattern.ts"

interface GlobHost {
  readonly fs: Vfs
  readonly cwd: string
  readonly nullglob: boolean
}

/** The paths a field stands for; itself when none does. */
export function glob(field: { pattern: string; text: string }, host: GlobHost): string[] {
  if (!isPattern(field.pattern)) return [field.text]
  const found = walk(field.pattern, host)
  if (found.length > 0) return found.sort()
  return host.nullglob ? [] : [field.text]
}

function walk(pattern: string, host: GlobHost): string[] {
  const parts = pattern.split(/(\/+)/)
  let found = [""]
  for (let i = 0; i < parts.length; i += 2) {
    const part = parts[i] as string
    const slashes = parts[i + 1] ?? ""
    if (part !== "") found = found.flatMap((base) => step(base, part, host))
    if (slashes !== "" && i > 0) found = found.filter((path) => isDirectory(path, host))
    if (slashes !== "" && part !== "" && i === 0) found = found.filter((path) => isDirectory(path, host))
    found = found.map((path) => path + slashes)
  }
  return found
}

const absolute = (path: string, host: GlobHost): string => resolvePath(host.cwd, path)

function isDirectory(path: string, host: GlobHost): boolean {
  const stat = host.fs.stat(absolute(path, host))
  return typeof stat !== "string" && stat.type === "directory"
}

function step(base: string, part: string, host: GlobHost): string[] {
  if (!isPattern(part)) {
    const path = base + unquotePattern(part)
    return typeof host.fs.stat(absolute(path, host), false) === "string" ? [] : [path]
  }
  const names = host.fs.readdir(absolute(base, host))
  if (typeof names === "string") return []
  const hidden = part.startsWith(".") || part.startsWith("\\.")
  return names.filter((name) => hidden === name.startsWith(".") && matches(name, part)).map((name) => base + name)
}
