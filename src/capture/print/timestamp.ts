/** The time in front of each packet. Models util-print.c ts_print. The zone is UTC. */
import { calendar } from "../../calendar.ts"
import type { Frame } from "../frame.ts"
import type { PrintOptions } from "./options.ts"

const two = (n: number): string => String(n).padStart(2, "0")

/** Keeps the packet that -ttt and -ttttt count from. */
export class TimestampPrinter {
  readonly #options: PrintOptions
  #reference: Frame | undefined

  constructor(options: PrintOptions) {
    this.#options = options
  }

  print(frame: Frame): string {
    const mode = this.#options.time ?? 0
    if (mode === 1) return ""
    if (mode === 3 || mode === 5) return this.#since(frame, mode === 3)
    // Seconds are a signed 32-bit number there.
    if (frame.seconds >= 0x80000000) return "[Error converting time] "
    if (mode === 2) return `${frame.seconds}.${this.#fraction(frame.nanos)} `
    const date = mode === 4 ? `${isoDate(frame.seconds)} ` : ""
    return `${date}${clock(frame.seconds)}.${this.#fraction(frame.nanos)} `
  }

  #fraction(nanos: number): string {
    if (this.#options.nano === true) return String(nanos).padStart(9, "0")
    return String(Math.floor(nanos / 1000)).padStart(6, "0")
  }

  #since(frame: Frame, previous: boolean): string {
    const reference = this.#reference ?? frame
    if (previous || this.#reference === undefined) this.#reference = frame
    // Subtracted in the unit that is printed, as rounding each first does it.
    const unit = this.#options.nano === true ? 1 : 1000
    const tick = (f: Frame): number => Math.floor(f.nanos / unit)
    let seconds = frame.seconds - reference.seconds
    let ticks = tick(frame) - tick(reference)
    const negative = seconds < 0 || (seconds === 0 && ticks < 0)
    if (negative) [seconds, ticks] = [-seconds, -ticks]
    if (ticks < 0) {
      seconds--
      ticks += 1e9 / unit
    }
    return `${negative ? "-" : " "}${clock(seconds)}.${this.#fraction(ticks * unit)} `
  }
}

function clock(seconds: number): string {
  const day = seconds % 86400
  return `${two(Math.floor(day / 3600))}:${two(Math.floor(day / 60) % 60)}:${two(day % 60)}`
}

function isoDate(seconds: number): string {
  const { year, month, day } = calendar(seconds)
  return `${year}-${two(month)}-${two(day)}`
}
