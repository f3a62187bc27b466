/** Where bodies go: standard output, `-o FILE`, `-O`. */
import { strerror } from "../../linux/errno.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import { CurlError } from "./error.ts"
import type { GlobbedUrl } from "./glob.ts"
import type { Session } from "./session.ts"
import { REMOTE_NAME, type Settings } from "./settings.ts"

/** glibc's for a pipe: st_blksize, in bytes. */
const STDIO_BUFFER = 4096

/** Standard output goes through stdio: held back for a pipe, so that `-v` on standard error comes first, as with the real one. */
export class Stdout {
  readonly #proc: Process
  readonly #held: Uint8Array[] = []
  #size = 0

  constructor(proc: Process) {
    this.#proc = proc
  }

  async print(data: Uint8Array): Promise<void> {
    if (this.#size + data.length > STDIO_BUFFER) await this.flush()
    this.#held.push(data)
    this.#size += data.length
    if (this.#size >= STDIO_BUFFER || this.#proc.fds.get(1)?.isTty) await this.flush()
  }

  async flush(): Promise<void> {
    const held = this.#held.splice(0)
    this.#size = 0
    for (const data of held) await this.#proc.out(data)
  }
}

/** The file's name as in the URL: what stands behind the last slash. */
const remoteName = (url: string): string =>
  url
    .replace(/^[a-z]+:\/\/[^/?#]*/i, "")
    .split(/[?#]/)[0]
    ?.split("/")
    .pop() ?? ""

/** The name of the output of the URL at `index` of the command line; `undefined` for standard output. */
export function outputName(settings: Settings, { url, parts }: GlobbedUrl, index: number): string | undefined {
  const given = settings.outputs[index] ?? (settings.remoteNameAll ? REMOTE_NAME : undefined)
  if (given === REMOTE_NAME) return remoteName(url)
  if (given === undefined || given === "-") return undefined
  return given.replace(/#(\d)/g, (whole, number: string) => parts[Number(number) - 1] ?? whole)
}

/** An output, opened when there is something to write. */
export class Output {
  readonly #session: Session
  readonly #name: string | undefined
  #file: OpenFile | undefined

  constructor(session: Session, name: string | undefined) {
    this.#session = session
    this.#name = name
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#name === undefined) await this.#session.stdout.print(data)
    else await (await this.#open(this.#name)).write(this.#session.proc, data)
  }

  async #open(name: string): Promise<OpenFile> {
    if (this.#file !== undefined) return this.#file
    const { proc, settings } = this.#session
    const file = openFile(proc, name, "w")
    if (typeof file === "string") {
      if (!settings.silent) await proc.err(`Warning: Failed to open the file ${name}: ${strerror(file)}\n`)
      throw new CurlError(23, "Failure writing output to destination")
    }
    this.#file = file
    return file
  }

  /** An answer without a body leaves an empty file. */
  async succeed(): Promise<void> {
    if (this.#name !== undefined) await this.#open(this.#name)
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }
}
