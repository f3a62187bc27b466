/**
 * Colours and type of every figure. Hues are those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour
 * vision tell apart. Ink is the page's own `currentColor`, so a figure inside a page is legible on whatever that page is; tints are
 * translucent. A standalone file chooses its ink by `prefers-color-scheme`. A site may set --podwire-blue and so on.
 */
import type { Attributes } from "./xml.ts"

export type Hue = "blue" | "orange" | "green" | "sky" | "vermilion" | "purple" | "yellow" | "ink"

const HUES: Readonly<Record<Exclude<Hue, "ink">, string>> = {
  blue: "#0072b2",
  orange: "#e69f00",
  green: "#009e73",
  sky: "#56b4e9",
  vermilion: "#d55e00",
  purple: "#cc79a7",
  yellow: "#f0e442",
}

/** In this order wherever a figure needs one hue for each of several things. */
export const CYCLE: readonly Hue[] = ["blue", "orange", "green", "purple", "sky", "vermilion"]
export const cycle = (index: number): Hue => CYCLE[index % CYCLE.length] as Hue

export const SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif'
export const MONO = 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace'

const hex = (hue: Hue): string => (hue === "ink" ? "currentColor" : HUES[hue])
/** The hue as CSS, replaceable by the page. */
const css = (hue: Hue): string => (hue === "ink" ? "currentColor" : `var(--podwire-${hue},${HUES[hue]})`)

// Attributes carry the colours a second time: some viewers (and GitHub's notebook pages) drop <style>.
export const fill = (hue: Hue, opacity: number): Attributes => ({
  class: `pwf-f-${hue}`,
  fill: hex(hue),
  "fill-opacity": opacity,
  stroke: "none",
})
export const stroke = (hue: Hue, width: number, opacity = 1): Attributes => ({
  class: `pwf-s-${hue}`,
  fill: "none",
  stroke: hex(hue),
  "stroke-width": width,
  "stroke-opacity": opacity === 1 ? undefined : opacity,
})
/** A tinted shape with an outline of its own hue. */
export const panel = (hue: Hue, tint: number, line: number, opacity = 1): Attributes => ({
  class: `pwf-f-${hue} pwf-s-${hue}`,
  fill: hex(hue),
  "fill-opacity": tint,
  stroke: hex(hue),
  "stroke-width": line,
  "stroke-opacity": opacity === 1 ? undefined : opacity,
})

const perHue = (rule: (hue: Hue) => string): string => (Object.keys(HUES) as Hue[]).map(rule).join("")

/**
 * The one style sheet, the same in every figure, so that many on a page do not disturb each other. `:root` holds only in a
 * standalone file. No url() and no "<": a page's sanitizer may drop the whole sheet for them.
 */
export const STYLE: string = [
  `.pwf{font-family:${SANS};fill:currentColor;width:100%;height:auto;display:block}`,
  "svg.pwf:root{width:auto;color:#1b2733;color-scheme:light dark}",
  "@media (prefers-color-scheme:dark){svg.pwf:root{color:#e3eaf2}}",
  `.pwf .pwf-m,.pwf-pre{font-family:${MONO}}`,
  perHue((hue) => `.pwf-f-${hue}{fill:${css(hue)}}.pwf-s-${hue}{stroke:${css(hue)}}`),
  // Half the page's ink: dark enough on light, light enough on dark, still the hue.
  perHue((hue) => `.pwf-t-${hue}{fill:color-mix(in srgb,${css(hue)} 55%,currentColor)}`),
].join("")
