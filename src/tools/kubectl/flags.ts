/** kubectl's flags: `--name value`, `--name=value`, `-n value`, before and after the command. */
import { fail } from "./client.ts"

/** By long name: whether it takes a value. Short letters point to long names. */
const FLAGS: Readonly<Record<string, boolean>> = {
  namespace: true,
  "all-namespaces": false,
  output: true,
  selector: true,
  "field-selector": true,
  "show-labels": false,
  "no-headers": false,
  "ignore-not-found": false,
  filename: true,
  container: true,
  stdin: false,
  tty: false,
  quiet: false,
  wait: false,
  now: false,
  force: false,
  "grace-period": true,
  all: false,
  client: false,
  validate: true,
  "dry-run": true,
  overwrite: false,
  previous: false,
  tail: true,
  timestamps: false,
  since: true,
  for: true,
  timeout: true,
  help: false,
  kubeconfig: true,
  context: true,
}
const SHORT: Readonly<Record<string, string>> = {
  n: "namespace",
  A: "all-namespaces",
  o: "output",
  l: "selector",
  f: "filename",
  c: "container",
  i: "stdin",
  t: "tty",
  q: "quiet",
  p: "previous",
  h: "help",
}
/** Real flags that are not here. */
const REFUSED: ReadonlySet<string> = new Set([
  "watch",
  "w",
  "watch-only",
  "sort-by",
  "kustomize",
  "k",
  "recursive",
  "R",
  "server-side",
  "cascade",
  "prune",
  "template",
  "label-columns",
  "L",
  "follow",
  "raw",
  "subresource",
  "as",
  "v",
])

export class Flags {
  readonly #values = new Map<string, string[]>()
  readonly words: string[] = []
  /** What stands behind `--`. */
  rest: string[] | undefined = undefined

  add(name: string, value: string): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value])
  }
  has(name: string): boolean {
    const value = this.value(name)
    return value !== undefined && value !== "false"
  }
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
}

export function readFlags(args: readonly string[]): Flags {
  const flags = new Flags()
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    if (word === "--") {
      flags.rest = args.slice(at + 1)
      break
    }
    if (word.startsWith("--")) at += long(flags, word.slice(2), args[at + 1])
    else if (word.startsWith("-") && word.length > 1) at += short(flags, word.slice(1), word, args[at + 1])
    else flags.words.push(word)
  }
  return flags
}

function long(flags: Flags, text: string, next: string | undefined): number {
  const equals = text.indexOf("=")
  const name = equals < 0 ? text : text.slice(0, equals)
  if (REFUSED.has(name)) fail(`error: podwire's kubectl does not support the flag --${name}`)
  const takes = FLAGS[name]
  if (takes === undefined) fail(`error: unknown flag: --${name}\nSee 'kubectl --help' for usage.`)
  if (equals >= 0) flags.add(name, text.slice(equals + 1))
  else if (takes !== true || name === "dry-run") flags.add(name, "true")
  else if (next === undefined) fail(`error: flag needs an argument: --${name}\nSee 'kubectl --help' for usage.`)
  else {
    flags.add(name, next)
    return 1
  }
  return 0
}

function short(flags: Flags, letters: string, word: string, next: string | undefined): number {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string
    if (REFUSED.has(letter)) fail(`error: podwire's kubectl does not support the flag -${letter}`)
    const name = SHORT[letter]
    if (name === undefined)
      return fail(`error: unknown shorthand flag: '${letter}' in ${word}\nSee 'kubectl --help' for usage.`)
    if (FLAGS[name] !== true) {
      flags.add(name, "true")
      continue
    }
    const rest = letters.slice(i + 1).replace(/^=/, "")
    if (rest !== "") flags.add(name, rest)
    else if (next === undefined)
      fail(`error: flag needs an argument: '${letter}' in ${word}\nSee 'kubectl --help' for usage.`)
    else {
      flags.add(name, next)
      return 1
    }
    return 0
  }
  return 0
}
