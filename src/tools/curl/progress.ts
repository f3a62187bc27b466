/** The progress meter on standard error. Models lib/progress.c of curl 7.88.1. */
import type { Process } from "../../linux/task/process.ts"
import { MICROSECOND, MILLISECOND, SECOND } from "../../sim/simulation.ts"

const HEADING = `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
`
/** Samples, one a second, that the current speed is an average of. */
const SAMPLES = 6

interface Sample {
  time: number
  amount: number
}

/** The meter of one URL, redirects included. */
export class Progress {
  readonly #proc: Process
  #ticker: Process | undefined
  #start = 0
  #headed = false
  /** Second in which the last line was printed; -1 for none. */
  #shown = -1
  #samples: Sample[] = []
  #currentSpeed = 0
  downloaded = 0
  uploaded = 0
  /** What Content-Length says, once it is known. */
  size: number | undefined

  constructor(proc: Process) {
    this.#proc = proc
  }

  get #now(): number {
    return this.#proc.kernel.sim.now
  }

  /** The first line; from here on a line a second. */
  async begin(): Promise<void> {
    this.#start = this.#now
    await this.#update(this.#proc)
    const ticker = this.#proc.spawn(this.#proc.argv, { tool: { name: "progress", main: (proc) => this.#tick(proc) } })
    if (typeof ticker === "string") return
    this.#proc.children.delete(ticker)
    this.#ticker = ticker
  }

  async #tick(proc: Process): Promise<number> {
    for (;;) {
      await proc.sleep(SECOND)
      await this.#update(proc)
    }
  }

  /** A response is over: its last line. What a redirect leads to goes on from nothing. */
  async done(): Promise<void> {
    this.#shown = -1
    await this.#update(this.#proc)
    await this.#proc.err("\n")
    this.#samples = []
    this.downloaded = 0
    this.uploaded = 0
    this.size = undefined
  }

  /** No more lines. */
  stop(): void {
    this.#ticker?.kill("SIGKILL")
    this.#ticker = undefined
  }

  async #update(proc: Process): Promise<void> {
    const second = Math.floor((this.#now - this.#start) / SECOND)
    if (second === this.#shown) return
    this.#shown = second
    this.#sample()
    if (!this.#headed) await proc.err(HEADING)
    this.#headed = true
    await proc.err(`\r${this.#line()}`)
  }

  #sample(): void {
    this.#samples.push({ time: this.#now, amount: this.downloaded + this.uploaded })
    const [oldest, ...rest] = this.#samples.slice(-SAMPLES)
    const newest = rest.at(-1)
    if (oldest === undefined || newest === undefined) {
      this.#currentSpeed = this.#speed(this.downloaded) + this.#speed(this.uploaded)
      return
    }
    const span = Math.max(1, Math.floor((newest.time - oldest.time) / MILLISECOND))
    this.#currentSpeed = Math.floor(((newest.amount - oldest.amount) * 1000) / span)
  }

  /** The average since the start. */
  #speed(amount: number): number {
    const spent = Math.max(1, Math.floor((this.#now - this.#start) / MICROSECOND))
    return Math.floor((amount * 1e6) / spent)
  }

  #line(): string {
    const { downloaded, uploaded, size } = this
    const expected = (size ?? downloaded) + uploaded
    const speed = this.#speed(downloaded)
    const spent = Math.floor((this.#now - this.#start) / SECOND)
    const estimate = size !== undefined && speed > 0 ? Math.floor(size / speed) : 0
    const columns = [
      percent(downloaded + uploaded, expected),
      amount(expected),
      "",
      percent(downloaded, size ?? 0),
      amount(downloaded),
      "",
      percent(uploaded, uploaded),
      amount(uploaded),
      "",
      amount(speed),
      "",
      amount(this.#speed(uploaded)),
      clock(estimate),
      clock(spent),
      clock(estimate > 0 ? estimate - spent : 0),
      amount(this.#currentSpeed),
    ]
    return columns.join(" ")
  }
}

const percent = (part: number, whole: number): string =>
  String(whole > 0 ? Math.floor((part * 100) / whole) : 0).padStart(3)

const K = 1024
const M = K * K
const G = K * M

/** Five characters. Models max5data. */
function amount(bytes: number): string {
  const whole = (unit: number, letter: string): string => `${String(Math.floor(bytes / unit)).padStart(4)}${letter}`
  const tenth = (unit: number, letter: string): string =>
    `${String(Math.floor(bytes / unit)).padStart(2)}.${Math.floor((bytes % unit) / (unit / 10))}${letter}`
  if (bytes < 100_000) return String(bytes).padStart(5)
  if (bytes < 10_000 * K) return whole(K, "k")
  if (bytes < 100 * M) return tenth(M, "M")
  if (bytes < 10_000 * M) return whole(M, "M")
  return bytes < 100 * G ? tenth(G, "G") : whole(G, "G")
}

/** Eight characters. Models time2str up to 99 hours. */
function clock(seconds: number): string {
  if (seconds <= 0) return "--:--:--"
  const two = (value: number): string => String(value).padStart(2, "0")
  return `${String(Math.floor(seconds / 3600)).padStart(2)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
