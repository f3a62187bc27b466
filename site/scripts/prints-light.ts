/** Paper is white, and nobody can unfold it: a page is light and open while it is printed. */
export function printsLight(): void {
  const root = document.documentElement
  let before: string | undefined
  let folded: HTMLDetailsElement[] = []
  addEventListener("beforeprint", () => {
    before = root.dataset["theme"]
    folded = [...document.querySelectorAll<HTMLDetailsElement>(".sl-markdown-content details:not([open])")]
    root.dataset["theme"] = "light"
    for (const fold of folded) fold.open = true
  })
  addEventListener("afterprint", () => {
    if (before !== undefined) root.dataset["theme"] = before
    for (const fold of folded) fold.open = false
  })
}
