/** What containers wrote to stdout and stderr. Models the CRI log format and pkg/kubelet/kuberuntime/logs. */
import { SinkFile } from "../../linux/task/file.ts"
import type { Simulation } from "../../sim/simulation.ts"
import type { LogOptions } from "../api/request.ts"
import { ApiStream } from "../api/stream.ts"
import { timestamp } from "../api/time.ts"

interface LogLine {
  /** Virtual nanoseconds. */
  readonly time: number
  readonly text: string
  /** False when the program has not ended the line. */
  readonly whole: boolean
}

const nanos = (now: number): string => String(now % 1e9).padStart(9, "0")

/** The log of one run of one container. */
export class ContainerLog {
  readonly #sim: Simulation
  readonly #lines: LogLine[] = []
  readonly #followers = new Set<(line: LogLine) => void>()
  readonly #decoder = new TextDecoder()
  readonly #partial = { out: "", err: "" }
  #closed = false

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** A file that writes here. */
  file(stream: "out" | "err", isTty: boolean): SinkFile {
    return new SinkFile((data) => this.#write(stream, this.#decoder.decode(data)), isTty)
  }

  #write(stream: "out" | "err", text: string): void {
    const pieces = (this.#partial[stream] + text).split("\n")
    this.#partial[stream] = pieces.pop() as string
    for (const piece of pieces) this.#add({ time: this.#sim.now, text: piece, whole: true })
  }

  /** A line by the runtime or by a daemon that is no process. */
  line(text: string): void {
    this.#add({ time: this.#sim.now, text, whole: true })
  }

  #add(line: LogLine): void {
    this.#lines.push(line)
    for (const follower of [...this.#followers]) follower(line)
  }

  /** The container ended: unfinished lines are kept as they are, followers are told. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const stream of ["out", "err"] as const)
      if (this.#partial[stream] !== "") this.#add({ time: this.#sim.now, text: this.#partial[stream], whole: false })
    for (const follower of [...this.#followers]) follower({ time: -1, text: "", whole: false })
  }

  #chosen(options: LogOptions): LogLine[] {
    const unfinished = this.#closed
      ? []
      : (["out", "err"] as const)
          .filter((s) => this.#partial[s] !== "")
          .map((s) => ({ time: this.#sim.now, text: this.#partial[s], whole: false }))
    const since = options.sinceSeconds === undefined ? -1 : this.#sim.now - options.sinceSeconds * 1e9
    const lines = [...this.#lines, ...unfinished].filter((line) => line.time >= since)
    if (options.tailLines === undefined || options.tailLines < 0) return lines
    return options.tailLines === 0 ? [] : lines.slice(-options.tailLines)
  }

  #render(line: LogLine, options: LogOptions): string {
    const stamp = options.timestamps ? `${timestamp(this.#sim, line.time).slice(0, -1)}.${nanos(line.time)}Z ` : ""
    return `${stamp}${line.text}${line.whole ? "\n" : ""}`
  }

  read(options: LogOptions): string {
    const text = this.#chosen(options)
      .map((line) => this.#render(line, options))
      .join("")
    return options.limitBytes === undefined ? text : text.slice(0, options.limitBytes)
  }

  /** The log so far and what is added, until the container ends. */
  follow(options: LogOptions): ApiStream<string> {
    const follower = (line: LogLine): void => {
      if (line.time < 0) stream.end()
      else stream.push(this.#render(line, options))
    }
    const stream = new ApiStream<string>(() => this.#followers.delete(follower))
    for (const line of this.#chosen(options)) stream.push(this.#render(line, options))
    if (this.#closed) stream.end()
    else this.#followers.add(follower)
    return stream
  }
}
