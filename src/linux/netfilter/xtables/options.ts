/** The options of iptables itself, and what may be said in them. Models iptables/xshared.c. */
import { misuse } from "./error.ts"
import { parseNumber } from "./extension.ts"
import { findTarget } from "./target/index.ts"

export type CommandLetter = "A" | "C" | "D" | "R" | "I" | "L" | "S" | "F" | "Z" | "N" | "X" | "E" | "P"

/** How many words an option takes: none, one, or one if there is one that is not an option. */
export type Arity = 0 | 1 | "optional"
export const LONG: readonly (readonly [string, string, Arity])[] = [
  ["append", "A", 1],
  ["delete", "D", 1],
  ["check", "C", 1],
  ["insert", "I", 1],
  ["replace", "R", 1],
  ["list", "L", "optional"],
  ["list-rules", "S", "optional"],
  ["flush", "F", "optional"],
  ["zero", "Z", "optional"],
  ["new-chain", "N", 1],
  ["delete-chain", "X", "optional"],
  ["rename-chain", "E", 1],
  ["policy", "P", 1],
  ["source", "s", 1],
  ["destination", "d", 1],
  ["src", "s", 1],
  ["dst", "d", 1],
  ["protocol", "p", 1],
  ["in-interface", "i", 1],
  ["jump", "j", 1],
  ["table", "t", 1],
  ["match", "m", 1],
  ["numeric", "n", 0],
  ["out-interface", "o", 1],
  ["verbose", "v", 0],
  ["wait", "w", "optional"],
  ["wait-interval", "W", "optional"],
  ["exact", "x", 0],
  ["fragments", "f", 0],
  ["version", "V", 0],
  ["help", "h", "optional"],
  ["line-numbers", "0", 0],
  ["modprobe", "M", 1],
  ["set-counters", "c", 1],
  ["goto", "g", 1],
  ["ipv4", "4", 0],
  ["ipv6", "6", 0],
]
export const SHORT: ReadonlyMap<string, Arity> = new Map(LONG.map(([, letter, arity]) => [letter, arity]))
export const COMMANDS = "ACDRILSFZNXEP"
/** What a command may be given, by letter (commands_v_options). */
export const ALLOWED: Readonly<Record<string, string>> = {
  n: "L",
  x: "L",
  "0": "L",
  s: "ACDRI",
  d: "ACDRI",
  p: "ACDRI",
  j: "ACDRI",
  g: "ACDRI",
  i: "ACDRI",
  o: "ACDRI",
  f: "ACDRI",
  c: "ARI",
}

export const MAX_CHAIN = 29

export function ruleNumber(word: string): number {
  const number = parseNumber(word)
  return number === undefined || number === 0 ? misuse(`Invalid rule number \`${word}'`) : number
}

export function checkDevice(name: string): void {
  if (name.length > 15) misuse(`interface name \`${name}' must be shorter than IFNAMSIZ (15)`)
}

export function checkJump(name: string): void {
  if (name === "") misuse("Invalid target name (too short)")
  if (name.length >= MAX_CHAIN) misuse(`Invalid target name \`${name}' (${MAX_CHAIN - 1} chars max)`)
  if (/\s/.test(name)) misuse(`Invalid target name \`${name}'`)
}

export function checkChainName(name: string): void {
  if (name.startsWith("-") || name.startsWith("!")) misuse(`chain name not allowed to start with \`${name[0]}'`)
  if (["ACCEPT", "DROP", "RETURN"].includes(name) || findTargetQuietly(name))
    misuse("chain name may not clash with target name")
  if (/\s/.test(name)) misuse(`Invalid chain name \`${name}'`)
}

function findTargetQuietly(name: string): boolean {
  try {
    return findTarget(name) !== undefined
  } catch {
    // A target that iptables has and podwire has not: the name is taken all the same.
    return true
  }
}
