/** Flags as Go programs read them: `--name value`, `--name=value`, `-n value`, `-nvalue`, bundled letters. Models spf13/pflag. */

/** What is wrong with a command line; `refused` names a flag the real program has and podwire's does not. */
export class FlagError extends Error {
  readonly refused: string | undefined

  constructor(message: string, refused?: string) {
    super(message)
    this.refused = refused
  }
}

/** String, boolean, integer, duration, list. */
type FlagType = "s" | "b" | "i" | "d" | "l"

interface FlagSpec {
  readonly name: string
  readonly letter: string | undefined
  readonly type: FlagType
  /** The real program has it, podwire's does not. */
  readonly refused: boolean
}

export type FlagSpecs = ReadonlyMap<string, FlagSpec>

/** Flags that may stand without a value although they take one, and what they then mean (NoOptDefVal). */
type BareValues = Readonly<Record<string, string>>

/**
 * Reads `output/o all:b !raw`: name, letter, type (string), and `!` for what podwire refuses.
 * By name, and by `-letter`.
 */
export function flagSpecs(text: string): FlagSpecs {
  const specs = new Map<string, FlagSpec>()
  for (const word of text.trim().split(/\s+/)) {
    const match = /^(!?)([a-z][a-z0-9-]*)(?:\/(\w))?(?::([bidl]))?$/.exec(word)
    if (match === null) throw new Error(`flag table: ${word}`)
    const spec = {
      name: match[2] as string,
      letter: match[3],
      type: (match[4] ?? "s") as FlagType,
      refused: match[1] === "!",
    }
    specs.set(spec.name, spec)
    if (spec.letter !== undefined) specs.set(`-${spec.letter}`, spec)
  }
  return specs
}

export class Flags {
  readonly #values = new Map<string, string[]>()
  /** Every flag as given, in order: for those that say something about the next one. */
  readonly given: { readonly name: string; readonly value: string }[] = []
  /** Everything that is no flag. */
  readonly words: string[] = []
  /** How many of {@link words} stood before `--`; `undefined` without one. */
  dash: number | undefined = undefined

  add(name: string, value: string): void {
    this.given.push({ name, value })
    this.#values.set(name, [...(this.#values.get(name) ?? []), value])
  }
  /** True for a boolean that is on, and for anything else that was given. */
  has(name: string): boolean {
    const value = this.value(name)
    return value !== undefined && !/^(false|f|0)$/i.test(value)
  }
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
  /** A list flag: repeated, or with commas. */
  list(name: string): readonly string[] {
    return this.all(name).flatMap((value) => value.split(","))
  }
  number(name: string): number | undefined {
    const value = this.value(name)
    return value === undefined ? undefined : Number(value)
  }
}

class Reader {
  readonly #specs: FlagSpecs
  readonly #bare: BareValues
  readonly flags: Flags = new Flags()

  constructor(specs: FlagSpecs, bare: BareValues) {
    this.#specs = specs
    this.#bare = bare
  }

  #wrong(message: string): never {
    throw new FlagError(message)
  }

  #known(spec: FlagSpec | undefined, unknown: string): FlagSpec {
    if (spec === undefined) return this.#wrong(unknown)
    if (spec.refused) throw new FlagError(`podwire does not support the flag --${spec.name}`, spec.name)
    return spec
  }

  #set(spec: FlagSpec, value: string): void {
    const problem = checkValue(spec.type, value)
    const shown = spec.letter === undefined ? `--${spec.name}` : `-${spec.letter}, --${spec.name}`
    if (problem !== undefined) this.#wrong(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${problem}`)
    this.flags.add(spec.name, value)
  }

  /** Takes a `--flag`; returns how many of the following words belong to it. */
  long(text: string, next: string | undefined): number {
    const equals = text.indexOf("=")
    const name = equals < 0 ? text : text.slice(0, equals)
    const spec = this.#known(this.#specs.get(name), `unknown flag: --${name}`)
    if (equals >= 0) this.#set(spec, text.slice(equals + 1))
    else if (spec.type === "b") this.#set(spec, "true")
    else if (this.#bare[name] !== undefined) this.#set(spec, this.#bare[name] as string)
    else if (next === undefined) this.#wrong(`flag needs an argument: --${name}`)
    else {
      this.#set(spec, next)
      return 1
    }
    return 0
  }

  /** Takes `-abc`. */
  short(letters: string, next: string | undefined): number {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string
      const spec = this.#known(
        this.#specs.get(`-${letter}`),
        `unknown shorthand flag: '${letter}' in -${letters.slice(i)}`,
      )
      const rest = letters.slice(i + 1)
      if (rest.startsWith("=")) {
        this.#set(spec, rest.slice(1))
        return 0
      }
      if (spec.type === "b") {
        this.#set(spec, "true")
        continue
      }
      if (rest !== "") {
        this.#set(spec, rest)
        return 0
      }
      if (next === undefined) this.#wrong(`flag needs an argument: '${letter}' in -${letters.slice(i)}`)
      this.#set(spec, next)
      return 1
    }
    return 0
  }
}

function checkValue(type: FlagType, value: string): string | undefined {
  const quoted = JSON.stringify(value)
  if (type === "b" && !/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value))
    return `strconv.ParseBool: parsing ${quoted}: invalid syntax`
  if (type === "i" && !/^[+-]?\d+$/.test(value)) return `strconv.ParseInt: parsing ${quoted}: invalid syntax`
  if (type === "d" && parseDuration(value) === undefined) return `time: invalid duration ${quoted}`
  return undefined
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** Go's durations, `1m30s`, in nanoseconds; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0
  if (!/^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let sum = 0
  for (const [, number = "", unit = ""] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(number) * (UNITS[unit] as number)
  return text.startsWith("-") ? -sum : sum
}

/** Takes a command's words apart. Throws {@link FlagError}. */
export function readFlags(specs: FlagSpecs, args: readonly string[], bare: BareValues = {}): Flags {
  const reader = new Reader(specs, bare)
  const { flags } = reader
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    if (word === "--") {
      flags.dash = flags.words.length
      flags.words.push(...args.slice(at + 1))
      break
    }
    if (word.startsWith("--")) at += reader.long(word.slice(2), args[at + 1])
    else if (word.startsWith("-") && word.length > 1) at += reader.short(word.slice(1), args[at + 1])
    else flags.words.push(word)
  }
  return flags
}
