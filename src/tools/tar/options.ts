/** The command line of GNU tar 1.34, in its old form (`tar xzvfC ARCHIVE FOLDER`) and its new ones. */
import { resolvePath } from "../../linux/task/vfs.ts"

export interface TarMember {
  name: string
  /** The folder that -C had named by then. */
  folder: string
}

export interface TarOptions {
  mode: "create" | "extract" | "list"
  /** `-`: standard input or output. */
  archive: string
  gzip: boolean
  verbose: boolean
  /** Leading slashes stay. */
  absolute: boolean
  keepOld: boolean
  toStdout: boolean
  /** What is unpacked is as old as the unpacking. */
  touch: boolean
  strip: number
  exclude: readonly string[]
  members: readonly TarMember[]
  /** As it was written, for complaints, and as a path. */
  folders: readonly { name: string; path: string }[]
}

/** Text for standard error (or output) and the exit code. */
export interface TarRefusal {
  text: string
  code: number
  out?: true
  /** The help was asked for. */
  help?: true
}

const TRY = "Try 'tar --help' or 'tar --usage' for more information.\n"
const usage = (message: string, code = 2): TarRefusal => ({ text: `tar: ${message}\n${TRY}`, code })

/** Long names, and which take an argument. */
const LONG: Readonly<Record<string, { letter: string; argument?: true }>> = {
  create: { letter: "c" },
  extract: { letter: "x" },
  get: { letter: "x" },
  list: { letter: "t" },
  file: { letter: "f", argument: true },
  gzip: { letter: "z" },
  gunzip: { letter: "z" },
  ungzip: { letter: "z" },
  verbose: { letter: "v" },
  directory: { letter: "C", argument: true },
  "absolute-names": { letter: "P" },
  "keep-old-files": { letter: "k" },
  "to-stdout": { letter: "O" },
  "preserve-permissions": { letter: "p" },
  "same-permissions": { letter: "p" },
  touch: { letter: "m" },
  "same-owner": { letter: "same-owner" },
  "strip-components": { letter: "strip", argument: true },
  exclude: { letter: "exclude", argument: true },
  version: { letter: "version" },
  help: { letter: "help" },
}
const ARGUMENT = "fC"
const PLAIN = "cxtzvPkOpm"
/** Real options that are not here. */
const REFUSED = "AdruBFGgHIJKLMNSTUVWXZabhijlnosw"
const REFUSED_LONG =
  /^(delete|append|update|diff|compare|concatenate|catenate|bzip2|xz|zstd|lzma|lzip|lzop|compress|use-compress-program|files-from|exclude-from|transform|xform|owner|group|mode|mtime|sort|format|no-same-owner|no-same-permissions|overwrite|skip-old-files|wildcards|dereference|hard-dereference|one-file-system|newer|numeric-owner|totals|checkpoint|remove-files|listed-incremental|incremental|multi-volume|null|warning|auto-compress|help|usage|test-label|label|to-command|recursion|no-recursion|anchored|ignore-case)$/

type Given = { letter: string; value: string; typed: string } | { operand: string }

/** The words as a list, in their order. */
function read(argv: readonly string[]): Given[] | TarRefusal {
  const given: Given[] = []
  const rest = argv.slice(1)
  const first = rest[0]
  if (first !== undefined && first !== "" && !first.startsWith("-")) {
    rest.shift()
    for (const letter of first) {
      const refusal = refuse(letter, letter)
      if (refusal !== undefined) return refusal
      const value = ARGUMENT.includes(letter) ? rest.shift() : ""
      if (value === undefined) return usage(`Old option '${letter}' requires an argument.`)
      given.push({ letter, value, typed: letter })
    }
  }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      given.push(...rest.splice(0).map((operand) => ({ operand })))
    } else if (word.startsWith("--")) {
      const refusal = readLong(word.slice(2), rest, given)
      if (refusal !== undefined) return refusal
    } else if (word.startsWith("-") && word !== "-") {
      const refusal = readShort(word.slice(1), rest, given)
      if (refusal !== undefined) return refusal
    } else given.push({ operand: word })
  }
  return given
}

function refuse(letter: string, typed: string): TarRefusal | undefined {
  if (PLAIN.includes(letter) || ARGUMENT.includes(letter)) return undefined
  if (REFUSED.includes(letter)) return { text: `tar: podwire does not support '${typed}'\n`, code: 2 }
  return usage(`invalid option -- '${letter}'`, 64)
}

function readLong(text: string, rest: string[], given: Given[]): TarRefusal | undefined {
  const [typed = "", ...values] = text.split("=")
  const candidates = Object.keys(LONG).filter((name) => name.startsWith(typed))
  const name = typed in LONG ? typed : candidates.length === 1 ? (candidates[0] as string) : undefined
  if (name === undefined)
    return REFUSED_LONG.test(typed)
      ? { text: `tar: podwire does not support '--${typed}'\n`, code: 2 }
      : usage(`unrecognized option '--${typed}'`, 64)
  const { letter, argument } = LONG[name] as { letter: string; argument?: true }
  if (argument !== true && values.length > 0) return usage(`option '--${name}' doesn't allow an argument`, 64)
  const value = argument === true ? (values.length > 0 ? values.join("=") : rest.shift()) : ""
  if (value === undefined) return usage(`option '--${name}' requires an argument`, 64)
  given.push({ letter, value, typed: `--${name}` })
  return undefined
}

function readShort(letters: string, rest: string[], given: Given[]): TarRefusal | undefined {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string
    const refusal = refuse(letter, `-${letter}`)
    if (refusal !== undefined) return refusal
    if (!ARGUMENT.includes(letter)) {
      given.push({ letter, value: "", typed: `-${letter}` })
      continue
    }
    const value = letters.slice(i + 1) || rest.shift()
    if (value === undefined) return usage(`option requires an argument -- '${letter}'`, 64)
    given.push({ letter, value, typed: `-${letter}` })
    return undefined
  }
  return undefined
}

const MODES: Readonly<Record<string, TarOptions["mode"]>> = { c: "create", x: "extract", t: "list" }

export function readTarOptions(argv: readonly string[], cwd: string): TarOptions | TarRefusal {
  const given = read(argv)
  if (!Array.isArray(given)) return given
  const options = given.filter((one) => "letter" in one)
  const has = (letter: string): boolean => options.some((one) => one.letter === letter)
  if (has("help")) return { text: "", code: 0, help: true }
  if (has("version")) return { text: VERSION, code: 0, out: true }
  const modes = [...new Set(options.map(({ letter }) => MODES[letter]).filter((mode) => mode !== undefined))]
  if (modes.length > 1)
    return usage("You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option")
  const [mode] = modes
  if (mode === undefined) return usage("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options")
  const values = (letter: string): string[] => options.filter((one) => one.letter === letter).map((one) => one.value)
  const { members, folders } = membersOf(given, cwd)
  if (mode === "create" && members.length === 0) return usage("Cowardly refusing to create an empty archive")
  const strip = values("strip").at(-1) ?? "0"
  if (!/^\d+$/.test(strip)) return usage(`${strip}: Invalid number of elements`)
  return {
    mode,
    archive: values("f").at(-1) ?? "-",
    gzip: has("z"),
    verbose: has("v"),
    absolute: has("P"),
    keepOld: has("k"),
    toStdout: has("O"),
    touch: has("m"),
    strip: Number(strip),
    exclude: values("exclude"),
    members,
    folders,
  }
}

/** Each -C is meant from where the one before led. */
function membersOf(given: readonly Given[], cwd: string): Pick<TarOptions, "members" | "folders"> {
  let folder = cwd
  const members: TarMember[] = []
  const folders: { name: string; path: string }[] = []
  for (const one of given) {
    if ("operand" in one) members.push({ name: one.operand, folder })
    else if (one.letter === "C") {
      folder = resolvePath(folder, one.value)
      folders.push({ name: one.value, path: folder })
    }
  }
  return { members, folders }
}

const VERSION = `tar (GNU tar) 1.34
Copyright (C) 2021 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by John Gilmore and Jay Fenlason.
`
