/** What `set` and `set -o` turn on and off, and what `$-` shows. */

/** Names in the order of `set -o`; letters in bash's own order for `$-`. */
const NAMES: Readonly<Record<string, string | undefined>> = {
  allexport: "a",
  braceexpand: "B",
  emacs: undefined,
  errexit: "e",
  errtrace: "E",
  functrace: "T",
  hashall: "h",
  histexpand: "H",
  history: undefined,
  ignoreeof: undefined,
  "interactive-comments": undefined,
  keyword: "k",
  monitor: "m",
  noclobber: "C",
  noexec: "n",
  noglob: "f",
  nolog: undefined,
  notify: "b",
  nounset: "u",
  onecmd: "t",
  physical: "P",
  pipefail: undefined,
  posix: undefined,
  privileged: "p",
  verbose: "v",
  vi: undefined,
  xtrace: "x",
}
/** What podwire has; the others can only be off, or only on. */
const SUPPORTED: ReadonlySet<string> = new Set(
  "allexport errexit noclobber noexec noglob nounset pipefail xtrace".split(" "),
)
const ALWAYS_ON: ReadonlySet<string> = new Set(["braceexpand", "hashall", "interactive-comments"])
const FLAG_ORDER = "abefhikmnptuvxBCEHPT"

export type OptionResult = "done" | "unknown" | "unsupported"

export class ShellFlags {
  readonly #on: Set<string>

  constructor(parent?: ShellFlags) {
    this.#on = new Set(parent === undefined ? [] : parent.#on)
  }

  has(name: string): boolean {
    return this.#on.has(name) || ALWAYS_ON.has(name)
  }

  /** By letter or by name. */
  set(option: string, on: boolean): OptionResult {
    const name = option.length === 1 ? Object.keys(NAMES).find((known) => NAMES[known] === option) : option
    if (name === undefined || !(name in NAMES)) return "unknown"
    if (!SUPPORTED.has(name)) return on === ALWAYS_ON.has(name) ? "done" : "unsupported"
    if (on) this.#on.add(name)
    else this.#on.delete(name)
    return "done"
  }

  /** Every name with its state. */
  list(): [string, boolean][] {
    return Object.keys(NAMES).map((name) => [name, this.has(name)])
  }

  /** `$-`, without the letters that say how the shell was started. */
  get letters(): string {
    const on = new Set(
      Object.keys(NAMES).flatMap((name) => (this.has(name) && NAMES[name] !== undefined ? [NAMES[name]] : [])),
    )
    return [...FLAG_ORDER].filter((letter) => on.has(letter)).join("")
  }
}
