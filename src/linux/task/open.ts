/** open(2) for programs: files of the process's tree, devices, its own descriptors. */
import type { Errno } from "../errno.ts"
import { CountedFile, NullFile, type OpenFile, ZeroFile } from "./file.ts"
import type { Process } from "./process.ts"
import type { Vfs } from "./vfs.ts"

/** A file of the tree; writes land at once, at the file's own position. */
class RegularFile extends CountedFile {
  readonly #fs: Vfs
  readonly #path: string
  #at: number

  constructor(fs: Vfs, path: string, at: number) {
    super()
    this.#fs = fs
    this.#path = path
    this.#at = at
  }

  async read(_proc: Process, max: number): Promise<Uint8Array> {
    const data = this.#fs.readFile(this.#path)
    if (typeof data === "string") return new Uint8Array(0)
    const chunk = data.slice(this.#at, this.#at + max)
    this.#at += chunk.length
    return chunk
  }

  async write(_proc: Process, data: Uint8Array): Promise<void> {
    const old = this.#fs.readFile(this.#path)
    const kept = typeof old === "string" ? new Uint8Array(0) : old.subarray(0, this.#at)
    const whole = new Uint8Array(Math.max(kept.length, this.#at) + data.length)
    whole.set(kept)
    whole.set(data, this.#at)
    this.#at += data.length
    this.#fs.writeFile(this.#path, whole)
  }

  protected release(): void {}
}

/** A folder can be opened, but not read as a file. */
class DirectoryFile extends CountedFile {
  override readonly errno: Errno = "EISDIR"
  async read(): Promise<Uint8Array> {
    return new Uint8Array(0)
  }
  async write(): Promise<void> {}
  protected release(): void {}
}

/** Opens a path as the process sees it. A folder is refused with EISDIR, unless `folders` lets it be opened, as the shell does for `<`. */
export function openFile(proc: Process, name: string, mode: "r" | "w" | "a" | "rw", folders = false): OpenFile | Errno {
  const path = proc.path(name)
  const own = /^\/dev\/(stdin|stdout|stderr|fd\/(\d+))$/.exec(path)
  if (own !== null)
    return duplicate(
      proc,
      own[2] === undefined ? ["stdin", "stdout", "stderr"].indexOf(own[1] as string) : Number(own[2]),
    )
  const node = proc.fs.node(path)
  if (typeof node === "string") {
    if (node !== "ENOENT" || mode === "r") return node
    return proc.fs.writeFile(path, "", 0o666 & ~proc.umask) ?? new RegularFile(proc.fs, path, 0)
  }
  if (node.type !== "directory" && name.endsWith("/")) return "ENOTDIR"
  if (node.type === "directory") return mode === "r" && folders ? new DirectoryFile() : "EISDIR"
  if (node.type === "device") {
    if (node.device === "tty") return proc.fds.get(0)?.isTty === true ? duplicate(proc, 0) : "ENODEV"
    return node.device === "zero" ? new ZeroFile() : new NullFile()
  }
  if (proc.uid !== 0 && mode !== "r" && node.uid !== proc.uid && (node.mode & 0o002) === 0) return "EACCES"
  if (mode === "w" && node.type === "file" && node.accept === undefined) proc.fs.writeFile(path, "")
  const size = mode === "a" && node.type === "file" ? node.data.length : 0
  return new RegularFile(proc.fs, path, size)
}

function duplicate(proc: Process, fd: number): OpenFile | Errno {
  const file = proc.fds.get(fd)
  if (file === undefined) return "EBADF"
  file.retain()
  return file
}
