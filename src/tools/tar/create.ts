/** What goes into an archive: files, folders with all that is in them, links. */
import { strerror } from "../../linux/errno.ts"
import type { Stat } from "../../linux/task/vfs.ts"
import { matches } from "../../shell/pattern.ts"
import type { TarEntry } from "../archive/tar-format.ts"
import { groupName, userName } from "../coreutils/stat.ts"
import type { TarRun } from "./index.ts"

export async function collect(run: TarRun): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  for (const { name, folder } of run.options.members)
    await add(run, name.replace(/(?<=.)\/+$/, ""), name.startsWith("/") ? name : `${folder}/${name}`, entries)
  return entries
}

async function add(run: TarRun, name: string, path: string, entries: TarEntry[]): Promise<void> {
  const { proc, options } = run
  if (options.exclude.some((pattern) => excluded(name, pattern))) return
  const at = proc.path(path)
  const stat = proc.fs.stat(at, false)
  if (typeof stat === "string") {
    await run.complain(`${name}: Cannot stat: ${strerror(stat)}`)
    return
  }
  const entry = entryOf(run, await run.relative(stat.type === "directory" ? `${name}/` : name), at, stat)
  entries.push(entry)
  if (options.verbose) await (options.archive === "-" ? proc.err(`${entry.name}\n`) : proc.out(`${entry.name}\n`))
  if (stat.type !== "directory") return
  for (const child of proc.fs.readdir(at) as string[]) await add(run, `${name}/${child}`, `${at}/${child}`, entries)
}

/** A pattern means a name from any slash on. */
const excluded = (name: string, pattern: string): boolean =>
  name.split("/").some((_, i, parts) => matches(parts.slice(i).join("/"), pattern))

function entryOf({ proc }: TarRun, name: string, path: string, stat: Stat): TarEntry {
  const { sim } = proc.kernel
  const link = stat.type === "symlink" ? proc.fs.readlink(path) : "EINVAL"
  const data = stat.type === "file" ? proc.fs.readFile(path) : "EINVAL"
  return {
    name,
    type: stat.type === "device" ? "other" : stat.type,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    uname: userName(proc, stat.uid),
    gname: groupName(proc, stat.gid),
    mtime: sim.epoch + Math.floor(stat.mtime / 1e9),
    target: typeof link === "string" ? "" : link.target,
    data: typeof data === "string" ? new Uint8Array(0) : data,
  }
}
