/** A file system tree: a machine's root, or a container's. Models what programs see of fs/namei.c. */
import type { Errno } from "../errno.ts"
import type { Tool } from "./tool.ts"

export interface Stat {
  readonly type: "file" | "directory" | "symlink" | "device"
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Virtual nanoseconds. */
  readonly mtime: number
  readonly executable: boolean
}

interface Node {
  mode: number
  uid: number
  gid: number
  mtime: number
}
interface FileNode extends Node {
  type: "file"
  data: Uint8Array
  /** An executable: what it runs. */
  tool?: Tool
  /** Made on read, as files under /proc are. */
  generate?: () => string
  /** Takes writes, as files under /proc/sys do. */
  accept?: (text: string) => Errno | undefined
}
interface DirectoryNode extends Node {
  type: "directory"
  entries: Map<string, VfsNode>
  /** Told when an entry comes, changes or goes. */
  watchers?: Set<() => void>
}
interface SymlinkNode extends Node {
  type: "symlink"
  target: string
}
interface DeviceNode extends Node {
  type: "device"
  device: "null" | "zero" | "tty"
}
export type VfsNode = FileNode | DirectoryNode | SymlinkNode | DeviceNode

const SYMLINKS_MAX = 40
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Joins and normalises: `.` and `..` are resolved, the result is absolute. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "" || part === ".") continue
    if (part === "..") parts.pop()
    else parts.push(part)
  }
  return `/${parts.join("/")}`
}

function tellWatchers(node: VfsNode | Errno): void {
  if (typeof node !== "string" && node.type === "directory") for (const listener of node.watchers ?? []) listener()
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

export class Vfs {
  readonly #clock: { readonly now: number }
  readonly #root: DirectoryNode

  constructor(clock: { readonly now: number }) {
    this.#clock = clock
    this.#root = this.#directory(0o755)
    for (const dir of ["bin", "dev", "etc", "home", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var"])
      this.mkdir(`/${dir}`)
    for (const device of ["null", "zero", "tty"] as const)
      (this.#lookup("/dev") as DirectoryNode).entries.set(device, {
        type: "device",
        device,
        mode: 0o666,
        uid: 0,
        gid: 0,
        mtime: clock.now,
      })
  }

  /** The node at an absolute path, symlinks followed. */
  node(path: string, followLast = true): VfsNode | Errno {
    return this.#lookup(path, followLast)
  }

  readFile(path: string): Uint8Array | Errno {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    if (node.type === "directory") return "EISDIR"
    if (node.type !== "file") return new Uint8Array(0)
    return node.generate === undefined ? node.data : encoder.encode(node.generate())
  }

  /** A file's text, or an errno wrapped so that text and errors cannot be confused. */
  readText(path: string): { text: string } | { errno: Errno } {
    const data = this.readFile(path)
    return typeof data === "string" ? { errno: data } : { text: decoder.decode(data) }
  }

  /** Creates or replaces a file. Its folder must exist. */
  writeFile(path: string, data: string | Uint8Array, mode?: number): Errno | undefined {
    const bytes = typeof data === "string" ? encoder.encode(data) : data
    const node = this.#lookup(path)
    if (typeof node !== "string") {
      const errno = this.#overwrite(node, bytes, mode)
      if (errno === undefined) tellWatchers(this.#lookup(parentOf(path)))
      return errno
    }
    if (node !== "ENOENT") return node
    const parent = this.#lookup(parentOf(path))
    if (typeof parent === "string") return parent
    if (parent.type !== "directory") return "ENOTDIR"
    parent.entries.set(nameOf(path), {
      type: "file",
      data: bytes,
      mode: mode ?? 0o644,
      uid: 0,
      gid: 0,
      mtime: this.#clock.now,
    })
    tellWatchers(parent)
    return undefined
  }

  #overwrite(node: VfsNode, bytes: Uint8Array, mode: number | undefined): Errno | undefined {
    if (node.type === "directory") return "EISDIR"
    if (node.type !== "file") return undefined
    if (node.accept !== undefined) return node.accept(decoder.decode(bytes))
    if (node.generate !== undefined) return "EACCES"
    node.data = bytes
    node.mtime = this.#clock.now
    if (mode !== undefined) node.mode = mode
    return undefined
  }

  mkdir(path: string, options: { recursive?: boolean; mode?: number } = {}): Errno | undefined {
    if (options.recursive === true) {
      let at = ""
      for (const part of path.split("/").filter((p) => p !== "")) {
        at += `/${part}`
        const errno = this.mkdir(at)
        if (errno !== undefined && errno !== "EEXIST") return errno
      }
      const made = this.#lookup(path)
      return typeof made === "string" ? made : made.type === "directory" ? undefined : "EEXIST"
    }
    if (typeof this.#lookup(path, false) !== "string") return "EEXIST"
    const parent = this.#lookup(parentOf(path))
    if (typeof parent === "string") return parent
    if (parent.type !== "directory") return "ENOTDIR"
    parent.entries.set(nameOf(path), this.#directory(options.mode ?? 0o755))
    return undefined
  }

  /** Names in a folder, sorted. */
  readdir(path: string): string[] | Errno {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    return node.type === "directory" ? [...node.entries.keys()].sort() : "ENOTDIR"
  }

  stat(path: string, followLast = true): Stat | Errno {
    const node = this.#lookup(path, followLast)
    if (typeof node === "string") return node
    const size =
      node.type === "file"
        ? node.data.length
        : node.type === "symlink"
          ? node.target.length
          : node.type === "directory"
            ? 4096
            : 0
    const executable = node.type === "file" && (node.mode & 0o111) !== 0
    return { type: node.type, mode: node.mode, uid: node.uid, gid: node.gid, size, mtime: node.mtime, executable }
  }

  exists(path: string): boolean {
    return typeof this.#lookup(path) !== "string"
  }

  unlink(path: string): Errno | undefined {
    return this.#remove(path, (node) => (node.type === "directory" ? "EISDIR" : undefined))
  }

  rmdir(path: string): Errno | undefined {
    return this.#remove(path, (node) =>
      node.type !== "directory" ? "ENOTDIR" : node.entries.size > 0 ? "ENOTEMPTY" : undefined,
    )
  }

  #remove(path: string, refuse: (node: VfsNode) => Errno | undefined): Errno | undefined {
    const parent = this.#lookup(parentOf(path))
    if (typeof parent === "string") return parent
    if (parent.type !== "directory") return "ENOTDIR"
    const node = parent.entries.get(nameOf(path))
    if (node === undefined) return "ENOENT"
    const errno = refuse(node)
    if (errno !== undefined) return errno
    parent.entries.delete(nameOf(path))
    tellWatchers(parent)
    return undefined
  }

  rename(from: string, to: string): Errno | undefined {
    const source = this.#lookup(parentOf(from))
    if (typeof source === "string") return source
    const target = this.#lookup(parentOf(to))
    if (typeof target === "string") return target
    if (source.type !== "directory" || target.type !== "directory") return "ENOTDIR"
    const node = source.entries.get(nameOf(from))
    if (node === undefined) return "ENOENT"
    source.entries.delete(nameOf(from))
    target.entries.set(nameOf(to), node)
    tellWatchers(source)
    tellWatchers(target)
    return undefined
  }

  symlink(target: string, path: string): Errno | undefined {
    if (typeof this.#lookup(path, false) !== "string") return "EEXIST"
    const parent = this.#lookup(parentOf(path))
    if (typeof parent === "string") return parent
    if (parent.type !== "directory") return "ENOTDIR"
    parent.entries.set(nameOf(path), { type: "symlink", target, mode: 0o777, uid: 0, gid: 0, mtime: this.#clock.now })
    return undefined
  }

  readlink(path: string): { target: string } | Errno {
    const node = this.#lookup(path, false)
    if (typeof node === "string") return node
    return node.type === "symlink" ? { target: node.target } : "EINVAL"
  }

  chmod(path: string, mode: number): Errno | undefined {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    node.mode = mode
    return undefined
  }

  chown(path: string, uid: number, gid: number): Errno | undefined {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    node.uid = uid
    node.gid = gid
    return undefined
  }

  /** Sets the time of the last change, in virtual nanoseconds. */
  utimes(path: string, mtime: number): Errno | undefined {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    node.mtime = mtime
    return undefined
  }

  /** Puts an executable into the tree; folders on the way are made. */
  install(path: string, tool: Tool): void {
    this.mkdir(parentOf(path), { recursive: true })
    this.writeFile(path, `\u007fELF ${tool.name}\n`, 0o755)
    const node = this.#lookup(path)
    if (typeof node !== "string" && node.type === "file") node.tool = tool
  }

  /** The program behind a path, if it is one of ours. */
  toolAt(path: string): Tool | undefined {
    const node = this.#lookup(path)
    return typeof node !== "string" && node.type === "file" ? node.tool : undefined
  }

  /** A file whose text is made when it is read, and which may take writes. Folders on the way are made. */
  provide(path: string, generate: () => string, accept?: (text: string) => Errno | undefined): void {
    this.mkdir(parentOf(path), { recursive: true })
    this.writeFile(path, "", accept === undefined ? 0o444 : 0o644)
    const node = this.#lookup(path)
    if (typeof node === "string" || node.type !== "file") return
    node.generate = generate
    if (accept !== undefined) node.accept = accept
  }

  /** Shows a part of another tree here (mount --bind). The folder is made if it is missing. */
  bind(path: string, other: Vfs, otherPath: string): Errno | undefined {
    const node = other.node(otherPath)
    if (typeof node === "string") return node
    this.mkdir(parentOf(path), { recursive: true })
    const parent = this.#lookup(parentOf(path))
    if (typeof parent === "string" || parent.type !== "directory") return "ENOTDIR"
    parent.entries.set(nameOf(path), node)
    return undefined
  }

  /** Calls `listener` whenever an entry of a folder comes, changes or goes; returns what ends it. Models inotify(7). */
  watch(path: string, listener: () => void): (() => void) | Errno {
    const node = this.#lookup(path)
    if (typeof node === "string") return node
    if (node.type !== "directory") return "ENOTDIR"
    node.watchers ??= new Set()
    node.watchers.add(listener)
    return () => node.watchers?.delete(listener)
  }

  #directory(mode: number): DirectoryNode {
    return { type: "directory", entries: new Map(), mode, uid: 0, gid: 0, mtime: this.#clock.now }
  }

  #lookup(path: string, followLast = true, depth = 0): VfsNode | Errno {
    if (depth > SYMLINKS_MAX) return "ELOOP"
    const parts = path.split("/").filter((part) => part !== "")
    let node: VfsNode = this.#root
    for (let i = 0; i < parts.length; i++) {
      if (node.type !== "directory") return "ENOTDIR"
      const child: VfsNode | undefined = node.entries.get(parts[i] as string)
      if (child === undefined) return "ENOENT"
      if (child.type !== "symlink" || (i === parts.length - 1 && !followLast)) {
        node = child
        continue
      }
      const base = `/${parts.slice(0, i).join("/")}`
      const rest = parts.slice(i + 1).join("/")
      return this.#lookup(
        resolvePath(base, rest === "" ? child.target : `${child.target}/${rest}`),
        followLast,
        depth + 1,
      )
    }
    return node
  }
}
