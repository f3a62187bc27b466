/** Outputs of type HTML and SVG: parsed, and only what a figure or a table needs is kept. No scripts, no links out, no event handlers. */
import { parseHTML } from "linkedom"

const ELEMENTS: ReadonlySet<string> = new Set(
  "svg g path line polyline polygon rect circle ellipse text tspan title desc defs marker clippath pattern lineargradient stop use style figure figcaption div span p table thead tbody tr th td caption pre code b i em strong br h2 h3 h4 details summary ul ol li dl dt dd small sup sub".split(
    " ",
  ),
)
const FORBIDDEN_ATTRIBUTE = /^(on|srcdoc$|formaction$|action$|ping$)/i

/** Safe HTML, or escaped text where nothing safe is left. */
export function sanitizeFigure(html: string): string {
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`)
  const clean = (node: Element): void => {
    for (const child of [...node.children]) {
      if (!ELEMENTS.has(child.tagName.toLowerCase())) {
        child.remove()
        continue
      }
      for (const { name, value } of [...child.attributes]) {
        const external = /^(href|xlink:href|src)$/i.test(name) && !value.startsWith("#")
        if (FORBIDDEN_ATTRIBUTE.test(name) || external || /javascript:|expression\(|url\(\s*['"]?(?!#)/i.test(value))
          child.removeAttribute(name)
      }
      if (child.tagName.toLowerCase() === "style" && /@import|url\(/i.test(child.textContent ?? "")) child.remove()
      else clean(child)
    }
  }
  clean(document.body)
  return document.body.innerHTML
}
