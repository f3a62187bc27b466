/** Where bodies go: standard output, `-o FILE`, `-O`. */
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Url } from "../http-client.ts"
import { CurlError } from "./error.ts"
import type { Session } from "./session.ts"

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

export type Output = (data: Uint8Array) => Promise<void>

/** The output of the URL at `index` of the command line. */
export function openOutput(session: Session, url: Url, index: number): Output {
  const { proc, settings, stdout } = session
  const remoteName = settings.remoteName ? url.path.split("?")[0]?.split("/").pop() : undefined
  const name = settings.outputs[index] ?? remoteName
  if (name === undefined || name === "-") return (data) => stdout.print(data)
  if (name === "") throw new CurlError(23, "Remote file name has no length!")
  const file = openFile(proc, name, "w")
  if (typeof file === "string") throw new CurlError(23, "Failure writing output to destination")
  return (data) => file.write(proc, data)
}
