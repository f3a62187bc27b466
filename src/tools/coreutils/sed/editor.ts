/** Runs a sed script over its input. */
import type { OpenFile } from "../../../linux/task/file.ts"
import { openFile } from "../../../linux/task/open.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { LineReader } from "../program.ts"
import { type Address, type ReplacementPart, type SedCommand, SedError, type Substitution } from "./script.ts"

/** Turns of a script over one line: `:a;ba` would go on for ever. */
const STEPS = 1

interface Input {
  name: string
  lines: LineReader
}

/** What a command does to the course of things. */
type Next = "next" | "end" | "restart" | "quit" | number

export class Editor {
  readonly #proc: Process
  readonly #commands: readonly SedCommand[]
  readonly #quiet: boolean
  readonly #separate: boolean
  readonly #inputs: Input[] = []
  readonly #files = new Map<string, OpenFile>()
  #space = ""
  #hold = ""
  #line = 0
  /** The line after the one at hand: needed to know the last. */
  #ahead: string | undefined
  #started = false
  #substituted = false
  #appended: string[] = []
  #lastRegexp: RegExp | undefined
  /** The line at hand came without a line break. */
  #unterminated = false
  #missing = false
  status = 0
  #out: (text: string) => Promise<void>

  constructor(proc: Process, commands: readonly SedCommand[], quiet: boolean, separate: boolean) {
    this.#proc = proc
    this.#commands = commands
    this.#quiet = quiet
    this.#separate = separate
    this.#out = (text) => proc.out(text)
  }

  add(name: string, lines: LineReader): void {
    this.#inputs.push({ name, lines })
  }

  async run(): Promise<number> {
    await this.#loop()
    for (const file of this.#files.values()) file.close()
    return this.status
  }

  /** Each file on its own, its output put in its place. */
  async runInPlace(suffix: string | undefined): Promise<number> {
    for (const input of this.#inputs.splice(0)) {
      const path = this.#proc.path(input.name)
      const before = this.#proc.fs.readFile(path)
      let text = ""
      this.#out = async (more) => {
        text += more
      }
      this.#inputs.push(input)
      this.#line = 0
      this.#started = false
      this.#missing = false
      await this.#loop()
      this.#inputs.length = 0
      if (suffix !== undefined && suffix !== "" && typeof before !== "string")
        this.#proc.fs.writeFile(
          suffix.includes("*") ? path.replace(/[^/]*$/, (name) => suffix.replaceAll("*", name)) : path + suffix,
          before.slice(),
        )
      this.#proc.fs.writeFile(path, text)
    }
    return this.status
  }

  async #loop(): Promise<void> {
    let restart = false
    while (restart || (await this.#read())) {
      const next = await this.#cycle()
      restart = next === "restart"
      if (next === "quit") return
    }
  }

  // ── input and output ────────────────────────────────────────────────────────────────────────

  async #readAhead(): Promise<string | undefined> {
    for (let input = this.#inputs[0]; input !== undefined; input = this.#inputs[0]) {
      const line = await input.lines.next()
      if (line !== undefined) return line
      this.#unterminated = input.lines.unterminated
      if (this.#separate && this.#inputs.length > 1) return undefined
      input.lines.close()
      this.#inputs.shift()
    }
    return undefined
  }

  /** The next line into the pattern space; false at the end of the input. */
  async #read(append = false): Promise<boolean> {
    if (!this.#started) {
      this.#started = true
      this.#ahead = await this.#readAhead()
    }
    if (this.#ahead === undefined) {
      if (!this.#separate || this.#inputs.length <= 1) return false
      this.#inputs.shift()?.lines.close()
      this.#started = false
      return this.#read(append)
    }
    this.#unterminated = false
    this.#space = append ? `${this.#space}\n${this.#ahead}` : this.#ahead
    this.#line++
    this.#ahead = await this.#readAhead()
    return true
  }

  get #isLast(): boolean {
    return this.#ahead === undefined
  }

  /** A line break is missing at the end when the input's was. */
  async #print(text: string): Promise<void> {
    const head = this.#missing ? "\n" : ""
    this.#missing = this.#isLast && this.#unterminated
    await this.#out(`${head}${text}${this.#missing ? "" : "\n"}`)
  }

  async #printRaw(text: string): Promise<void> {
    if (this.#missing) await this.#out("\n")
    this.#missing = false
    await this.#out(text)
  }

  async #writeTo(name: string, text: string): Promise<void> {
    if (name === "/dev/stdout") return this.#printRaw(text)
    let file = this.#files.get(name)
    if (file === undefined) {
      const opened = openFile(this.#proc, name, "w")
      if (typeof opened === "string") throw new SedError(`couldn't open file ${name}: ${opened}`)
      file = opened
      this.#files.set(name, file)
    }
    await file.write(this.#proc, new TextEncoder().encode(text))
  }

  async #finishCycle(): Promise<void> {
    if (!this.#quiet) await this.#print(this.#space)
    await this.#flushAppended()
  }

  async #flushAppended(): Promise<void> {
    for (const text of this.#appended.splice(0)) await this.#printRaw(text)
  }

  // ── commands ────────────────────────────────────────────────────────────────────────────────

  async #cycle(): Promise<Next> {
    this.#substituted = false
    for (let at = 0; at < this.#commands.length; ) {
      const command = this.#commands[at] as SedCommand
      await this.#proc.step(STEPS)
      this.#proc.checkSignals()
      if (this.#selects(command) === command.negated) {
        at = command.name === "{" ? command.target + 1 : at + 1
        continue
      }
      const next = await this.#execute(command)
      if (next === "next") at++
      else if (typeof next === "number") at = next
      else {
        if (next === "end") await this.#flushAppended()
        return next
      }
    }
    await this.#finishCycle()
    return "next"
  }

  async #execute(command: SedCommand): Promise<Next> {
    const { name, text } = command
    switch (name) {
      case "a":
        this.#appended.push(text)
        break
      case "i":
        await this.#printRaw(text)
        break
      case "c":
        if (command.addresses.length < 2 || !command.inRange || command.negated) await this.#printRaw(text)
        return "end"
      case "b":
        return command.target
      case "t":
      case "T": {
        const jumps = this.#substituted === (name === "t")
        this.#substituted = false
        if (jumps) return command.target
        break
      }
      case "d":
        return "end"
      case "D": {
        const end = this.#space.indexOf("\n")
        if (end < 0) return "end"
        this.#space = this.#space.slice(end + 1)
        await this.#flushAppended()
        return "restart"
      }
      case "g":
        this.#space = this.#hold
        break
      case "G":
        this.#space += `\n${this.#hold}`
        break
      case "h":
        this.#hold = this.#space
        break
      case "H":
        this.#hold += `\n${this.#space}`
        break
      case "x":
        ;[this.#space, this.#hold] = [this.#hold, this.#space]
        break
      case "z":
        this.#space = ""
        break
      case "l":
        await this.#printRaw(`${unambiguous(this.#space)}\n`)
        break
      case "n":
        if (this.#isLast) {
          await this.#finishCycle()
          return "quit"
        }
        await this.#finishCycle()
        await this.#read()
        break
      case "N":
        await this.#flushAppended()
        if (this.#isLast) {
          // GNU prints what it has.
          await this.#finishCycle()
          return "quit"
        }
        await this.#read(true)
        break
      case "p":
        await this.#print(this.#space)
        break
      case "P":
        await this.#printRaw(`${this.#space.split("\n")[0]}\n`)
        break
      case "=":
        await this.#printRaw(`${this.#line}\n`)
        break
      case "q":
        this.status = Number(text || 0)
        await this.#finishCycle()
        return "quit"
      case "Q":
        this.status = Number(text || 0)
        return "quit"
      case "r": {
        const read = this.#proc.fs.readText(this.#proc.path(text))
        if ("text" in read) this.#appended.push(read.text)
        break
      }
      case "w":
        await this.#writeTo(text, `${this.#space}\n`)
        break
      case "s":
        await this.#substitute(command.substitution as Substitution)
        break
      case "y":
        this.#space = [...this.#space].map((c) => command.map?.get(c) ?? c).join("")
    }
    return "next"
  }

  #matches(regexp: RegExp | undefined): boolean {
    const used = this.#use(regexp)
    used.lastIndex = 0
    return used.test(this.#space)
  }

  #use(regexp: RegExp | undefined): RegExp {
    const used = regexp ?? this.#lastRegexp
    if (used === undefined) throw new SedError("no previous regular expression")
    this.#lastRegexp = used
    return used
  }

  #at(address: Address): boolean {
    switch (address.type) {
      case "line":
        return this.#line === address.line
      case "last":
        return this.#isLast
      case "regexp":
        return this.#matches(address.regexp)
      case "step":
        return address.step === 0
          ? this.#line === address.first
          : this.#line >= address.first && (this.#line - address.first) % address.step === 0
      default:
        return false
    }
  }

  #selects(command: SedCommand): boolean {
    const [first, second] = command.addresses
    if (first === undefined) return true
    if (second === undefined) return this.#at(first)
    const zero = first.type === "line" && first.line === 0
    if (!command.inRange) {
      if (zero && this.#line === 1) {
        command.inRange = !this.#at(second)
        return true
      }
      if (!this.#at(first)) return false
      command.rangeEnd =
        second.type === "line"
          ? second.line
          : second.type === "plus"
            ? this.#line + second.count
            : Number.POSITIVE_INFINITY
      command.inRange = second.type === "last" ? !this.#isLast : this.#line < command.rangeEnd
      return true
    }
    const ends = second.type === "line" || second.type === "plus" ? this.#line >= command.rangeEnd : this.#at(second)
    if (ends) command.inRange = false
    // A range that was to end on an earlier line is one line long.
    return !(second.type === "line" && this.#line > command.rangeEnd)
  }

  async #substitute(command: Substitution): Promise<void> {
    const regexp = this.#use(command.regexp)
    let result = ""
    let from = 0
    let count = 0
    let replaced = false
    regexp.lastIndex = 0
    for (let match = regexp.exec(this.#space); match !== null; match = regexp.exec(this.#space)) {
      const end = match.index + match[0].length
      // An empty match right after a match is none.
      const empty =
        match[0] === "" &&
        match.index === from &&
        count > 0 &&
        match.index !== 0 &&
        result !== "" &&
        this.#justMatched(match.index, from)
      if (!empty) {
        count++
        if (count >= command.number) {
          result += this.#space.slice(from, match.index) + fill(command.replacement, match)
          from = end
          replaced = true
          if (!command.all) break
        }
      }
      if (match[0] === "") regexp.lastIndex++
      if (regexp.lastIndex > this.#space.length) break
    }
    if (!replaced) return
    this.#space = result + this.#space.slice(from)
    this.#substituted = true
    if (command.print) await this.#print(this.#space)
    if (command.file !== undefined) await this.#writeTo(command.file, `${this.#space}\n`)
  }

  #justMatched(at: number, from: number): boolean {
    return at === from
  }
}

function fill(parts: readonly ReplacementPart[], match: RegExpExecArray): string {
  let result = ""
  let fold: "U" | "L" | "E" = "E"
  let once: "u" | "l" | undefined
  const add = (text: string): void => {
    if (text === "") return
    let folded = fold === "U" ? text.toUpperCase() : fold === "L" ? text.toLowerCase() : text
    if (once !== undefined)
      folded = (once === "u" ? folded.slice(0, 1).toUpperCase() : folded.slice(0, 1).toLowerCase()) + folded.slice(1)
    once = undefined
    result += folded
  }
  for (const part of parts) {
    if (typeof part === "string") add(part)
    else if ("group" in part) add(match[part.group] ?? "")
    else if (part.fold === "u" || part.fold === "l") once = part.fold
    else fold = part.fold
  }
  return result
}

/** The `l` command: everything visible, 69 characters a line. */
function unambiguous(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\f": "\\f",
    "\v": "\\v",
    "\b": "\\b",
    "\x07": "\\a",
    "\\": "\\\\",
  }
  let line = ""
  let result = ""
  for (const byte of new TextEncoder().encode(text)) {
    const c = String.fromCharCode(byte)
    const shown = names[c] ?? (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, "0")}` : c)
    if (line.length + shown.length > 69) {
      result += `${line}\\\n`
      line = ""
    }
    line += shown
  }
  return `${result}${line}$`
}
