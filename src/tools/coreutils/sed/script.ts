/** sed scripts, parsed. */
import { posixRegex, RegexError } from "../../../shell/posix-regex.ts"

export type Address =
  | { type: "line"; line: number }
  | { type: "last" }
  | { type: "regexp"; regexp: RegExp | undefined }
  | { type: "step"; first: number; step: number }
  /** As a second address only: so many lines on. */
  | { type: "plus"; count: number }

export interface Substitution {
  /** Undefined: the last one used. */
  regexp: RegExp | undefined
  replacement: ReplacementPart[]
  /** Which match to begin with. */
  number: number
  all: boolean
  print: boolean
  file: string | undefined
}

export type ReplacementPart = string | { group: number } | { fold: "U" | "L" | "u" | "l" | "E" }

export interface SedCommand {
  addresses: Address[]
  negated: boolean
  name: string
  /** Text of a i c, label of b t T :, file of r w, exit code of q Q. */
  text: string
  substitution: Substitution | undefined
  map: Map<string, string> | undefined
  /** For `{`: where its `}` stands; for a label's jump: where to. */
  target: number
  /** A range that has begun, and where it ends at the latest. */
  inRange: boolean
  rangeEnd: number
}

export class SedError extends Error {}

/** Parses the -e and -f scripts together. `place` begins an error: `-e expression #1`. */
export function parseSed(script: string, extended: boolean): SedCommand[] {
  return new SedParser(script, extended).commands()
}

class SedParser {
  readonly #text: string
  readonly #extended: boolean
  #at = 0
  readonly #commands: SedCommand[] = []

  constructor(text: string, extended: boolean) {
    this.#text = text
    this.#extended = extended
  }

  #fail(message: string): never {
    throw new SedError(`-e expression #1, char ${this.#at}: ${message}`)
  }

  #char(): string | undefined {
    return this.#text[this.#at]
  }

  commands(): SedCommand[] {
    const open: number[] = []
    for (;;) {
      this.#skip(/[\s;]/)
      if (this.#char() === "#") {
        while (this.#char() !== undefined && this.#char() !== "\n") this.#at++
        continue
      }
      if (this.#char() === undefined) break
      const command = this.#command()
      if (command.name === "{") open.push(this.#commands.length)
      if (command.name === "}") {
        const start = open.pop()
        if (start === undefined) this.#fail("unexpected `}'")
        ;(this.#commands[start] as SedCommand).target = this.#commands.length
      }
      this.#commands.push(command)
    }
    if (open.length > 0) {
      this.#at = 0
      this.#fail("unmatched `{'")
    }
    this.#resolveLabels()
    return this.#commands
  }

  #resolveLabels(): void {
    for (const command of this.#commands) {
      if (!/^[btT]$/.test(command.name)) continue
      command.target =
        command.text === ""
          ? this.#commands.length
          : this.#commands.findIndex((other) => other.name === ":" && other.text === command.text)
      if (command.target < 0)
        throw new SedError(
          `-e expression #1, char ${this.#text.length}: can't find label for jump to \`${command.text}'`,
        )
    }
  }

  #skip(what: RegExp): void {
    while (this.#char() !== undefined && what.test(this.#char() ?? "")) this.#at++
  }

  #command(): SedCommand {
    const addresses: Address[] = []
    const first = this.#address(false)
    if (first !== undefined) {
      addresses.push(first)
      this.#skip(/\s/)
      if (this.#char() === ",") {
        this.#at++
        this.#skip(/\s/)
        const second = this.#address(true)
        if (second === undefined) this.#fail("unexpected `,'")
        addresses.push(second)
      }
    }
    this.#skip(/\s/)
    let negated = false
    while (this.#char() === "!") {
      negated = true
      this.#at++
      this.#skip(/\s/)
    }
    const name = this.#char()
    this.#at++
    if (name === undefined) this.#fail("missing command")
    const command: SedCommand = {
      addresses,
      negated,
      name,
      text: "",
      substitution: undefined,
      map: undefined,
      target: 0,
      inRange: false,
      rangeEnd: 0,
    }
    this.#arguments(command)
    return command
  }

  #arguments(command: SedCommand): void {
    switch (command.name) {
      case "{":
        return
      case "}":
        if (command.addresses.length > 0) this.#fail("} doesn't want any addresses")
        this.#end()
        return
      case "=":
      case "d":
      case "D":
      case "g":
      case "G":
      case "h":
      case "H":
      case "l":
      case "n":
      case "N":
      case "p":
      case "P":
      case "x":
      case "z":
        this.#end()
        return
      case "a":
      case "i":
      case "c":
        command.text = this.#textArgument()
        return
      case "s":
        command.substitution = this.#substitution()
        this.#end()
        return
      case "y":
        command.map = this.#map()
        this.#end()
        return
      case ":":
      case "b":
      case "t":
      case "T":
        this.#skip(/[ \t]/)
        command.text = this.#until(command.name === ":" ? /[\n;]/ : /[\s;}]/)
        if (command.name === ":" && command.text === "") this.#fail('":" lacks a label')
        if (command.name !== ":") this.#end()
        return
      case "q":
      case "Q":
        this.#skip(/[ \t]/)
        command.text = this.#until(/[^0-9]/)
        this.#end()
        return
      case "r":
      case "w":
        this.#skip(/[ \t]/)
        command.text = this.#until(/\n/)
        if (command.text === "") this.#fail("missing filename in r/R/w/W commands")
        return
      case "e":
      case "F":
      case "R":
      case "v":
      case "W":
        throw new SedError(`podwire does not support command '${command.name}'`)
      default:
        this.#fail(`unknown command: \`${command.name}'`)
    }
  }

  #until(stop: RegExp): string {
    const start = this.#at
    while (this.#char() !== undefined && !stop.test(this.#char() ?? "")) this.#at++
    return this.#text.slice(start, this.#at).trimEnd()
  }

  /** Nothing may follow a command but `;`, `}`, a comment or a line's end. */
  #end(): void {
    this.#skip(/[ \t]/)
    const c = this.#char()
    if (c === undefined || c === "\n" || c === ";" || c === "}" || c === "#") return
    this.#at++
    this.#fail("extra characters after command")
  }

  /** `a\` and a line, or GNU's `a text`. */
  #textArgument(): string {
    this.#skip(/[ \t]/)
    if (this.#char() === undefined) this.#fail("expected \\ after `a', `c' or `i'")
    if (this.#char() === "\\") {
      this.#at++
      this.#skip(/[ \t]/)
      if (this.#char() === "\n") this.#at++
    }
    let text = ""
    for (let c = this.#char() as string | undefined; c !== undefined && c !== "\n"; c = this.#char()) {
      this.#at++
      if (c === "\\") {
        text += this.#char() ?? ""
        this.#at++
      } else text += c
    }
    return `${text}\n`
  }

  #address(second: boolean): Address | undefined {
    const c = this.#char() ?? ""
    if (/\d/.test(c)) {
      const line = this.#number()
      if (this.#char() !== "~") return { type: "line", line }
      this.#at++
      return { type: "step", first: line, step: this.#number() }
    }
    if (second && c === "+") {
      this.#at++
      return { type: "plus", count: this.#number() }
    }
    if (c === "$") {
      this.#at++
      return { type: "last" }
    }
    if (c !== "/" && c !== "\\") return undefined
    this.#at += c === "\\" ? 2 : 1
    const delimiter = this.#text[this.#at - 1] as string
    const pattern = this.#delimited(delimiter, true)
    if (pattern === undefined) this.#fail("unterminated address regex")
    const ignoreCase = this.#char() === "I"
    if (ignoreCase) this.#at++
    return { type: "regexp", regexp: this.#regexp(pattern, ignoreCase, false) }
  }

  #number(): number {
    const digits = /^\d*/.exec(this.#text.slice(this.#at))?.[0] ?? ""
    this.#at += digits.length
    return Number(digits)
  }

  /** Text up to an unescaped delimiter, which is taken. */
  #delimited(delimiter: string, pattern: boolean): string | undefined {
    let text = ""
    let inSet = false
    for (;;) {
      const c = this.#char()
      if (c === undefined || (c === "\n" && pattern && !inSet)) return undefined
      this.#at++
      if (c === "\\") {
        const next = this.#char()
        if (next === undefined) return undefined
        this.#at++
        text +=
          next === delimiter && delimiter !== "&"
            ? pattern && /[|()+?{}]/.test(next)
              ? next
              : next
            : next === "\n" && pattern
              ? "\n"
              : c + next
      } else if (c === delimiter && !inSet) return text
      else {
        if (pattern && c === "[" && !inSet)
          inSet =
            /^\[\^?\]?[^\]]*\]/.test(this.#text.slice(this.#at - 1)) &&
            !this.#text.slice(this.#at - 1, this.#text.indexOf("]", this.#at + 1)).includes("\n")
        else if (c === "]" && !/\[\^?$/.test(text)) inSet = false
        text += c
      }
    }
  }

  #regexp(pattern: string, ignoreCase: boolean, multiline: boolean): RegExp | undefined {
    if (pattern === "") return undefined
    try {
      return posixRegex(numbered(pattern), { extended: this.#extended, ignoreCase, multiline, global: true })
    } catch (error) {
      if (error instanceof RegexError) this.#fail(error.message)
      throw error
    }
  }

  #substitution(): Substitution {
    const delimiter = this.#char()
    this.#at++
    if (delimiter === undefined || delimiter === "\n" || delimiter === "\\") this.#fail("unterminated `s' command")
    const pattern = this.#delimited(delimiter, true)
    const replacement = pattern === undefined ? undefined : this.#delimited(delimiter, false)
    if (pattern === undefined || replacement === undefined) this.#fail("unterminated `s' command")
    const result: Substitution = {
      regexp: undefined,
      replacement: parseReplacement(replacement),
      number: 1,
      all: false,
      print: false,
      file: undefined,
    }
    const { ignoreCase, multiline } = this.#flags(result)
    result.regexp = this.#regexp(pattern, ignoreCase, multiline)
    return result
  }

  #flags(result: Substitution): { ignoreCase: boolean; multiline: boolean } {
    const found = { ignoreCase: false, multiline: false }
    for (;;) {
      const c = this.#char()
      if (c === "g") result.all = true
      else if (c === "p") result.print = true
      else if (c === "i" || c === "I") found.ignoreCase = true
      else if (c === "m" || c === "M") found.multiline = true
      else if (c !== undefined && /[0-9]/.test(c)) {
        result.number = this.#number()
        if (result.number === 0) this.#fail("number option to `s' command may not be zero")
        continue
      } else if (c === "w") {
        this.#at++
        this.#skip(/[ \t]/)
        result.file = this.#until(/\n/)
        return found
      } else if (c === "e") throw new SedError("podwire does not support flag 'e' of command 's'")
      else if (c === undefined || /[\s;}#]/.test(c)) return found
      else {
        this.#at++
        this.#fail("unknown option to `s'")
      }
      this.#at++
    }
  }

  #map(): Map<string, string> {
    const delimiter = this.#char()
    this.#at++
    const from = delimiter === undefined ? undefined : this.#delimited(delimiter, false)
    const to = from === undefined ? undefined : this.#delimited(delimiter as string, false)
    if (from === undefined || to === undefined) this.#fail("unterminated `y' command")
    const plain = (text: string): string[] => [
      ...text.replace(/\\([\s\S])/g, (_, c: string) => (c === "n" ? "\n" : c === "t" ? "\t" : c)),
    ]
    const [a, b] = [plain(from), plain(to)]
    if (a.length !== b.length) this.#fail("strings for `y' command are different lengths")
    return new Map(a.map((c, i) => [c, b[i] as string]))
  }
}

/** GNU's characters by number: what stands for a special character in a pattern is special there. */
const NUMBERED = /\\(?:x([0-9a-fA-F]{1,2})|o([0-7]{1,3})|d([0-9]{1,3})|[\s\S])/g

function numbered(text: string): string {
  return text.replace(NUMBERED, (whole, hex?: string, octal?: string, decimal?: string) => {
    const char = charOf(hex, octal, decimal)
    return char ?? whole
  })
}

function charOf(hex: string | undefined, octal: string | undefined, decimal: string | undefined): string | undefined {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
  return decimal === undefined ? undefined : String.fromCharCode(Number(decimal))
}

function parseReplacement(text: string): ReplacementPart[] {
  const parts: ReplacementPart[] = []
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07" }
  const pieces = /\\(?:x([0-9a-fA-F]{1,2})|o([0-7]{1,3})|d([0-9]{1,3})|([\s\S]))|&|[^\\&]+/g
  for (const [whole, hex, octal, decimal, escaped] of text.matchAll(pieces)) {
    const char = charOf(hex, octal, decimal)
    if (char !== undefined) parts.push(char)
    else if (whole === "&") parts.push({ group: 0 })
    else if (escaped === undefined) parts.push(whole)
    else if (/\d/.test(escaped)) parts.push({ group: Number(escaped) })
    else if (/[ULulE]/.test(escaped)) parts.push({ fold: escaped as "U" })
    else parts.push(escapes[escaped] ?? escaped)
  }
  return parts
}
