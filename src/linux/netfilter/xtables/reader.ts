/** The words of a command, taken one by one as getopt would. Models iptables/xshared.c do_parse, in its words. */
import { misuse, unsupported, XtError, XtExit } from "./error.ts"
import { type ExtensionOption, Given, type MatchExtension, parseNumber, type TargetExtension } from "./extension.ts"
import { findMatch } from "./match/index.ts"
import { parseProtocol, protocolText } from "./names.ts"
import {
  COMMANDS,
  type CommandLetter,
  checkChainName,
  checkDevice,
  checkJump,
  LONG,
  ruleNumber,
  SHORT,
} from "./options.ts"
import { findTarget } from "./target/index.ts"

interface Loaded<E> {
  readonly extension: E
  readonly given: Given
}

export class CommandReader {
  readonly words: readonly string[]
  readonly restore: boolean
  at = 0
  invert = false
  command = ""
  table = "filter"
  tableSaid = false
  chain = ""
  number = 0
  newName = ""
  policy = ""
  readonly flags: Map<string, string> = new Map()
  readonly inverted: Set<string> = new Set()
  verbose = 0
  packets = 0
  bytes = 0
  readonly matches: Loaded<MatchExtension>[] = []
  target: Loaded<TargetExtension> | undefined
  #protocolLoaded = false

  constructor(words: readonly string[], restore: boolean) {
    this.words = words
    this.restore = restore
  }

  read(): void {
    while (this.at < this.words.length) {
      const word = this.words[this.at++] as string
      if (word === "!") {
        if (this.invert) misuse("multiple consecutive ! not allowed")
        this.invert = true
        continue
      }
      if (word.startsWith("--") && word.length > 2) this.#long(word.slice(2))
      else if (word.startsWith("-") && word.length > 1) this.#shorts(word.slice(1))
      else throw new XtError(`Bad argument \`${word}'`, XtExit.PARAMETER_PROBLEM, "bare")
    }
    if (this.invert) misuse("nothing appropriate following !")
  }

  /** -nvL: letters that take nothing may stand together. */
  #shorts(letters: string): void {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string
      const arity = SHORT.get(letter)
      if (arity === undefined || letter === "0") misuse(`unknown option "-${letter}"`)
      const rest = letters.slice(i + 1)
      if (arity === 0) {
        this.#option(letter, `-${letter}`, undefined)
        continue
      }
      this.#option(letter, `-${letter}`, rest !== "" ? rest : arity === 1 ? this.#take(`-${letter}`) : undefined)
      return
    }
  }

  #take(option: string): string {
    const word = this.words[this.at]
    if (word === undefined) misuse(`option "${option}" requires an argument`)
    this.at++
    return word as string
  }

  #long(text: string): void {
    const [name = "", value] = text.includes("=")
      ? [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]
      : [text]
    const found = this.#findLong(name) ?? (this.#loadProtocol() ? this.#findLong(name) : undefined)
    if (found === undefined) misuse(`unknown option "--${name}"`)
    if (found.letter !== undefined) {
      const arity = SHORT.get(found.letter)
      this.#option(found.letter, `--${found.full}`, value ?? (arity === 1 ? this.#take(`--${name}`) : undefined))
    } else this.#extensionOption(found.given, found.option, name, value)
  }

  /** An exact name, else the only one that begins so. */
  #findLong(
    name: string,
  ): { letter: string; full: string } | { letter: undefined; given: Given; option: ExtensionOption } | undefined {
    const builtin = LONG.find(([long]) => long === name)
    if (builtin !== undefined) return { letter: builtin[1], full: builtin[0] }
    const loaded = [this.target, ...[...this.matches].reverse()].filter((each) => each !== undefined)
    for (const { given } of loaded) {
      const option = given.find(`--${name}`)
      if (option !== undefined) return { letter: undefined, given, option }
    }
    const starts = LONG.filter(([long]) => long.startsWith(name))
    const options = loaded.flatMap(({ given }) =>
      given.options
        .filter((option) => [option.name, ...(option.aliases ?? [])].some((full) => full.startsWith(`--${name}`)))
        .map((option) => ({ letter: undefined, given, option })),
    )
    const same = new Set(starts.map(([, letter]) => letter)).size + options.length
    if (same !== 1) return undefined
    return options[0] ?? { letter: starts[0]?.[1] as string, full: starts[0]?.[0] as string }
  }

  /** `-p tcp --dport 80` means `-p tcp -m tcp --dport 80`. Models load_proto. */
  #loadProtocol(): boolean {
    const text = this.flags.get("p")
    if (text === undefined || this.#protocolLoaded || this.inverted.has("p")) return false
    const protocol = parseProtocol(text)
    const name = protocolText(protocol)
    const extension = protocol === 0 ? undefined : findMatch(name)
    if (extension === undefined || this.matches.some((loaded) => loaded.extension === extension)) return false
    this.#protocolLoaded = true
    this.#addMatch(extension)
    return true
  }

  #addMatch(extension: MatchExtension): void {
    this.matches.push({ extension, given: new Given(extension.name, extension.options) })
  }

  #extensionOption(given: Given, option: ExtensionOption, name: string, value: string | undefined): void {
    const args = option.args ?? 1
    const first = args === 0 ? "" : (value ?? this.#take(`--${name}`))
    let second = ""
    if (args === 2) {
      const next = this.words[this.at]
      if (next === undefined || next.startsWith("-") || next === "!") misuse(`--${name} requires two args.`)
      second = this.words[this.at++] as string
    }
    given.add(option, { value: first, second, inverted: this.invert })
    this.invert = false
  }

  #optionalWord(): string | undefined {
    const next = this.words[this.at]
    if (next === undefined || next.startsWith("-") || next.startsWith("!")) return undefined
    this.at++
    return next
  }

  #option(letter: string, name: string, value: string | undefined): void {
    if (COMMANDS.includes(letter)) this.#commandOption(letter as CommandLetter, value)
    else if ("sdpiojgfc".includes(letter)) this.#ruleOption(letter, name, value ?? "")
    else this.#otherOption(letter, value)
  }

  #commandOption(letter: CommandLetter, value: string | undefined): void {
    if (this.invert) misuse("unexpected '!' flag")
    if (this.command !== "" && !(this.command === "L" && letter === "Z") && !(this.command === "Z" && letter === "L"))
      misuse(`Cannot use -${letter} with -${this.command}`)
    if (this.command === "" || letter === "L") this.command = letter
    this.chain = value ?? this.#optionalWord() ?? ""
    if ("DILSZ".includes(letter) && this.chain !== "") {
      const word = this.#optionalWord()
      if (word !== undefined) this.number = ruleNumber(word)
    }
    if (letter === "R") {
      const word = this.#optionalWord()
      if (word === undefined) misuse("-R requires a rule number")
      this.number = ruleNumber(word as string)
    } else if (letter === "E")
      this.newName = this.#optionalWord() ?? misuse("-E requires old-chain-name and new-chain-name")
    else if (letter === "P") this.policy = this.#optionalWord() ?? misuse("-P requires a chain and a policy")
    if (letter === "N") checkChainName(this.chain)
    if (letter === "E") checkChainName(this.newName)
  }

  #ruleOption(letter: string, name: string, value: string): void {
    const inverted = this.invert
    this.invert = false
    if (this.flags.has(letter) || (letter === "g" && this.flags.has("j")))
      misuse(`multiple -${letter} flags not allowed`)
    if (inverted && "jgc".includes(letter)) misuse(`cannot have ! before -${letter}`)
    if (inverted) this.inverted.add(letter)
    if (letter === "p") {
      const protocol = parseProtocol(value)
      if (protocol === 0 && inverted) misuse("rule would never match protocol")
    } else if (letter === "i" || letter === "o") checkDevice(value)
    else if (letter === "j") this.#jump(value)
    else if (letter === "c") this.#counters(value, name)
    this.flags.set(letter, value)
  }

  #jump(name: string): void {
    checkJump(name)
    const extension = findTarget(name)
    if (extension !== undefined) this.target = { extension, given: new Given(extension.name, extension.options) }
  }

  #counters(value: string, name: string): void {
    const [first = "", joined] = value.split(",", 2)
    const second = joined ?? this.#optionalWord()
    if (second === undefined) misuse(`${name} requires packet and byte counter`)
    const packets = Number(first)
    const bytes = Number(second)
    if (!/^\d+$/.test(first)) misuse(`${name} packet counter not numeric`)
    if (!/^\d+$/.test(second as string)) misuse(`${name} byte counter not numeric`)
    this.packets = packets
    this.bytes = bytes
  }

  #otherOption(letter: string, value: string | undefined): void {
    if (this.invert) misuse("unexpected '!' flag")
    if (letter === "m") {
      const extension = findMatch(value ?? "")
      if (extension === undefined) misuse(`Couldn't load match \`${value}':No such file or directory\n`)
      else this.#addMatch(extension)
    } else if (letter === "t") {
      if (this.restore && this.tableSaid) misuse("The -t option cannot be used in iptables-restore.\n")
      this.table = value ?? ""
    } else if (letter === "v") this.verbose++
    else if (letter === "w" || letter === "W") {
      const word = value ?? this.#optionalWord()
      if (word !== undefined && parseNumber(word) === undefined) misuse("wait seconds not numeric")
    } else if (letter === "6") unsupported("'-6': IPv6 rules")
    else if (letter === "M" || letter === "h") unsupported(`'-${letter}'`)
    this.flags.set(letter, value ?? "")
  }
}
