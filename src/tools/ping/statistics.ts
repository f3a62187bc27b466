/** What ping counts, and the summary it ends with. */
import { MILLISECOND } from "../../sim/simulation.ts"

export class Statistics {
  transmitted = 0
  errors = 0
  duplicates = 0
  /** Round trips, in nanoseconds. */
  readonly times: number[] = []
  readonly #answered = new Set<number>()
  /** The most requests that were under way when an answer came. */
  #pipeSize = 0

  get received(): number {
    return this.#answered.size
  }

  isAnswered(sequence: number): boolean {
    return this.#answered.has(sequence)
  }

  /** Notes a reply; true when it is not the first one to its request. */
  answer(sequence: number): boolean {
    const duplicate = this.#answered.has(sequence)
    if (duplicate) this.duplicates++
    this.#answered.add(sequence)
    return duplicate
  }

  /** Models iputils ping.h acknowledge. */
  acknowledge(sequence: number): void {
    this.#pipeSize = Math.max(this.#pipeSize, this.transmitted - sequence + 1)
  }

  /** Models iputils ping_common.c finish. */
  summary(host: string, elapsed: number): string {
    const tail = [...this.#roundTrips(), ...(this.#pipeSize > 1 ? [`pipe ${this.#pipeSize}`] : [])]
    return `\n--- ${host} ping statistics ---\n${this.#counts()}, time ${Math.floor(elapsed / MILLISECOND)}ms\n${tail.join(", ")}\n`
  }

  #counts(): string {
    const { transmitted, received } = this
    const loss = transmitted === 0 ? 0 : ((transmitted - received) * 100) / transmitted
    const duplicates = this.duplicates > 0 ? `, +${this.duplicates} duplicates` : ""
    const errors = this.errors > 0 ? `, +${this.errors} errors` : ""
    return `${transmitted} packets transmitted, ${received} received${duplicates}${errors}, ${formatLoss(loss)}% packet loss`
  }

  #roundTrips(): string[] {
    if (this.times.length === 0) return []
    const micros = this.times.map((time) => Math.floor(time / 1000))
    const average = micros.reduce((a, b) => a + b, 0) / micros.length
    const mdev = Math.sqrt(Math.max(0, micros.reduce((a, b) => a + b * b, 0) / micros.length - average * average))
    const values = [Math.min(...micros), average, Math.max(...micros), mdev]
    return [`rtt min/avg/max/mdev = ${values.map(milliseconds).join("/")} ms`]
  }
}

const milliseconds = (micros: number): string =>
  `${Math.floor(micros / 1000)}.${String(Math.floor(micros % 1000)).padStart(3, "0")}`

const formatLoss = (loss: number): string =>
  Number.isInteger(loss) ? String(loss) : loss.toPrecision(6).replace(/\.?0+$/, "")
