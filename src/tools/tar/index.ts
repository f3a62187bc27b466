/** tar (GNU 1.34): packing, unpacking and listing, gzip included. */
import { strerror } from "../../linux/errno.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { gunzip, gzip, isGzip } from "../archive/gzip.ts"
import { emitTar, parseTar, type TarEntry } from "../archive/tar-format.ts"
import { readInput } from "../coreutils/program.ts"
import { helpOf } from "../help/index.ts"
import { collect } from "./create.ts"
import { extract, list } from "./extract.ts"
import { readTarOptions, type TarOptions } from "./options.ts"

/** What one run of tar shares: its options, and whether something went wrong. */
export class TarRun {
  readonly proc: Process
  readonly options: TarOptions
  #failed = false
  #saidLeadingSlash = false

  constructor(proc: Process, options: TarOptions) {
    this.proc = proc
    this.options = options
  }

  /** Something went wrong, and the rest goes on. */
  async complain(text: string): Promise<void> {
    this.#failed = true
    await this.proc.err(`tar: ${text}\n`)
  }

  /** The name without leading slashes, unless -P keeps them. */
  async relative(name: string): Promise<string> {
    if (this.options.absolute || !name.startsWith("/")) return name
    if (!this.#saidLeadingSlash) await this.proc.err("tar: Removing leading `/' from member names\n")
    this.#saidLeadingSlash = true
    return name.replace(/^\/+/, "")
  }

  async finish(): Promise<number> {
    if (!this.#failed) return 0
    await this.proc.err("tar: Exiting with failure status due to previous errors\n")
    return 2
  }
}

const HOPELESS = "Error is not recoverable: exiting now"

/** Ends tar at once. */
class TarError {
  readonly text: string
  constructor(...lines: readonly string[]) {
    this.text = lines.map((line) => `${line}\n`).join("")
  }
}

export const tar: Tool = defineTool("tar", async (proc) => {
  const options = readTarOptions(proc.argv, proc.cwd)
  if ("code" in options) {
    if (options.help === true) await proc.out((await helpOf(proc, "tar")).help)
    if (options.out === true) await proc.out(options.text)
    else await proc.err(options.text)
    return options.code
  }
  const run = new TarRun(proc, options)
  try {
    if (options.mode === "create") await create(run)
    else {
      const entries = await open(run)
      checkFolders(run)
      await (options.mode === "list" ? list(run, entries) : extract(run, entries))
    }
    return await run.finish()
  } catch (thrown) {
    if (!(thrown instanceof TarError)) throw thrown
    await proc.err(thrown.text)
    return 2
  }
})

/** The folders that -C names are there. */
function checkFolders({ proc, options }: TarRun): void {
  for (const { name, path } of options.folders) {
    const stat = proc.fs.stat(path)
    if (typeof stat === "string") throw new TarError(`tar: ${name}: Cannot open: ${strerror(stat)}`, `tar: ${HOPELESS}`)
    if (stat.type !== "directory")
      throw new TarError(`tar: ${name}: Cannot open: ${strerror("ENOTDIR")}`, `tar: ${HOPELESS}`)
  }
}

async function open(run: TarRun): Promise<TarEntry[]> {
  const { proc, options } = run
  const read = await readInput(proc, options.archive)
  if ("errno" in read) {
    const who = options.gzip ? "tar (child)" : "tar"
    const lines = [`${who}: ${options.archive}: Cannot open: ${strerror(read.errno)}`, `${who}: ${HOPELESS}`]
    throw new TarError(...lines, ...(options.gzip ? ["tar: Child returned status 2", `tar: ${HOPELESS}`] : []))
  }
  const plain = options.gzip || isGzip(read.data) ? gunzip(read.data) : read.data
  if (typeof plain === "string")
    throw new TarError("", `gzip: stdin: ${plain}`, "tar: Child returned status 1", `tar: ${HOPELESS}`)
  const entries = parseTar(plain)
  if (entries === undefined) await run.complain("This does not look like a tar archive")
  return entries ?? []
}

async function create(run: TarRun): Promise<void> {
  const { proc, options } = run
  const file = options.archive === "-" ? proc.fds.get(1) : openFile(proc, options.archive, "w")
  if (typeof file === "string" || file === undefined)
    throw new TarError(`tar: ${options.archive}: Cannot open: ${strerror(file ?? "EBADF")}`, `tar: ${HOPELESS}`)
  checkFolders(run)
  const archive = emitTar(await collect(run))
  await file.write(proc, options.gzip ? gzip(archive) : archive)
  if (options.archive !== "-") file.close()
}
