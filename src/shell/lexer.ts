/** Command text to tokens, one at a time (POSIX.1-2017 XCU section 2.3). */
import { type HereDocument, SyntaxErrorInScript, type Token, type Word, type WordPart } from "./token.ts"
import { closingOf, type NestedParser, WordReader } from "./word-reader.ts"

const OPERATORS = ["&&", "||", ";;&", ";;", ";&", "|&", "&", "|", ";", "(", ")"]
const REDIRECTS = ["<<<", "<<-", "&>>", "<<", "<&", ">&", ">>", ">|", "<>", "&>", "<", ">"]
const BLANK = /[ \t\r]/

export interface LexerOptions {
  /** Where to begin (0). */
  at?: number
  line?: number
  /** ash knows neither `&>` nor `<<<`. */
  bash?: boolean
}

export class Lexer {
  readonly reader: WordReader
  readonly #bash: boolean
  #pendingHere: HereDocument[] = []
  /** A here-document whose end has not come: where it began, and the delimiter. */
  openHere: { line: number; delimiter: string; end: number } | undefined = undefined

  constructor(text: string, nested: NestedParser, options: LexerOptions = {}) {
    this.reader = new WordReader(text, options.at ?? 0, options.line ?? 1, nested)
    this.#bash = options.bash ?? true
  }

  /** The line a message about the end of the text names. */
  get endLine(): number {
    return this.reader.text.replace(/\n$/, "").split("\n").length + 1
  }

  next(): Token {
    const { reader } = this
    this.#skipBlanks()
    const { line } = reader
    if (reader.char === undefined) {
      this.#readHereDocuments()
      return { type: "end", line }
    }
    if (reader.char === "\n") {
      reader.at++
      reader.line++
      this.#readHereDocuments()
      return { type: "newline", line }
    }
    const redirect = this.#redirect(line)
    if (redirect !== undefined) return redirect
    const operator = OPERATORS.find((o) => reader.text.startsWith(o, reader.at))
    if (operator !== undefined) {
      reader.at += operator.length
      return { type: "operator", text: operator, line }
    }
    return { type: "word", word: reader.word(), line }
  }

  /** Whether `text` comes next, after blanks. */
  nextIs(text: string): boolean {
    this.#skipBlanks()
    return this.reader.text.startsWith(text, this.reader.at)
  }

  /** `((` stands before us: the text up to `))`, if it is arithmetic. */
  arithmetic(): Word | undefined {
    const { reader } = this
    const end = closingOf(reader.text, reader.at, "))")
    if (end === undefined) return undefined
    const inner = reader.text.slice(reader.at, end)
    const word = reader.quotedText(inner)
    reader.line += inner.split("\n").length - 1
    reader.at = end + 2
    return word
  }

  #skipBlanks(): void {
    const { reader } = this
    for (;;) {
      const c = reader.char
      if (c !== undefined && BLANK.test(c)) reader.at++
      else if (c === "\\" && reader.text[reader.at + 1] === "\n") {
        reader.at += 2
        reader.line++
      } else if (c === "#") while (reader.at < reader.text.length && reader.char !== "\n") reader.at++
      else return
    }
  }

  #redirect(line: number): Token | undefined {
    const { reader } = this
    const before = /^(?:(\d+)|\{([A-Za-z_]\w*)\})(?=[<>])/.exec(reader.text.slice(reader.at, reader.at + 40))
    const after = reader.at + (before?.[0].length ?? 0)
    const text = REDIRECTS.find(
      (r) => reader.text.startsWith(r, after) && (this.#bash || !(r === "<<<" || r.startsWith("&"))),
    )
    if (text === undefined || (text.startsWith("&") && before !== null)) return undefined
    // <( and >( are process substitutions.
    if ((text === "<" || text === ">") && reader.text[after + 1] === "(" && before === null) return undefined
    reader.at = after + text.length
    const fd = before?.[1] === undefined ? undefined : Number(before[1])
    const here = text === "<<" || text === "<<-" ? this.#hereDocument(text === "<<-") : undefined
    return { type: "redirect", text, fd, variable: before?.[2], here, line }
  }

  #hereDocument(stripTabs: boolean): HereDocument | undefined {
    this.#skipBlanks()
    const word = this.reader.word()
    if (word.text === "") return undefined
    const here: HereDocument = {
      delimiter: word.parts.map(literalText).join(""),
      literal: /['"\\]/.test(word.text),
      stripTabs,
      body: { parts: [], text: "" },
    }
    this.#pendingHere.push(here)
    return here
  }

  #readHereDocuments(): void {
    const { reader } = this
    for (const here of this.#pendingHere.splice(0)) {
      const started = reader.line - 1
      let body = ""
      let closed = false
      while (!closed && reader.at < reader.text.length) {
        const end = reader.text.indexOf("\n", reader.at)
        let line = reader.text.slice(reader.at, end < 0 ? undefined : end)
        reader.at = end < 0 ? reader.text.length : end + 1
        reader.line++
        if (here.stripTabs) line = line.replace(/^\t+/, "")
        closed = line === here.delimiter
        if (!closed) body += `${line}\n`
      }
      if (!closed) this.openHere ??= { line: started, delimiter: here.delimiter, end: reader.line - 1 }
      here.body = here.literal
        ? { parts: [{ type: "literal", text: body, quoted: true }], text: body }
        : reader.quotedText(body)
    }
  }

  /** `near unexpected token` for what does not fit. */
  unexpected(token: Token, expecting = ""): SyntaxErrorInScript {
    const wanted = expecting === "" ? "" : ` (expecting "${expecting}")`
    if (token.type === "end")
      return new SyntaxErrorInScript(
        "syntax error: unexpected end of file",
        this.endLine,
        `unexpected end of file${wanted}`,
      )
    const text = tokenText(token)
    return new SyntaxErrorInScript(
      `syntax error near unexpected token \`${text}'`,
      token.line,
      text === "newline" ? `unexpected newline${wanted}` : `unexpected "${text}"${wanted}`,
      true,
    )
  }
}

export function tokenText(token: Token): string {
  if (token.type === "word") return token.word.text
  return token.type === "operator" || token.type === "redirect" ? token.text : "newline"
}

function literalText(part: WordPart): string {
  if (part.type === "literal") return part.text
  if (part.type === "double") return part.parts.map(literalText).join("")
  return part.type === "parameter" ? part.text : ""
}
