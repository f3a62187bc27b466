/** One packet: the decisions on its way, in order, and the frame at each place. */
import { say } from "../i18n/strings.ts"
import { FrameView } from "./bytes.ts"
import { button, make } from "./dom.ts"
import type { PacketDetail, PacketStop } from "./protocol.ts"

export class WayView {
  readonly element: HTMLElement
  readonly #frame = make("div")
  readonly #buttons: HTMLButtonElement[] = []

  constructor({ stops, policy }: PacketDetail) {
    const list = make("ol", { className: "pw-way" })
    for (const stop of stops) list.append(this.#stop(stop))
    this.element = make(
      "div",
      { className: "pw-packet" },
      make("h3", {}, say("way.why")),
      list,
      policy === undefined ? undefined : policyBox(policy),
      make("h3", {}, say("way.frame")),
      this.#frame,
    )
    const first = stops.findIndex(({ bytes }) => bytes !== undefined)
    if (first >= 0) this.#show(stops[first] as PacketStop, this.#buttons[first] as HTMLButtonElement)
  }

  #stop(stop: PacketStop): HTMLElement {
    const { where, device, action, detail, time, bytes } = stop
    const element = button("", () => this.#show(stop, element), {
      ariaPressed: "false",
      disabled: bytes === undefined,
    })
    element.append(
      make("span", { className: "pw-where" }, where === undefined ? say("way.between") : `${where} ${device}`),
      make("span", { className: action === "dropped" ? "pw-dropped" : "pw-action" }, action),
      make("span", { className: "pw-detail" }, detail ?? ""),
      make("span", { className: "pw-when" }, `+${(time / 1000).toFixed(1)} µs`),
    )
    this.#buttons.push(element)
    return make("li", {}, element)
  }

  #show({ bytes, layers }: PacketStop, chosen: HTMLButtonElement): void {
    for (const one of this.#buttons) one.ariaPressed = String(one === chosen)
    if (bytes !== undefined && layers !== undefined) this.#frame.replaceChildren(new FrameView(bytes, layers).element)
  }
}

function policyBox(policy: string): HTMLElement {
  const box = make("pre", { className: "pw-output pw-plain", tabIndex: 0 }, policy)
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", say("way.policy"))
  return make("div", {}, make("h3", {}, say("way.policy")), box)
}
