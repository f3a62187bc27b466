/** The packets that passed while a cell ran: a list with libpcap's filters, a file for Wireshark, and one packet in full. */
import { button, make } from "./dom.ts"
import type { PacketAnswer, PacketDetail, PacketList, PacketQuestion, PacketRow } from "./protocol.ts"
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
  readonly #cluster = make("select", { hidden: true, ariaLabel: "Cluster" })
  readonly #status = make("span", { role: "status" })
  readonly #list = make("div", { className: "pw-packet-list", tabIndex: 0 })
  readonly #detail = make("div")
  #rowsMax = ROWS_MAX

  /** `close` is called when the reader is done. */
  constructor(cell: string, ask: Ask, close: () => void) {
    this.#cell = cell
    this.#ask = ask
    this.#list.setAttribute("role", "group")
    this.#list.setAttribute("aria-label", `Packets of cell ${cell}`)
    const form = make(
      "form",
      {},
      make("label", {}, "Filter ", this.#filter),
      this.#cluster,
      button("Download .pcapng", () => void this.#orSay(() => this.#download())),
      button("Close", close),
      this.#status,
    )
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      void this.show()
    })
    this.#filter.addEventListener("change", () => void this.show())
    this.#cluster.addEventListener("change", () => void this.show())
    this.element = make("section", { className: "pw-packets" }, form, this.#list, this.#detail)
    this.element.setAttribute("aria-label", `Packets of cell ${cell}`)
  }

  /** Asks for the packets anew: the cell has run again, or the filter is another. */
  async show(): Promise<void> {
    await this.#orSay(() => this.#showList())
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
    const answer = (await this.#ask({ ...this.#about, kind: "list", filter: this.#filter.value })) as PacketList
    this.#clusters(answer.clusters)
    this.#detail.replaceChildren()
    this.#filter.setAttribute("aria-invalid", String(answer.error !== undefined))
    this.#status.textContent = answer.error ?? countOf(answer.rows)
    const shown = answer.rows.slice(0, this.#rowsMax)
    this.#list.replaceChildren(this.#table(shown))
    if (shown.length < answer.rows.length) this.#list.append(this.#more(answer.rows.length))
    const [first] = answer.rows.filter(({ dropped }) => dropped !== undefined).concat(answer.rows)
    if (first !== undefined) await this.#open(first.packet)
  }

  focus(): void {
    this.#filter.focus({ preventScroll: true })
    this.element.scrollIntoView({ block: "nearest" })
  }

  get #about(): { cell: string; cluster: number } {
    return { cell: this.#cell, cluster: Math.max(0, this.#cluster.selectedIndex) }
  }

  #clusters(count: number): void {
    this.#cluster.hidden = count < 2
    while (this.#cluster.length < count)
      this.#cluster.append(make("option", {}, `cluster ${this.#cluster.length + 1} of ${count}`))
  }

  #more(count: number): HTMLElement {
    return button(`Show all ${count}`, () => {
      this.#rowsMax = Number.POSITIVE_INFINITY
      void this.show()
    })
  }

  #table(rows: readonly PacketRow[]): HTMLElement {
    const ends = rows.some(({ dropped }) => dropped !== undefined)
    const names = ["Time", ...(ends ? ["Ends"] : []), "Seen first on", "Frames", "Packet"]
    const head = names.map((text) => make("th", { scope: "col" }, text))
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
  if (rows.length === 0) return "no packet passed"
  return `${rows.length} packets, seen as ${frames} frames${dropped === 0 ? "" : `; ${dropped} dropped`}`
}
