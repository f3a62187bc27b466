/** Pictures that show a page where it is linked to: its title beside a figure, or a text, that its notebook's own run left. */
import { type Notebook, type Output, parseNotebook } from "../../src/notebook/ipynb.ts"

export const WIDTH = 1200
export const HEIGHT = 630

/** The fonts of the machine that builds: SVG is drawn without a browser. */
const SANS = "Inter, Liberation Sans, Noto Sans, Noto Sans CJK JP, DejaVu Sans, sans-serif"
const MONO = "Liberation Mono, Noto Sans Mono, DejaVu Sans Mono, monospace"
/** Beside a column of text a figure may be neither a ribbon nor a tower. */
const SHAPES = { min: 0.8, max: 2.6 }

export interface Card {
  readonly title: string
  readonly text: string
  /** The notebook that has the figure. */
  readonly notebook: string
  /** Which cell's; otherwise the first that fits. */
  readonly cell?: string
}

export function cardSvg({ title, text, notebook, cell }: Card): string {
  const lines = wrapped(title, 15)
  const below = 190 + lines.length * 68
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<style>text { font-family: ${SANS} } .pwf-m, .pwf-pre, .mono { font-family: ${MONO} }</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#f4f7fa"/>
<rect width="12" height="${HEIGHT}" fill="#0072b2"/>
<g transform="translate(64 62) scale(1.5)" fill="none" stroke="#0072b2" stroke-width="2.4" stroke-linecap="round"><rect x="0" y="2" width="9" height="12" rx="2.5"/><rect x="17" y="2" width="9" height="12" rx="2.5" stroke="#d55e00"/><path d="M9 8h8" stroke-dasharray="2 3"/></g>
<text x="120" y="86" font-size="34" font-weight="700" fill="#0b5a94">podwire</text>
${lines.map((line, i) => `<text x="64" y="${190 + i * 68}" font-size="58" font-weight="700" fill="#16202b">${escaped(line)}</text>`).join("\n")}
${shortened(wrapped(text, 38), Math.floor((HEIGHT - 40 - below) / 34))
  .map((line, i) => `<text x="64" y="${below + i * 34}" font-size="24" fill="#43505c">${escaped(line)}</text>`)
  .join("\n")}
<rect x="600" y="56" width="548" height="518" rx="14" fill="#fff" stroke="#d5dde5" stroke-width="1.5"/>
${shown(parseNotebook(notebook), cell)}
</svg>`
}

/** The figure or text in its box. Throws for a notebook that has neither. */
function shown(notebook: Notebook, id: string | undefined): string {
  const cells = notebook.cells.filter((cell) => id === undefined || cell.id === id)
  const outputs = cells.flatMap((cell) => cell.outputs)
  const figure = outputs.map(figureOf).find((found) => found !== undefined)
  if (figure !== undefined) return figure
  const text = outputs.map(textOf).find((found) => found.trim().split("\n").length > 3)
  if (text === undefined) throw new Error("a notebook without a figure or a text cannot be shown as a picture")
  return text
    .trim()
    .split("\n")
    .slice(0, 22)
    .map(
      (line, i) =>
        `<text class="mono" x="622" y="${90 + i * 22}" font-size="14" fill="#1b2733" xml:space="preserve">${escaped(line.slice(0, 60))}</text>`,
    )
    .join("\n")
}

/** One of podwire's own figures, without its style sheet: its attributes say the same in the light colours. */
function figureOf(output: Output): string | undefined {
  if (output.output_type !== "display_data") return undefined
  const html = output.data["text/html"] ?? output.data["image/svg+xml"]
  if (typeof html !== "string") return undefined
  const [whole, box = "", body = ""] =
    /<svg[^>]*class="pwf"[^>]*viewBox="([^"]*)"[^>]*>([\s\S]*?)<\/svg>/.exec(html) ?? []
  const [, , width = 0, height = 0] = box.split(" ").map(Number)
  const shape = width / height
  if (whole === undefined || !(shape >= SHAPES.min && shape <= SHAPES.max)) return undefined
  return `<svg x="624" y="80" width="500" height="470" viewBox="${box}" font-size="13" fill="#1b2733" color="#1b2733">${body.replace(/<style>[\s\S]*?<\/style>/g, "")}</svg>`
}

const textOf = (output: Output): string => (output.output_type === "stream" ? output.text : "")

/** Lines of about so many letters; letters of Chinese and Japanese count for two, and break anywhere. */
function wrapped(text: string, letters: number): string[] {
  const lines: string[] = [""]
  let used = 0
  for (const [piece] of text
    .replace(/\s+/g, " ")
    .matchAll(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+ ?|\s/g)) {
    if (used > 0 && used + widthOf(piece.trimEnd()) > letters) {
      lines.push("")
      used = 0
    }
    lines[lines.length - 1] += piece
    used += widthOf(piece)
  }
  return lines.map((line) => line.trim()).filter((line) => line !== "")
}

const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (letter > "\u2fff" ? 2 : 1), 0)

function shortened(lines: readonly string[], count: number): string[] {
  if (lines.length <= count) return [...lines]
  return [...lines.slice(0, count - 1), `${lines[count - 1]?.replace(/[\s,;:.]+$/, "")} …`]
}

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
