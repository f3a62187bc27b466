/** An archive's entries, listed or put back where they came from. */
import { type Errno, strerror } from "../../linux/errno.ts"
import { resolvePath } from "../../linux/task/vfs.ts"
import { matches } from "../../shell/pattern.ts"
import { strftime } from "../../shell/time.ts"
import type { TarEntry } from "../archive/tar-format.ts"
import { modeText } from "../coreutils/stat.ts"
import type { TarRun } from "./index.ts"

/** The entries that are asked for; members that nothing was found for are complained about at the end. */
async function chosen(
  run: TarRun,
  entries: readonly TarEntry[],
  use: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const { members, exclude } = run.options
  const names = members.map(({ name }) => name.replace(/(?<=.)\/+$/, ""))
  const found = new Set<string>()
  for (const entry of entries) {
    const plain = entry.name.replace(/(?<=.)\/+$/, "")
    if (exclude.some((pattern) => plain.split("/").some((_, i, all) => matches(all.slice(i).join("/"), pattern))))
      continue
    const asked = names.filter((name) => plain === name || plain.startsWith(`${name}/`))
    if (names.length > 0 && asked.length === 0) continue
    for (const name of asked) found.add(name)
    await use(entry)
  }
  for (const name of names) if (!found.has(name)) await run.complain(`${name}: Not found in archive`)
}

export function list(run: TarRun, entries: readonly TarEntry[]): Promise<void> {
  const { proc, options } = run
  let width = 19
  return chosen(run, entries, async (entry) => {
    await run.relative(entry.name)
    if (!options.verbose) return proc.out(`${entry.name}\n`)
    const owner = `${entry.uname || entry.uid}/${entry.gname || entry.gid}`
    const size = String(entry.type === "file" ? entry.data.length : 0)
    width = Math.max(width, owner.length + 1 + size.length)
    const links = {
      symlink: ` -> ${entry.target}`,
      link: ` link to ${entry.target}`,
      file: "",
      directory: "",
      other: "",
    }
    const mode = modeOf(entry)
    const sized = `${owner} ${size.padStart(width - owner.length - 1)}`
    return proc.out(`${mode} ${sized} ${strftime("%Y-%m-%d %H:%M", entry.mtime)} ${entry.name}${links[entry.type]}\n`)
  })
}

function modeOf({ type, mode }: TarEntry): string {
  const stat = { uid: 0, gid: 0, size: 0, mtime: 0, executable: false }
  if (type === "link") return `h${modeText({ ...stat, type: "file", mode }).slice(1)}`
  return modeText({ ...stat, type: type === "other" ? "device" : type, mode })
}

export function extract(run: TarRun, entries: readonly TarEntry[]): Promise<void> {
  const { proc, options } = run
  const folder = options.folders.at(-1)?.path ?? proc.cwd
  return chosen(run, entries, async (entry) => {
    const name = (await run.relative(entry.name)).split("/").slice(options.strip).join("/")
    if (name === "") return
    if (options.verbose) await (options.toStdout ? proc.err(`${entry.name}\n`) : proc.out(`${entry.name}\n`))
    if (options.toStdout) return entry.type === "file" ? proc.out(entry.data) : undefined
    if (name.split("/").includes("..")) return run.complain(`${name}: Member name contains '..'`)
    const errno = put(run, entry, resolvePath(folder, name), folder)
    if (errno !== undefined)
      await run.complain(`${name.replace(/\/$/, "")}: Cannot ${VERBS[entry.type]}: ${strerror(errno)}`)
    return undefined
  })
}

const VERBS = {
  file: "open",
  directory: "mkdir",
  symlink: "create symlink",
  link: "hard link",
  other: "mknod",
} as const

function put({ proc, options }: TarRun, entry: TarEntry, path: string, folder: string): Errno | undefined {
  const { fs } = proc
  const parent = path.slice(0, path.lastIndexOf("/")) || "/"
  const old = fs.stat(path, false)
  if (typeof old !== "string" && entry.type !== "directory") {
    if (options.keepOld) return "EEXIST"
    if (old.type === "directory") return "EISDIR"
    fs.unlink(path)
  }
  if (!fs.exists(parent)) fs.mkdir(parent, { recursive: true })
  const errno = make(fs, entry, path, folder)
  if (errno !== undefined || entry.type === "symlink") return errno
  // Root's tar restores what was; others get what their umask leaves.
  fs.chmod(path, proc.uid === 0 ? entry.mode : entry.mode & ~proc.umask)
  if (proc.uid === 0) fs.chown(path, entry.uid, entry.gid)
  else fs.chown(path, proc.uid, proc.uid)
  if (!options.touch) fs.utimes(path, (entry.mtime - proc.kernel.sim.epoch) * 1e9)
  return undefined
}

function make(fs: TarRun["proc"]["fs"], entry: TarEntry, path: string, folder: string): Errno | undefined {
  switch (entry.type) {
    case "file":
      return fs.writeFile(path, entry.data, entry.mode)
    case "directory": {
      const errno = fs.mkdir(path)
      return errno === "EEXIST" ? undefined : errno
    }
    case "symlink":
      return fs.symlink(entry.target, path)
    case "link": {
      const data = fs.readFile(resolvePath(folder, entry.target))
      return typeof data === "string" ? data : fs.writeFile(path, data, entry.mode)
    }
    default:
      return "EPERM"
  }
}
