/** Setting text: widths without a browser, shortening, labels. */
import type { Hue } from "./palette.ts"
import { element, type Markup } from "./xml.ts"

// Advance widths in em, a little wide on purpose (DejaVu Sans is the widest of the fonts system-ui resolves to).
const MONO_ADVANCE = 0.61
const NARROW = /[ijlI.,:;'|!` ]/
const HALF = /[frt()[\]{}/\\"-]/
const BROAD = /[mwMW@%→←↔]/
const UPPER = /[A-Z0-9#&<>=+~_]/
// East Asian Wide and Fullwidth (Unicode TR 11), coarsely, and emoji.
const FULL =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u

function advance(char: string, mono: boolean): number {
  if (FULL.test(char)) return mono ? MONO_ADVANCE * 2 : 1
  if (mono) return MONO_ADVANCE
  if (NARROW.test(char)) return 0.35
  if (HALF.test(char)) return 0.45
  if (BROAD.test(char)) return 0.98
  return UPPER.test(char) ? 0.69 : 0.61
}

/** About how wide `text` is, in pixels; never much less. */
export function textWidth(text: string, size: number, mono: boolean, bold = false): number {
  let em = 0
  for (const char of text) em += advance(char, mono)
  return em * size * (bold && !mono ? 1.1 : 1)
}

/** `text` or a shorter form that fits: the middle goes, because both ends of a generated name tell something. */
export function shorten(text: string, size: number, mono: boolean, width: number, bold = false): string {
  if (textWidth(text, size, mono, bold) <= width) return text
  const chars = [...text]
  for (let keep = chars.length - 1; keep > 0; keep--) {
    const head = Math.ceil(keep / 2)
    const short = `${chars.slice(0, head).join("")}…${chars.slice(chars.length - (keep - head)).join("")}`
    if (textWidth(short, size, mono, bold) <= width) return short
  }
  return "…"
}

export interface TextStyle {
  readonly size?: number
  readonly mono?: boolean
  readonly bold?: boolean
  readonly faint?: boolean
  readonly hue?: Hue
  readonly anchor?: "start" | "middle" | "end"
  /** Longer text is shortened, with the whole as a tooltip. */
  readonly max?: number
  /** Any fill, where the text stands on a solid colour. */
  readonly fill?: string
}

export const SIZE = 13
/** The smallest there is. Figures shrink until it is LEAST pixels high, no further (see svg). */
export const SMALL = 12
export const LEAST = 11

/** One line of text, its baseline at `y`. */
export function label(x: number, y: number, text: string, style: TextStyle = {}): Markup {
  const { size = SIZE, mono = false, bold = false, max } = style
  const shown = max === undefined ? text : shorten(text, size, mono, max, bold)
  const classes = [mono && "pwf-m", style.hue !== undefined && `pwf-t-${style.hue}`]
    .filter((name) => name !== false)
    .join(" ")
  return element(
    "text",
    {
      x,
      y,
      class: classes === "" ? undefined : classes,
      "font-size": size === SIZE ? undefined : size,
      "font-weight": bold ? 600 : undefined,
      "text-anchor": style.anchor === "start" ? undefined : style.anchor,
      "fill-opacity": style.faint ? 0.72 : undefined,
      style: style.fill === undefined ? undefined : `fill:${style.fill}`,
    },
    shown !== text && element("title", {}, text),
    shown,
  )
}

/** `text` in lines no wider than `width`, broken at spaces; a word that is wider is shortened when it is set. */
export function wrap(text: string, size: number, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1]
    const longer = line === undefined ? word : `${line} ${word}`
    if (line !== undefined && textWidth(longer, size, false) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
