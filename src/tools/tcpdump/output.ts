/** Where packets go: printed, written to a file, or both. */
import type { Frame } from "../../capture/frame.ts"
import { pcapFileHeader, pcapRecords } from "../../capture/pcap.ts"
import { TcpdumpPrinter } from "../../capture/tcpdump.ts"
import { strerror } from "../../linux/errno.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import { fail } from "./error.ts"
import type { Settings } from "./settings.ts"

export class Output {
  readonly #proc: Process
  readonly #settings: Settings
  readonly #printer: TcpdumpPrinter | undefined
  readonly #file: OpenFile | undefined
  readonly #linkType: number
  readonly #snaplen: number
  /** Packets taken. */
  count = 0

  constructor(proc: Process, settings: Settings, linkType: number, snaplen: number) {
    this.#proc = proc
    this.#settings = settings
    this.#linkType = linkType
    this.#snaplen = snaplen
    const toFile = settings.write !== undefined
    if (toFile ? settings.alsoPrint : !settings.countOnly) {
      const deviceName = (index: number): string | undefined => proc.net.deviceByIndex(index)?.name
      this.#printer = new TcpdumpPrinter({ ...settings.print, deviceName }, linkType)
    }
    this.#file = settings.write === undefined ? undefined : openOutput(proc, settings.write)
  }

  get #nanoseconds(): boolean {
    return this.#settings.print.nano === true
  }

  /** Writes the file's header: a capture without packets is a file too. */
  async begin(): Promise<void> {
    const options = { linkType: this.#linkType, snaplen: this.#snaplen, nanoseconds: this.#nanoseconds }
    await this.#file?.write(this.#proc, pcapFileHeader(options))
  }

  /** Takes packets; each is at once in the file, as with -U. False when no more are wanted. */
  async take(frames: readonly Frame[]): Promise<boolean> {
    const wanted = frames.slice(0, this.#settings.count - this.count)
    this.count += wanted.length
    if (this.#printer === undefined) await this.#write(wanted)
    else
      for (const frame of wanted) {
        await this.#write([frame])
        await this.#proc.out(this.#printer.print(frame))
      }
    return this.count < this.#settings.count
  }

  async #write(frames: readonly Frame[]): Promise<void> {
    if (frames.length > 0) await this.#file?.write(this.#proc, pcapRecords(frames, this.#nanoseconds))
  }

  close(): void {
    if (this.#settings.write !== "-") this.#file?.close()
  }
}

function openOutput(proc: Process, name: string): OpenFile {
  const file = name === "-" ? (proc.fds.get(1) ?? "EBADF") : openFile(proc, name, "w")
  return typeof file === "string" ? fail(`${name}: ${strerror(file)}`) : file
}
