/** The packets that passed while a cell ran: a list with libpcap's filters, a file for Wireshark, and one packet in full. */
import { say } from "../i18n/strings.ts"
import { button, make } from "./dom.ts"
import type { Moment, PacketAnswer, PacketDetail, PacketList, PacketQuestion, PacketRow, TimeLine } from "./protocol.ts"
import { TimeView } from "./time.ts"
import { WayView } from "./way.ts"

type Ask = (question: PacketQuestion) => Promise<PacketAnswer>

/** More are listed on demand. */
const ROWS_MAX = 500

export class PacketPanel {
  readonly element: HTMLElement
  readonly #cell: string
  readonly #ask: Ask
  readonly #filter = make("input", {
    type: "text",
    placeholder: "udp port 8472",
    spellcheck: false,
    autocapitalize: "off",
  })
  readonly #cluster = make("select", { hidden: true, ariaLabel: say("packets.cluster") })
  readonly #status = make("span", { role: "status" })
  readonly #list = make("div", { className: "pw-packet-list", tabIndex: 0 })
  readonly #detail = make("div")
  readonly #views = button(say("packets.clock"), () => void this.#orSay(() => this.#turn()), { ariaPressed: "false" })
  #time: TimeView | undefined
  #rowsMax = ROWS_MAX

  /** `close` is called when the reader is done. */
  constructor(cell: string, ask: Ask, close: () => void) {
    this.#cell = cell
    this.#ask = ask
    this.#list.setAttribute("role", "group")
    this.#list.setAttribute("aria-label", say("packets.title", { id: cell }))
    const form = make(
      "form",
      {},
      make("label", {}, say("packets.filter"), this.#filter),
      this.#cluster,
      button(say("packets.download"), () => void this.#orSay(() => this.#download())),
      this.#views,
      button(say("packets.close"), () => {
        this.#time?.end()
        close()
      }),
      this.#status,
    )
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      void this.show()
    })
    this.#filter.addEventListener("change", () => void this.show())
    this.#cluster.addEventListener("change", () => void this.show())
    this.element = make("section", { className: "pw-packets" }, form, this.#list, this.#detail)
    this.element.setAttribute("aria-label", say("packets.title", { id: cell }))
  }

  /** Asks for the packets anew: the cell has run again, or the filter is another. */
  async show(): Promise<void> {
    await this.#orSay(() => this.#showList())
  }

  /** Shows the clock, at an instant, instead of the list. */
  async showTime(time: number): Promise<void> {
    await this.#orSay(async () => {
      await this.#turn(true)
      await this.#time?.show(time)
    })
  }

  /** Where the clock stands, when it is looked at: in nanoseconds since the cell's first packet. */
  get time(): number | undefined {
    return this.#views.ariaPressed === "true" ? this.#time?.time : undefined
  }

  /** From the list to the clock, and back. */
  async #turn(clock = this.#views.ariaPressed !== "true"): Promise<void> {
    this.#views.ariaPressed = String(clock)
    this.#time?.end()
    this.#list.hidden = clock
    this.#detail.hidden = clock
    this.#filter.disabled = clock
    if (!clock) return this.#time?.element.remove()
    this.#time ??= new TimeView({
      times: async () => (await this.#ask({ ...this.#about, kind: "times" })) as TimeLine,
      moment: async (time) => (await this.#ask({ ...this.#about, kind: "moment", time })) as Moment,
      open: (packet) => void this.#orSay(() => this.#openFromClock(packet)),
    })
    this.element.append(this.#time.element)
    await this.#time.show(this.#time.time)
  }

  async #openFromClock(packet: number): Promise<void> {
    await this.#turn(false)
    await this.#open(packet)
    this.#detail.scrollIntoView({ block: "nearest" })
  }

  /** What cannot be answered is said: the kernel has begun anew, say. */
  async #orSay(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#status.textContent = (error as Error).message
    }
  }

  async #showList(): Promise<void> {
    const answer = await this.#askList()
    if (this.#offer(answer.clusters)) return this.#showList()
    this.#detail.replaceChildren()
    this.#filter.setAttribute("aria-invalid", String(answer.error !== undefined))
    this.#status.textContent = answer.error ?? countOf(answer.rows)
    const shown = answer.rows.slice(0, this.#rowsMax)
    this.#list.replaceChildren(this.#table(shown))
    if (shown.length < answer.rows.length) this.#list.append(this.#more(answer.rows.length))
    const [first] = answer.rows.filter(({ dropped }) => dropped !== undefined).concat(answer.rows)
    if (first !== undefined) await this.#open(first.packet)
    if (this.time !== undefined) await this.#time?.show(this.time)
  }

  focus(): void {
    this.#filter.focus({ preventScroll: true })
    this.element.scrollIntoView({ block: "nearest" })
  }

  get #about(): { cell: string; cluster: number } {
    return { cell: this.#cell, cluster: Math.max(0, this.#cluster.selectedIndex) }
  }

  async #askList(): Promise<PacketList> {
    return (await this.#ask({ ...this.#about, kind: "list", filter: this.#filter.value })) as PacketList
  }

  /** The clusters to choose from; at first the one where something happened. True when that is another one. */
  #offer(clusters: readonly number[]): boolean {
    const chosen = this.#cluster.selectedIndex
    this.#cluster.hidden = clusters.length < 2
    const names = clusters.map((packets, i) =>
      say("packets.clusters", { n: i + 1, all: clusters.length, count: packets }),
    )
    this.#cluster.replaceChildren(...names.map((name) => make("option", {}, name)))
    this.#cluster.selectedIndex =
      chosen >= 0
        ? chosen
        : Math.max(
            0,
            clusters.findIndex((packets) => packets > 0),
          )
    return chosen < 0 && this.#cluster.selectedIndex > 0
  }

  #more(count: number): HTMLElement {
    return button(say("packets.all", { count }), () => {
      this.#rowsMax = Number.POSITIVE_INFINITY
      void this.show()
    })
  }

  #table(rows: readonly PacketRow[]): HTMLElement {
    const ends = rows.some(({ dropped }) => dropped !== undefined)
    const names = ["time", ...(ends ? (["ends"] as const) : []), "place", "frames", "packet"] as const
    const head = names.map((name) => make("th", { scope: "col" }, say(`packets.${name}`)))
    const body = rows.map((row) => this.#row(row, ends))
    return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body))
  }

  #row({ packet, time, place, info, frames, dropped }: PacketRow, ends: boolean): HTMLElement {
    const open = button(info.split("\n")[0] ?? "", () => void this.#orSay(() => this.#open(packet)), {
      ariaPressed: "false",
    })
    open.dataset["packet"] = String(packet)
    return make(
      "tr",
      {},
      make("td", {}, time.toFixed(6)),
      ends ? make("td", { className: "pw-dropped" }, dropped?.replace("SKB_DROP_REASON_", "✗ ") ?? "") : undefined,
      make("td", {}, place),
      make("td", {}, String(frames)),
      make("td", {}, open),
    )
  }

  async #open(packet: number): Promise<void> {
    for (const one of this.#list.querySelectorAll<HTMLButtonElement>("[data-packet]"))
      one.ariaPressed = String(one.dataset["packet"] === String(packet))
    const detail = (await this.#ask({ ...this.#about, kind: "packet", packet })) as PacketDetail
    this.#detail.replaceChildren(new WayView(detail).element)
  }

  async #download(): Promise<void> {
    const bytes = (await this.#ask({
      ...this.#about,
      kind: "file",
      filter: this.#filter.value,
    })) as Uint8Array<ArrayBuffer>
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/x-pcapng" }))
    make("a", { href: address, download: `${this.#cell}.pcapng` }).click()
    URL.revokeObjectURL(address)
  }
}

function countOf(rows: readonly PacketRow[]): string {
  const frames = rows.reduce((sum, row) => sum + row.frames, 0)
  const dropped = rows.filter((row) => row.dropped !== undefined).length
  if (rows.length === 0) return say("packets.none")
  const counts = { packets: rows.length, frames }
  return dropped === 0 ? say("packets.count", counts) : say("packets.dropped", { ...counts, dropped })
}
