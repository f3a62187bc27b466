/**
 * What scrolls sideways can be reached by keyboard: code gets a place in the order of Tab and a name, tables a place. Expressive Code does the
 * first later and as nameless landmarks, which a page has many of; it leaves alone what is done here.
 */
import { say } from "../i18n/strings.ts"

export function reachScrollers(): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(target)
  })
  for (const box of document.querySelectorAll(".sl-markdown-content :is(.expressive-code pre, table)")) {
    mark(box)
    observer.observe(box)
  }
}

function mark(box: Element): void {
  const marks: Record<string, string> =
    box.tagName === "PRE" ? { tabindex: "0", role: "group", "aria-label": say("code.scrolls") } : { tabindex: "0" }
  const scrolls = box.scrollWidth > box.clientWidth
  for (const [name, value] of Object.entries(marks))
    if (scrolls) box.setAttribute(name, value)
    else box.removeAttribute(name)
}
