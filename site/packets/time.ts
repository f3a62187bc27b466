/** The clock of a cell's cluster, to be moved by hand: where the packets were, what decided, and the tables as they stood. */
import { say } from "../i18n/strings.ts"
import { sanitized } from "../notebook/sanitize.ts"
import { button, make } from "./dom.ts"
import type { Happening, Moment, TimeLine } from "./protocol.ts"

/** Between two instants while it plays (ms). */
const STEP_MS = 350

export interface TimeSource {
  times(): Promise<TimeLine>
  moment(time: number): Promise<Moment>
  /** The reader wants to see a packet in full. */
  open(packet: number): void
}

export class TimeView {
  readonly element: HTMLElement
  readonly #source: TimeSource
  readonly #slider = make("input", { type: "range", min: "0", value: "0", ariaLabel: say("time.slider") })
  readonly #clock = make("output")
  readonly #moment = make("div")
  readonly #play = button(say("time.play"), () => this.#toggle())
  #times: readonly number[] = []
  #timer: ReturnType<typeof setInterval> | undefined
  /** Answers may come after the next question. */
  #asked = 0

  constructor(source: TimeSource) {
    this.#source = source
    this.#slider.addEventListener("input", () => void this.#show())
    // Who wants less motion steps by hand.
    this.#play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches
    const bar = make(
      "div",
      { className: "pw-clock" },
      button("◀", () => this.#step(-1), { ariaLabel: say("time.back") }),
      this.#play,
      button("▶", () => this.#step(1), { ariaLabel: say("time.on") }),
      this.#slider,
      this.#clock,
    )
    this.element = make("div", { className: "pw-time" }, bar, this.#moment)
  }

  /** In nanoseconds since the cell's first packet. */
  get time(): number {
    return this.#times[this.#slider.valueAsNumber] ?? 0
  }

  /** Shows the last instant until then. */
  async show(time: number): Promise<void> {
    this.#times = (await this.#source.times()).times
    this.#slider.max = String(Math.max(0, this.#times.length - 1))
    const index = this.#times.findLastIndex((one) => one <= time)
    this.#slider.valueAsNumber = Math.max(0, index)
    await this.#show()
  }

  /** Nobody looks any more. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#play.textContent = say("time.play")
  }

  #toggle(): void {
    if (this.#timer !== undefined) {
      this.end()
      return
    }
    if (this.#slider.valueAsNumber >= this.#times.length - 1) this.#slider.valueAsNumber = 0
    this.#timer = setInterval(() => this.#step(1), STEP_MS)
    this.#play.textContent = say("time.pause")
  }

  #step(by: number): void {
    const next = this.#slider.valueAsNumber + by
    if (next < 0 || next >= this.#times.length || !this.element.isConnected) this.end()
    else {
      this.#slider.valueAsNumber = next
      void this.#show()
    }
  }

  async #show(): Promise<void> {
    const asked = ++this.#asked
    const text = say("time.clock", {
      seconds: (this.time / 1e9).toFixed(6),
      n: this.#times.length === 0 ? 0 : this.#slider.valueAsNumber + 1,
      all: this.#times.length,
    })
    this.#clock.textContent = text
    this.#slider.setAttribute("aria-valuetext", text)
    const moment = await this.#source.moment(this.time)
    if (asked === this.#asked) this.#moment.replaceChildren(...this.#parts(moment))
  }

  #parts({ figure, happenings, tables }: Moment): HTMLElement[] {
    const picture = make("div", { className: "pw-figure", tabIndex: 0, role: "group", ariaLabel: say("time.figure") })
    picture.innerHTML = sanitized(new DOMParser().parseFromString(figure, "text/html").body)
    const list = make("ul", { className: "pw-happenings" }, ...happenings.map((one) => this.#happening(one)))
    if (tables === undefined) return [picture, list]
    const { where, routes, neighbours, fdb } = tables
    return [
      picture,
      list,
      make("h3", {}, say("time.tables", { where })),
      make(
        "div",
        { className: "pw-tables" },
        table("ip route", routes),
        table("ip neigh", neighbours),
        table("bridge fdb", fdb),
      ),
    ]
  }

  #happening({ packet, place, action, detail }: Happening): HTMLElement {
    const name = action === "dropped" ? "pw-dropped" : "pw-action"
    return make(
      "li",
      {},
      button(place ?? say("way.between"), () => this.#source.open(packet)),
      " ",
      make("span", { className: name }, action),
      ` ${detail ?? ""}`,
    )
  }
}

function table(command: string, text: string): HTMLElement {
  return make(
    "pre",
    { className: "pw-output pw-plain", tabIndex: 0, role: "group", ariaLabel: command },
    make("b", {}, command),
    `\n${text.trimEnd()}`,
  )
}
