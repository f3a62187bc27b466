/** kubectl's JSONPath dialect, text to nodes. Models client-go/util/jsonpath/parser.go, with its errors. */

export type Node =
  | { type: "list"; nodes: Node[] }
  | { type: "text"; text: string }
  | { type: "field"; name: string }
  | { type: "identifier"; name: string }
  | { type: "constant"; value: number | boolean }
  | { type: "wildcard" }
  | { type: "recursive" }
  | { type: "union"; parts: Node[][] }
  | { type: "filter"; left: Node[]; right: Node[]; operator: string }
  | { type: "slice"; from: number | undefined; to: number | undefined; step: number | undefined; single: boolean }

/** What is wrong with a template. */
export class JsonPathError {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const wrong = (message: string): never => {
  throw new JsonPathError(message)
}

const TERMINATORS = " \t\r\n.,[]$@{}"

/** The nodes of a template: text outside of braces, a list per `{…}`. Throws {@link JsonPathError}. */
export function parseJsonPath(text: string): Node[] {
  return new Parser(text).template()
}

/** The nodes of one expression, `.a.b[0]`. */
function parseAction(text: string): Node[] {
  const [first] = parseJsonPath(`{${text}}`)
  return first?.type === "list" ? first.nodes : []
}

class Parser {
  readonly #input: string
  #at = 0

  constructor(input: string) {
    this.#input = input
  }

  template(): Node[] {
    const nodes: Node[] = []
    while (this.#at < this.#input.length) {
      const brace = this.#input.indexOf("{", this.#at)
      const end = brace < 0 ? this.#input.length : brace
      if (end > this.#at) nodes.push({ type: "text", text: this.#input.slice(this.#at, end) })
      this.#at = end
      if (brace < 0) break
      this.#at++
      nodes.push({ type: "list", nodes: this.#action() })
    }
    return nodes
  }

  #action(): Node[] {
    const nodes: Node[] = []
    for (;;) {
      const rest = this.#input.slice(this.#at)
      if (rest.startsWith("}")) {
        this.#at++
        return nodes
      }
      if (rest.startsWith("[?(")) nodes.push(this.#filter())
      else if (rest.startsWith("..")) this.#recursive(nodes)
      else this.#plain(nodes)
    }
  }

  #plain(nodes: Node[]): void {
    const letter = this.#input[this.#at++]
    if (letter === undefined || letter === "\n" || letter === "\r") throw new JsonPathError("unclosed action")
    if (letter === " " || letter === "@" || letter === "$") return
    if (letter === "[") nodes.push(...this.#array())
    else if (letter === '"' || letter === "'") nodes.push(this.#quoted(letter))
    else if (letter === ".") nodes.push(this.#field())
    else if (/[-+\d]/.test(letter)) nodes.push(this.#number())
    else if (/[\p{L}\p{Nd}_]/u.test(letter)) nodes.push(this.#identifier())
    else {
      const code = (letter.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")
      wrong(`unrecognized character in action: U+${code} '${letter}'`)
    }
  }

  #until(stop: string): void {
    while (this.#at < this.#input.length && !stop.includes(this.#input[this.#at] as string)) this.#at++
  }

  #identifier(): Node {
    const start = this.#at - 1
    this.#until(TERMINATORS)
    const name = this.#input.slice(start, this.#at)
    return /^(true|false)$/i.test(name)
      ? { type: "constant", value: name.toLowerCase() === "true" }
      : { type: "identifier", name }
  }

  #number(): Node {
    const start = this.#at - 1
    while (/[\d.]/.test(this.#input[this.#at] ?? "")) this.#at++
    const text = this.#input.slice(start, this.#at)
    const value = Number(text)
    return Number.isNaN(value) ? wrong(`cannot parse number ${text}`) : { type: "constant", value }
  }

  #field(): Node {
    const start = this.#at
    while (this.#at < this.#input.length && !TERMINATORS.includes(this.#input[this.#at] as string))
      this.#at += this.#input[this.#at] === "\\" ? 2 : 1
    const name = this.#input.slice(start, this.#at)
    return name === "*" ? { type: "wildcard" } : { type: "field", name: name.replaceAll("\\", "") }
  }

  #recursive(nodes: Node[]): void {
    if (nodes.at(-1)?.type === "recursive") wrong("invalid multiple recursive descent")
    this.#at += 2
    nodes.push({ type: "recursive" })
    if (/[\p{L}\p{Nd}_]/u.test(this.#input[this.#at] ?? "")) nodes.push(this.#field())
  }

  #quoted(end: string): Node {
    const start = this.#at
    for (;;) {
      const letter = this.#input[this.#at++]
      if (letter === undefined || letter === "\n") return wrong("unterminated quoted string")
      if (letter === end && this.#input[this.#at - 2] !== "\\") break
    }
    return { type: "text", text: unquote(this.#input.slice(start, this.#at - 1)) }
  }

  #array(): Node[] {
    const start = this.#at
    for (;;) {
      const letter = this.#input[this.#at++]
      if (letter === undefined || letter === "\n") return wrong("unterminated array")
      if (letter === "]") break
    }
    const inner = this.#input.slice(start, this.#at - 1)
    const text = inner === "*" ? ":" : inner
    const parts = text.split(",")
    if (parts.length > 1)
      return [{ type: "union", parts: parts.map((part) => parseAction(`[${part.replace(/^ +| +$/g, "")}]`)) }]
    const key = /^'([^']*)'$/.exec(text)
    return key === null ? [slice(text)] : parseAction(`.${key[1]}`)
  }

  #filter(): Node {
    this.#at += 3
    const start = this.#at
    let quote: string | undefined
    let closed = true
    for (;;) {
      const letter = this.#input[this.#at++]
      if (letter === undefined || letter === "\n") return wrong("unterminated filter")
      if (letter === '"' || letter === "'") {
        if (quote === undefined) {
          quote = letter
          closed = false
        } else if (letter === quote && this.#input[this.#at - 2] !== "\\") closed = true
      } else if (letter === ")" && closed) break
    }
    const text = this.#input.slice(start, this.#at - 1)
    if (this.#input[this.#at++] !== "]") wrong("unclosed array expect ]")
    const match = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text)
    if (match === null) return { type: "filter", left: parseAction(text), right: [], operator: "exists" }
    const [, left = "", operator = "", right = ""] = match
    return { type: "filter", left: parseAction(left), right: parseAction(right), operator }
  }
}

/** `0`, `-1:`, `1:3`, `::2`. */
function slice(text: string): Node {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text)
  if (match === null) return wrong(`invalid array index ${text}`)
  const number = (part: string | undefined): number | undefined =>
    part === undefined || part === "" ? undefined : Number(part)
  const [, from, to, step] = match
  const start = number(from)
  const single = to === undefined
  return {
    type: "slice",
    from: start,
    to: single ? (start ?? 0) + 1 : number(to.slice(1)),
    step: number(step?.slice(1)),
    single,
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" }

/** Go's escapes inside quotes. */
function unquote(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_, hex, unicode, letter) =>
    letter === undefined ? String.fromCharCode(Number.parseInt(hex ?? unicode, 16)) : (ESCAPES[letter] ?? letter),
  )
}
