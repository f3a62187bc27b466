/**
 * Outputs of type HTML and SVG, taken apart and written anew: what comes out has only the elements and attributes listed here, its text
 * escaped, so that no browser can read a script, an event handler or a request to elsewhere into it.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

const ELEMENTS = words(
  "svg g path line polyline polygon rect circle ellipse text tspan title desc defs marker clippath mask pattern lineargradient " +
    "radialgradient stop use symbol style figure figcaption div span p table thead tbody tfoot tr th td caption colgroup col pre code " +
    "samp kbd b i em strong br hr h2 h3 h4 h5 details summary ul ol li dl dt dd small sup sub",
)
const VOID = words("br hr col")
const ATTRIBUTES = words(
  "id class style role lang dir title colspan rowspan scope open start xmlns xmlns:xlink href xlink:href viewbox preserveaspectratio " +
    "width height x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy d points transform rotate pathlength textlength lengthadjust fill fill-opacity " +
    "fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset " +
    "opacity color display visibility overflow font-family font-size font-weight font-style font-variant letter-spacing word-spacing " +
    "text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift writing-mode paint-order clip-path clip-rule mask " +
    "marker-start marker-mid marker-end markerwidth markerheight markerunits refx refy orient offset stop-color stop-opacity " +
    "gradientunits gradienttransform spreadmethod patternunits patterntransform patterncontentunits clippathunits vector-effect " +
    "shape-rendering text-rendering",
)
/** What asks another machine, covers the page, or hides one of these behind an escape. */
const UNSAFE_STYLE =
  /\\|@import|@font-face|(?:image-set|image|src|cross-fade|element|paint|expression)\s*\(|url\(\s*['"]?(?!#)|position\s*:\s*(?:fixed|sticky)|javascript:/i

/** The safe part of parsed HTML or SVG, as text; empty where nothing of it is safe. */
export const sanitized = (body: { readonly childNodes: Iterable<Node> }): string =>
  [...body.childNodes].map(written).join("")

/** A node's text in the page. What is not listed is left out with everything in it. */
function written(node: Node): string {
  if (node.nodeType === 3) return escaped(node.nodeValue ?? "")
  if (node.nodeType !== 1) return ""
  const element = node as Element
  const name = element.localName.toLowerCase()
  if (!ELEMENTS.has(name)) return ""
  const attributes = named(element)
    .map(({ name, value }) => writtenAttribute(name, value))
    .join("")
  if (VOID.has(name)) return `<${name}${attributes}>`
  if (name === "style") return writtenStyle(element.textContent ?? "")
  return `<${name}${attributes}>${[...element.childNodes].map(written).join("")}</${name}>`
}

/** A picture with a name is one picture to a screen reader; a name on a group of strokes is not allowed (ARIA 1.2), and nobody hears it. */
function named(element: Element): { name: string; value: string }[] {
  const attributes = [...element.attributes].map(({ name, value }) => ({ name, value }))
  if (element.hasAttribute("role") || !element.hasAttribute("aria-label")) return attributes
  if (element.localName === "svg") return [...attributes, { name: "role", value: "img" }]
  return element.localName === "g" ? attributes.filter(({ name }) => name !== "aria-label") : attributes
}

function writtenAttribute(name: string, value: string): string {
  const lower = name.toLowerCase()
  if (!ATTRIBUTES.has(lower) && !/^aria-[a-z]+$/.test(lower)) return ""
  if (/^(?:xlink:)?href$/.test(lower) && !value.startsWith("#")) return ""
  if (UNSAFE_STYLE.test(value)) return ""
  return ` ${name}="${escaped(value)}"`
}

/** Inside SVG a browser reads a style sheet as markup, elsewhere as it stands: only what is the same both ways is kept. */
const writtenStyle = (css: string): string =>
  /[<&]/.test(css) || UNSAFE_STYLE.test(css) ? "" : `<style>${css}</style>`

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")
