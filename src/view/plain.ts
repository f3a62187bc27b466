/** Small pieces of SVG and HTML text. Everything that comes from outside is escaped here. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (c) => ESCAPES[c] as string)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
}

type Attributes = Readonly<Record<string, string | number | undefined>>

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${escapeText(typeof value === "number" ? String(Math.round(value * 100) / 100) : (value as string))}"`,
    )
    .join("")
  return children.length === 0 ? `<${name}${text}/>` : `<${name}${text}>${children.join("")}</${name}>`
}

/** Text in a figure; `anchor` as in SVG. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeText(text))
}

export function box(x: number, y: number, width: number, height: number, attributes: Attributes = {}): string {
  return element("rect", { x, y, width, height, rx: 6, ...attributes })
}

/**
 * Colours that hold on white and on black, told apart without colour vision (Okabe and Ito), with text that follows the page. A figure
 * looks right where nothing sets the page's variables: in Jupyter, in a file of its own.
 */
export const STYLE = `
.pw{font-family:ui-sans-serif,system-ui,sans-serif;font-size:13px;color:inherit}
.pw text{fill:currentColor}
.pw .mono{font-family:ui-monospace,"JetBrains Mono",Menlo,Consolas,monospace;font-size:12px}
.pw .dim{opacity:.72}
.pw .strong{font-weight:600}
.pw .frame{fill:none;stroke:currentColor;stroke-opacity:.35}
.pw .line{stroke:currentColor;stroke-opacity:.45;fill:none}
.pw .fill{fill:currentColor;fill-opacity:.05;stroke:currentColor;stroke-opacity:.35}
.pw .a{stroke:#0072b2}.pw .b{stroke:#d55e00}.pw .c{stroke:#009e73}
.pw .fa{fill:#0072b2;fill-opacity:.14;stroke:#0072b2}.pw .fb{fill:#d55e00;fill-opacity:.14;stroke:#d55e00}.pw .fc{fill:#009e73;fill-opacity:.14;stroke:#009e73}
`

/** A whole figure. `title` names it for readers who do not see it; `description` says what it shows. */
export function figure(
  width: number,
  height: number,
  title: string,
  description: string,
  body: readonly string[],
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width: "100%",
      style: `max-width:${width}px`,
      class: "pw",
      role: "img",
      "aria-label": `${title}. ${description}`,
    },
    `<title>${escapeText(title)}</title><desc>${escapeText(description)}</desc><style>${STYLE}</style>`,
    ...body,
  )
}
