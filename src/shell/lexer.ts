/** Command text to tokens (POSIX.1-2017 XCU section 2.3), with the quoting, expansions and here-documents of bash that people type. */
import { type HereDocument, SyntaxErrorInScript, type Token, type Word, type WordPart } from "./token.ts"

const OPERATORS = ["&&", "||", ";;", "|&", "&", "|", ";", "(", ")"]
const REDIRECTS = ["<<<", "<<-", "&>>", "<<", "<&", ">&", ">>", ">|", "<>", "&>", "<", ">"]
const BLANK = /[ \t\r]/
const NAME_START = /[A-Za-z_]/
const NAME = /[A-Za-z0-9_]/

export class Lexer {
  readonly #text: string
  #at = 0
  #line: number
  #pendingHere: HereDocument[] = []
  /** A here-document whose end has not come. */
  openHere = false

  constructor(text: string, line = 1) {
    this.#text = text
    this.#line = line
  }

  /** All tokens, the end last. */
  tokens(): Token[] {
    const tokens: Token[] = []
    for (;;) {
      const token = this.#next()
      tokens.push(token)
      if (token.type === "end") return tokens
    }
  }

  #next(): Token {
    this.#skipBlanks()
    const line = this.#line
    const c = this.#text[this.#at]
    if (c === undefined) {
      this.#readHereDocuments()
      return { type: "end", line }
    }
    if (c === "\n") {
      this.#at++
      this.#line++
      this.#readHereDocuments()
      return { type: "newline", line }
    }
    const fd = /^\d+(?=[<>])/.exec(this.#text.slice(this.#at, this.#at + 8))?.[0]
    const after = fd === undefined ? this.#at : this.#at + fd.length
    const redirect = REDIRECTS.find((r) => this.#text.startsWith(r, after))
    if (redirect !== undefined && !(redirect.startsWith("&") && fd !== undefined)) {
      // <( and >( would be process substitution.
      this.#at = after + redirect.length
      return this.#redirect(redirect, fd === undefined ? undefined : Number(fd), line)
    }
    const operator = OPERATORS.find((o) => this.#text.startsWith(o, this.#at))
    if (operator !== undefined) {
      this.#at += operator.length
      return { type: "operator", text: operator, line }
    }
    const start = this.#at
    const word = this.#word("")
    return { type: "word", word, text: this.#text.slice(start, this.#at), line }
  }

  #skipBlanks(): void {
    for (;;) {
      const c = this.#text[this.#at]
      if (c !== undefined && BLANK.test(c)) this.#at++
      else if (c === "\\" && this.#text[this.#at + 1] === "\n") {
        this.#at += 2
        this.#line++
      } else if (c === "#") while (this.#at < this.#text.length && this.#text[this.#at] !== "\n") this.#at++
      else return
    }
  }

  #redirect(text: string, fd: number | undefined, line: number): Token {
    if (text !== "<<" && text !== "<<-") return { type: "redirect", text, fd, here: undefined, line }
    this.#skipBlanks()
    const start = this.#at
    const word = this.#word("")
    const raw = this.#text.slice(start, this.#at)
    const here: HereDocument = {
      delimiter: word.map((part) => ("text" in part ? part.text : "")).join(""),
      literal: /['"\\]/.test(raw),
      stripTabs: text === "<<-",
      body: [],
    }
    this.#pendingHere.push(here)
    return { type: "redirect", text, fd, here, line }
  }

  #readHereDocuments(): void {
    for (const here of this.#pendingHere.splice(0)) {
      let body = ""
      let closed = false
      while (!closed && this.#at < this.#text.length) {
        const end = this.#text.indexOf("\n", this.#at)
        let line = this.#text.slice(this.#at, end < 0 ? undefined : end)
        this.#at = end < 0 ? this.#text.length : end + 1
        this.#line++
        if (here.stripTabs) line = line.replace(/^\t+/, "")
        closed = line === here.delimiter
        if (!closed) body += `${line}\n`
      }
      this.openHere ||= !closed
      here.body = here.literal ? [{ type: "literal", text: body, quoted: true }] : new Lexer(body).hereBody()
    }
  }

  /** The text of an unquoted here-document: parameters and commands expand, quotes are ordinary. */
  hereBody(): Word {
    const parts: Word = []
    this.#quotedUntil(undefined, parts)
    return parts
  }

  /** A word up to a blank or operator, or up to one of `stops` when expanding `${…}` arguments. */
  #word(stops: string): Word {
    const parts: Word = []
    for (;;) {
      const c = this.#text[this.#at]
      if (c === undefined) {
        if (stops !== "") throw new SyntaxErrorInScript("unexpected EOF while looking for matching `}'", this.#line)
        return parts
      }
      if (stops !== "" ? stops.includes(c) : /[\s|&;()<>]/.test(c)) return parts
      this.#part(c, parts)
    }
  }

  #part(c: string, parts: Word): void {
    if (c === "'") parts.push(this.#single())
    else if (c === '"') {
      this.#at++
      parts.push({ type: "literal", text: "", quoted: true })
      this.#quotedUntil('"', parts)
    } else if (c === "\\") {
      const next = this.#text[this.#at + 1]
      this.#at += 2
      if (next === "\n") this.#line++
      else if (next !== undefined) parts.push({ type: "literal", text: next, quoted: true })
    } else if (c === "$" && this.#text[this.#at + 1] === "'") parts.push(this.#ansi())
    else if (c === "$" || c === "`") parts.push(this.#dollar(false))
    else this.#plain(parts)
  }

  #plain(parts: Word): void {
    const c = this.#text[this.#at++] as string
    if (c === "\n") this.#line++
    const last = parts[parts.length - 1]
    if (last?.type === "literal" && !last.quoted) last.text += c
    else parts.push({ type: "literal", text: c, quoted: false })
  }

  #single(): WordPart {
    const end = this.#text.indexOf("'", this.#at + 1)
    if (end < 0) throw new SyntaxErrorInScript("unexpected EOF while looking for matching `''", this.#line)
    const text = this.#text.slice(this.#at + 1, end)
    this.#line += text.split("\n").length - 1
    this.#at = end + 1
    return { type: "literal", text, quoted: true }
  }

  #ansi(): WordPart {
    const escapes: Record<string, string> = {
      n: "\n",
      t: "\t",
      r: "\r",
      "\\": "\\",
      "'": "'",
      '"': '"',
      a: "\x07",
      b: "\b",
      e: "\x1b",
      "0": "\0",
    }
    let text = ""
    this.#at += 2
    for (;;) {
      const c = this.#text[this.#at++]
      if (c === undefined) throw new SyntaxErrorInScript("unexpected EOF while looking for matching `''", this.#line)
      if (c === "'") return { type: "literal", text, quoted: true }
      if (c !== "\\") text += c
      else {
        const hex = /^x([0-9a-fA-F]{1,2})/.exec(this.#text.slice(this.#at, this.#at + 3))
        if (hex !== null) {
          text += String.fromCharCode(Number.parseInt(hex[1] as string, 16))
          this.#at += hex[0].length
        } else {
          const next = this.#text[this.#at++] ?? ""
          text += escapes[next] ?? `\\${next}`
        }
      }
    }
  }

  /** Inside double quotes, up to `close` (or the end of a here-document). */
  #quotedUntil(close: string | undefined, parts: Word): void {
    const opened = this.#line
    let text = ""
    const flush = (): void => {
      if (text !== "") parts.push({ type: "literal", text, quoted: true })
      text = ""
    }
    for (;;) {
      const c = this.#text[this.#at]
      if (c === undefined) {
        if (close !== undefined)
          throw new SyntaxErrorInScript(`unexpected EOF while looking for matching \`${close}'`, opened)
        flush()
        return
      }
      if (c === close) {
        this.#at++
        flush()
        return
      }
      if (c === "\\") {
        const next = this.#text[this.#at + 1] ?? ""
        this.#at += 2
        if (next === "\n") this.#line++
        else text += "$`\\".includes(next) || next === close ? next : `\\${next}`
      } else if (c === "$" || c === "`") {
        flush()
        parts.push(this.#dollar(true))
      } else {
        if (c === "\n") this.#line++
        text += c
        this.#at++
      }
    }
  }

  /** What begins with `$` or a backquote. */
  #dollar(quoted: boolean): WordPart {
    if (this.#text[this.#at] === "`") return this.#backquote(quoted)
    const next = this.#text[this.#at + 1] ?? ""
    if (this.#text.startsWith("$((", this.#at)) {
      const arithmetic = this.#arithmetic(quoted)
      if (arithmetic !== undefined) return arithmetic
    }
    if (next === "(") {
      this.#at += 2
      return { type: "command", script: this.#balanced("(", ")"), quoted }
    }
    if (next === "{") return this.#braced(quoted)
    if (NAME_START.test(next)) {
      let end = this.#at + 1
      while (NAME.test(this.#text[end] ?? "")) end++
      const name = this.#text.slice(this.#at + 1, end)
      this.#at = end
      return { type: "parameter", name, operator: "", argument: undefined, quoted }
    }
    if (/[0-9@*#?$!-]/.test(next) && next !== "") {
      this.#at += 2
      return { type: "parameter", name: next, operator: "", argument: undefined, quoted }
    }
    this.#at++
    return { type: "literal", text: "$", quoted }
  }

  #backquote(quoted: boolean): WordPart {
    let script = ""
    this.#at++
    for (;;) {
      const c = this.#text[this.#at++]
      if (c === undefined) throw new SyntaxErrorInScript("unexpected EOF while looking for matching ``'", this.#line)
      if (c === "`") return { type: "command", script, quoted }
      if (c === "\\" && /[`$\\]/.test(this.#text[this.#at] ?? "")) script += this.#text[this.#at++]
      else script += c
    }
  }

  #arithmetic(quoted: boolean): WordPart | undefined {
    let depth = 0
    for (let at = this.#at + 3; at < this.#text.length; at++) {
      const c = this.#text[at]
      if (c === "(") depth++
      else if (c === ")") {
        if (depth > 0) depth--
        else if (this.#text[at + 1] === ")") {
          const inner = this.#text.slice(this.#at + 3, at)
          this.#at = at + 2
          return { type: "arithmetic", expression: new Lexer(inner, this.#line).hereBody(), quoted }
        } else return undefined
      }
    }
    return undefined
  }

  /** Text up to the bracket that closes, quotes and nesting respected. */
  #balanced(open: string, close: string): string {
    const start = this.#at
    const line = this.#line
    let depth = 1
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at] as string
      if (c === "\\") this.#at++
      else if (c === "'") this.#at = Math.max(this.#at, this.#text.indexOf("'", this.#at + 1))
      else if (c === '"') this.#skipDouble()
      else if (c === open) depth++
      else if (c === close && --depth === 0) {
        this.#at++
        const inner = this.#text.slice(start, this.#at - 1)
        this.#line += inner.split("\n").length - 1
        return inner
      }
      this.#at++
    }
    throw new SyntaxErrorInScript(`unexpected EOF while looking for matching \`${close}'`, line)
  }

  #skipDouble(): void {
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#at++)
      if (this.#text[this.#at] === "\\") this.#at++
  }

  /** `${name…}`. */
  #braced(quoted: boolean): WordPart {
    const line = this.#line
    this.#at += 2
    const length = this.#text[this.#at] === "#" && this.#text[this.#at + 1] !== "}"
    if (length) this.#at++
    const name = /^([A-Za-z_][A-Za-z0-9_]*|\d+|[@*#?$!-])/.exec(this.#text.slice(this.#at))?.[0]
    if (name === undefined)
      throw new SyntaxErrorInScript(`\${${this.#text.slice(this.#at).split("}")[0]}}: bad substitution`, line)
    this.#at += name.length
    if (length) {
      this.#at++
      return { type: "parameter", name, operator: "length", argument: undefined, quoted }
    }
    const operator = /^(:[-=?+]|[-=?+]|##|#|%%|%|\/\/|\/|:|\^\^|\^|,,|,)/.exec(this.#text.slice(this.#at))?.[0] ?? ""
    this.#at += operator.length
    const argument = operator === "" ? undefined : this.#word("}")
    if (this.#text[this.#at] !== "}") throw new SyntaxErrorInScript("bad substitution", line)
    this.#at++
    return { type: "parameter", name, operator, argument, quoted }
  }
}
