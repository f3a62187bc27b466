/**
 * Expressive Code makes a block that scrolls a region for keyboards, without a name and with `role="region"`: a page of many becomes a list of
 * nameless landmarks. Here it becomes a group with a name.
 */
export function nameScrollers(): void {
  new MutationObserver((records) => {
    for (const { target } of records) {
      if (!(target instanceof HTMLPreElement)) continue
      if (target.getAttribute("role") === "region") {
        target.setAttribute("role", "group")
        target.setAttribute("aria-label", "Code, scrolls sideways")
      } else if (!target.hasAttribute("role")) target.removeAttribute("aria-label")
    }
  }).observe(document.documentElement, { subtree: true, attributeFilter: ["role"] })
}
