/** realpath(3): every symlink on the way followed. */
import type { Errno } from "../errno.ts"
import { resolvePath, type Vfs } from "./vfs.ts"

const SYMLINKS_MAX = 40

/** The path without symlinks, or why there is none. The last part may be missing when `missing` is set. */
export function realPath(fs: Vfs, path: string, missing = false): string | Errno {
  let rest = path.split("/").filter((part) => part !== "")
  let done = ""
  for (let links = 0; rest.length > 0; ) {
    const at = `${done}/${rest[0]}`
    const stat = fs.stat(at, false)
    if (typeof stat === "string") {
      if (!(missing && stat === "ENOENT" && rest.length === 1)) return stat
      return at
    }
    rest = rest.slice(1)
    if (stat.type !== "symlink") {
      done = at
      continue
    }
    if (++links > SYMLINKS_MAX) return "ELOOP"
    const link = fs.readlink(at)
    if (typeof link === "string") return link
    rest = [
      ...resolvePath(done === "" ? "/" : done, link.target)
        .split("/")
        .filter((part) => part !== ""),
      ...rest,
    ]
    done = ""
  }
  return done === "" ? "/" : done
}
