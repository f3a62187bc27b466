/** A frame taken apart: its layers beside its bytes. A field shows its bytes, a byte its field; what a tunnel carries has another colour. */
import type { DissectedField, DissectedLayer } from "podwire"
import { say } from "../i18n/strings.ts"
import { button, make } from "./dom.ts"

const NAMES: Readonly<Record<string, string>> = {
  eth: "Ethernet II",
  arp: "Address Resolution Protocol",
  ip: "Internet Protocol Version 4",
  icmp: "Internet Control Message Protocol",
  udp: "User Datagram Protocol",
  tcp: "Transmission Control Protocol",
  vxlan: "Virtual eXtensible Local Area Network",
  data: "Data",
  malformed: "Malformed",
}
const ROW = 16

export class FrameView {
  readonly element: HTMLElement
  readonly #fields: { readonly button: HTMLButtonElement; readonly from: number; readonly to: number }[] = []
  /** Both columns of the dump: digits and characters. */
  readonly #cells: HTMLElement[][] = []

  constructor(bytes: Uint8Array, layers: readonly DissectedLayer[]) {
    const tunnel = layers.findIndex(({ protocol }) => protocol === "vxlan")
    const list = make("div", { className: "pw-layers" })
    for (const [i, layer] of layers.entries()) list.append(this.#layer(layer, sideOf(i, tunnel)))
    const dump = this.#dump(bytes)
    for (const [i, { offset, length }] of layers.entries()) this.#mark(sideOf(i, tunnel), offset, offset + length)
    this.element = make("div", { className: "pw-frame" }, dump, list)
  }

  #layer(layer: DissectedLayer, side: string): HTMLElement {
    const name = say("frame.layer", { name: NAMES[layer.protocol] ?? layer.protocol, length: layer.length })
    const head = this.#field(name, layer.offset, layer.length)
    head.classList.add("pw-layer")
    return make(
      "div",
      { className: side },
      head,
      make(
        "ul",
        {},
        ...layer.fields.map((field) => make("li", {}, this.#field(textOf(field), field.offset, field.length))),
      ),
    )
  }

  #field(text: string, from: number, length: number): HTMLButtonElement {
    const to = from + length
    const element = button(text, () => this.#choose(element), { ariaPressed: "false" })
    element.addEventListener("pointerenter", () => this.#show(from, to))
    element.addEventListener("pointerleave", () => this.#showChosen())
    this.#fields.push({ button: element, from, to })
    return element
  }

  #dump(bytes: Uint8Array): HTMLElement {
    const dump = make("pre", { className: "pw-hex", tabIndex: 0 })
    dump.setAttribute("role", "group")
    dump.setAttribute("aria-label", say("frame.bytes", { length: bytes.length }))
    for (let at = 0; at < bytes.length; at += ROW) {
      const row = [...bytes.subarray(at, at + ROW)]
      const digits = row.map((byte, i) => this.#byte(at + i, byte.toString(16).padStart(2, "0")))
      const characters = row.map((byte, i) =>
        this.#byte(at + i, byte > 31 && byte < 127 ? String.fromCharCode(byte) : "."),
      )
      const gap = "   ".repeat(ROW - row.length)
      dump.append(`${at.toString(16).padStart(4, "0")}  `)
      for (const [i, cell] of digits.entries()) dump.append(cell, i === ROW / 2 - 1 ? "  " : " ")
      dump.append(`${gap}${row.length < ROW / 2 ? " " : ""} `, ...characters, "\n")
    }
    return dump
  }

  #byte(at: number, text: string): HTMLElement {
    const cell = make("span", {}, text)
    cell.addEventListener("click", () => {
      const field = this.#fieldAt(at)
      if (field !== undefined) this.#choose(field.button, true)
    })
    cell.addEventListener("pointerenter", () => {
      const field = this.#fieldAt(at)
      if (field !== undefined) this.#show(field.from, field.to)
    })
    cell.addEventListener("pointerleave", () => this.#showChosen())
    ;(this.#cells[at] ??= []).push(cell)
    return cell
  }

  /** The narrowest: a field before its layer. */
  #fieldAt(at: number): { readonly button: HTMLButtonElement; readonly from: number; readonly to: number } | undefined {
    return this.#fields
      .filter(({ from, to }) => from <= at && at < to)
      .sort((a, b) => a.to - a.from - (b.to - b.from))[0]
  }

  #mark(name: string, from: number, to: number): void {
    for (let at = from; at < to; at++) for (const cell of this.#cells[at] ?? []) cell.classList.add(name)
  }

  #choose(chosen: HTMLButtonElement, focus = false): void {
    for (const { button } of this.#fields)
      button.ariaPressed = String(button === chosen && (focus || button.ariaPressed !== "true"))
    if (focus) {
      chosen.focus({ preventScroll: true })
      chosen.scrollIntoView({ block: "nearest" })
    }
    this.#showChosen()
  }

  #showChosen(): void {
    const chosen = this.#fields.find(({ button }) => button.ariaPressed === "true")
    this.#show(chosen?.from ?? 0, chosen?.to ?? 0)
  }

  #show(from: number, to: number): void {
    for (const [at, cells] of this.#cells.entries())
      for (const cell of cells) cell.classList.toggle("pw-chosen", at >= from && at < to)
    for (const field of this.#fields)
      field.button.classList.toggle("pw-chosen", to > from && field.from === from && field.to === to)
  }
}

/** Up to and with the tunnel's header a frame is the machines' own. */
const sideOf = (layer: number, tunnel: number): string => (layer <= tunnel ? "pw-outer" : "pw-inner")

const textOf = ({ name, text }: DissectedField): string => `${name}: ${text}`
