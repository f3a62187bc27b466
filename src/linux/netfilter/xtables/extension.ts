/** How matches and targets say which options they have. Models libxtables' struct xt_option_entry, in its words. */
import { misuse } from "./error.ts"
import type { RuleHeader, XtMatch, XtTarget } from "./rule.ts"

export interface ExtensionOption {
  readonly name: string
  /** Words it takes (1). */
  readonly args?: 0 | 1 | 2
  /** `!` may stand in front. */
  readonly invert?: boolean
  readonly mandatory?: boolean
  /** Another option that must be there too. */
  readonly also?: string
  /** Other names of it. */
  readonly aliases?: readonly string[]
  /** Looks at the word at once: a wrong one is told of before what follows it is read. */
  readonly check?: (value: string) => void
  /** Said when it stands twice, instead of the usual words. */
  readonly twice?: string
}

export interface GivenOption {
  readonly value: string
  readonly second: string
  readonly inverted: boolean
}

/** The options of one match or target as they were given. */
export class Given {
  readonly owner: string
  readonly #options: readonly ExtensionOption[]
  readonly #given = new Map<string, GivenOption>()
  /** In the order they came. */
  readonly names: string[] = []

  constructor(owner: string, options: readonly ExtensionOption[]) {
    this.owner = owner
    this.#options = options
  }

  find(name: string): ExtensionOption | undefined {
    return this.#options.find((option) => option.name === name || option.aliases?.includes(name))
  }

  get options(): readonly ExtensionOption[] {
    return this.#options
  }

  add(option: ExtensionOption, given: GivenOption): void {
    if (this.#given.has(option.name))
      misuse(option.twice ?? `${this.owner}: option "${option.name}" can be used only once.\n`)
    if (given.inverted && option.invert !== true) misuse(`${this.owner}: option "${option.name}" cannot be inverted.\n`)
    option.check?.(given.value)
    this.#given.set(option.name, given)
    this.names.push(option.name)
  }

  has(name: string): boolean {
    return this.#given.has(name)
  }

  value(name: string): string | undefined {
    return this.#given.get(name)?.value
  }

  get(name: string): GivenOption | undefined {
    return this.#given.get(name)
  }

  inverted(name: string): boolean {
    return this.#given.get(name)?.inverted === true
  }

  /** Models xtables_options_fcheck. */
  check(): void {
    for (const option of this.#options) {
      if (option.mandatory === true && !this.#given.has(option.name))
        misuse(`${this.owner}: option "${option.name}" must be specified\n`)
      if (option.also !== undefined && this.#given.has(option.name) && !this.#given.has(option.also))
        misuse(`${this.owner}: option "${option.name}" also requires "${option.also}".\n`)
    }
  }
}

export interface MatchExtension {
  readonly name: string
  readonly options: readonly ExtensionOption[]
  build(given: Given, header: RuleHeader): XtMatch
}

export interface TargetExtension {
  readonly name: string
  readonly options: readonly ExtensionOption[]
  build(given: Given, header: RuleHeader): XtTarget
}

export const not = (inverted: boolean): string => (inverted ? "! " : "")

/** An unsigned number in C's notation, or `undefined`. */
export function parseNumber(text: string, max = 0xffffffff): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return undefined
  const value = /^0\d/.test(text) ? Number.parseInt(text, 8) : Number(text)
  return Number.isNaN(value) || value > max ? undefined : value
}

/** `0x4000/0x4000`, the mask full when it is absent. Models XTTYPE_MARKMASK32. */
export function parseMarkMask(given: Given, option: string): { mark: number; mask: number } {
  const [value = "", mask] = (given.value(option) ?? "").split("/", 2)
  const parsed = parseNumber(value)
  const parsedMask = mask === undefined ? 0xffffffff : parseNumber(mask)
  if (parsed === undefined || parsedMask === undefined) return badInteger(given, option)
  return { mark: parsed, mask: parsedMask }
}

export function badInteger(given: Given, option: string): never {
  return misuse(`${given.owner}: bad integer value for option "${option}", or out of range.\n`)
}

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

/** A mark, with its mask unless that is full. */
export const markText = (mark: number, mask: number): string =>
  mask === 0xffffffff ? hex(mark) : `${hex(mark)}/${hex(mask)}`
