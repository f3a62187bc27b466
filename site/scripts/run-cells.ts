/** A page with cells waits for the first press of one of its buttons: until then nothing is loaded but this. */
import type { Controls } from "../kernel/controls.ts"

export function runCells(): void {
  const bar = document.querySelector<HTMLElement>("[data-cells]")
  if (bar === null) return
  let controls: Promise<Controls | undefined> | undefined
  const start = (): Promise<Controls | undefined> =>
    (controls ??= import("../kernel/controls.ts")
      .then(({ startControls }) => startControls(bar))
      .catch(() => {
        // The next press asks again.
        controls = undefined
        const status = bar.querySelector('[role="status"]')
        if (status !== null) status.textContent = bar.dataset["unreachable"] ?? ""
        return undefined
      }))
  // A link that brings edits shows them; it runs nothing.
  if (location.hash.startsWith("#edits=")) void start().then((all) => all?.open(location.hash))
  document.addEventListener("click", ({ target }) => {
    const button = (target as Element).closest<HTMLButtonElement>("button[data-do]")
    if (button === null) return
    void start().then((all) => all?.press(button))
  })
}
