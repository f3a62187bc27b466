/**
 * Markup that cannot be built wrong: text is escaped wherever it enters, and only {@link element} makes tags. What comes out reads
 * the same as XML (an SVG file) and as HTML (inline in a page).
 */

/** Finished markup. Plain strings are text and get escaped; this is not text. */
export interface Markup {
  readonly xml: string
}
export type Child = Markup | string | undefined | false | readonly Child[]
export type Attributes = Readonly<Record<string, string | number | undefined>>

/** Elements written `<x/>`. In HTML that is right for SVG shapes only: `<td/>` would open a cell. */
const EMPTY: ReadonlySet<string> = new Set(["rect", "path", "line", "circle", "polyline", "polygon"])

// Characters XML 1.0 section 2.2 does not allow even as references, lone surrogates included.
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** `text` as content or as a quoted attribute; what XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(NOT_XML, "\ufffd").replace(/[&<>"']/g, (char) => ENTITIES[char] as string)
}

/** `<name …>children</name>`. Attributes that are `undefined` are left out; numbers keep two decimals. */
export function element(name: string, attributes: Attributes, ...children: Child[]): Markup {
  let tag = name
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) tag += ` ${key}="${attribute(value)}"`
  if (EMPTY.has(name) && children.length === 0) return { xml: `<${tag}/>` }
  return { xml: `<${tag}>${serialize(children)}</${name}>` }
}

/** Several pieces side by side, without an element around them. */
export const fragment = (...children: Child[]): Markup => ({ xml: serialize(children) })

const attribute = (value: string | number): string => (typeof value === "number" ? `${round(value)}` : escapeXml(value))

/** Two decimals, and no negative zero: the same figure on every machine. */
export const round = (value: number): number => Math.round(value * 100) / 100 + 0

function serialize(child: Child): string {
  if (child === undefined || child === false) return ""
  if (typeof child === "string") return escapeXml(child)
  if ("xml" in child) return child.xml
  return child.map(serialize).join("")
}
