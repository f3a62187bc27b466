/** A page with cells waits for the first press of one of its buttons: until then nothing is loaded but this. */
import type { Controls } from "../kernel/controls.ts"

export function runCells(): void {
  const bar = document.querySelector<HTMLElement>("[data-cells]")
  if (bar === null) return
  let controls: Promise<Controls> | undefined
  document.addEventListener("click", ({ target }) => {
    const button = (target as Element).closest<HTMLButtonElement>("button[data-do]")
    if (button === null) return
    controls ??= import("../kernel/controls.ts").then(({ startControls }) => startControls(bar))
    void controls.then((all) => all.press(button))
  })
}
