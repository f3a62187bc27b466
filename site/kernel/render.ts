/** Outputs of a reader's run as the page shows them: the markup of CellOutput.astro, made here. HTML comes from code that anybody may have written. */

import { errorText } from "../../src/notebook/error-text.ts"
import type { Output } from "../../src/notebook/ipynb.ts"
import { say } from "../i18n/strings.ts"
import { sanitized } from "../notebook/sanitize.ts"

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"]

/** `whole`: of outputs that are cut, by their places. */
export async function renderOutputs(
  id: string,
  outputs: readonly Output[],
  whole: ReadonlyMap<number, string>,
): Promise<HTMLElement[]> {
  const boxes: HTMLElement[] = []
  for (const [i, output] of outputs.entries()) {
    const label = outputs.length === 1 ? say("cell.output", { id }) : say("cell.outputs", { n: i + 1, id })
    const box = await render(output, label)
    const all = whole.get(i)
    boxes.push(...(all === undefined ? [box] : [box, showAll(box, all)]))
  }
  return boxes
}

/** A button that puts the whole text into the box, and goes. */
function showAll(box: HTMLElement, text: string): HTMLElement {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "pw-show-all"
  button.textContent = say("cell.show-all", { count: text.length.toLocaleString(document.documentElement.lang) })
  button.addEventListener("click", () => {
    box.textContent = text
    box.focus({ preventScroll: true })
    button.remove()
  })
  return button
}

async function render(output: Output, label: string): Promise<HTMLElement> {
  if (output.output_type === "stream") return textBox(output.text, output.name === "stderr" ? "stderr" : "plain", label)
  if (output.output_type === "error") return textBox(errorText(output), "error", label)
  const { data } = output
  const markup = data["text/html"] ?? data["image/svg+xml"]
  if (typeof markup === "string") return figure(markup, label)
  const image = IMAGES.find((mime) => typeof data[mime] === "string")
  if (image !== undefined) return picture(`data:${image};base64,${String(data[image])}`, label)
  const markdown = data["text/markdown"]
  if (typeof markdown === "string") return await prose(markdown, label)
  const [mime = "", content] = Object.entries(data)[0] ?? []
  return textBox(
    typeof content === "string" ? content : JSON.stringify(content, null, 2),
    "plain",
    mime === "text/plain" ? label : `${label}, ${mime}`,
  )
}

function textBox(text: string, tone: "plain" | "stderr" | "error", label: string): HTMLElement {
  const box = named("pre", label)
  box.className = `pw-output pw-${tone}`
  const shown = text.replace(/\n+$/, "")
  if (tone === "error") box.append(...withPlaces(shown))
  else box.textContent = shown
  return box
}

/** `cell fdb 3:7` leads there. */
function withPlaces(text: string): (string | HTMLElement)[] {
  return text.split(/(\bcell [\w-]+ \d+:\d+)/).map((part) => {
    const [, cell, line, column] = /^cell ([\w-]+) (\d+):(\d+)$/.exec(part) ?? []
    if (cell === undefined) return part
    const button = document.createElement("button")
    button.type = "button"
    button.className = "pw-place"
    button.textContent = part
    Object.assign(button.dataset, { do: "go", cell, line, column })
    return button
  })
}

/** What scrolls must be reachable by keyboard, and then must have a name (WCAG 2.1.1). */
function named(element: string, label: string): HTMLElement {
  const box = document.createElement(element)
  box.tabIndex = 0
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", label)
  return box
}

function figure(markup: string, label: string): HTMLElement {
  const box = named("div", label)
  box.className = "pw-figure"
  // The same list as for published outputs; a document of its own runs and loads nothing. A style sheet that comes first belongs to the body, too.
  box.innerHTML = sanitized(new DOMParser().parseFromString(`<body>${markup}`, "text/html").body)
  return box
}

/** The reader of Markdown is loaded with the first output that is some. */
async function prose(markdown: string, label: string): Promise<HTMLElement> {
  const { markdownHtml } = await import("../notebook/markdown.ts")
  const box = named("div", label)
  box.className = "pw-figure pw-prose"
  box.innerHTML = markdownHtml(markdown, say)
  return box
}

function picture(source: string, label: string): HTMLElement {
  const box = document.createElement("div")
  box.className = "pw-figure"
  const image = document.createElement("img")
  image.src = source
  image.alt = label
  box.append(image)
  return box
}
