/** What a figure says of a part when the pointer rests on it (SVG's title), said below when it is pressed: phones have no pointer that rests. */
export function explainFigures(): void {
  document.addEventListener("click", ({ target }) => {
    const part = target as Element
    const figure = part.closest(".pw-figure")
    const title = part.closest("svg.pwf g:has(> title)")?.querySelector(":scope > title")?.textContent
    if (figure === null || title === undefined || title === null) return
    const line = figure.querySelector(":scope > .pw-why") ?? document.createElement("p")
    line.className = "pw-why"
    line.setAttribute("role", "status")
    figure.append(line)
    line.textContent = title
  })
}
