/** What ip(8) and bridge(8) share: option words, argument errors, JSON as iproute2's json_writer prints it. */
import { strerror } from "../linux/errno.ts"
import type { NetDevice } from "../linux/netdev.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { NetlinkError } from "../linux/rtnetlink/error.ts"
import { parseMac } from "../wire/address.ts"

/** Ends a command: text for standard error and the exit code. */
export class IpError {
  readonly text: string
  readonly code: number
  constructor(text: string, code: number) {
    this.text = text
    this.code = code
  }
}

export const fail = (text: string, code: number): never => {
  throw new IpError(`${text}\n`, code)
}

export interface IpOptions {
  json: boolean
  pretty: boolean
  details: boolean
  statistics: boolean
  /** `-s` given twice. */
  allStatistics: boolean
  brief: boolean
  oneline: boolean
  family: "inet" | "inet6" | "bridge" | "unspec"
  net: NetNamespace
  /** Who asks. */
  uid: number
  /** Said on standard error before the output. */
  warn(text: string): void
}

/** As they are before any option has been read. */
export function ipOptions(
  { net, uid }: { readonly net: NetNamespace; readonly uid: number },
  family: IpOptions["family"],
  warn: IpOptions["warn"],
): IpOptions {
  const flags = { json: false, pretty: false, details: false, statistics: false, allStatistics: false }
  return { ...flags, brief: false, oneline: false, family, net, uid, warn }
}

/** The words of a command, taken one after the other. */
export class Words {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  get left(): number {
    return this.#words.length - this.#at
  }

  peek(): string | undefined {
    return this.#words[this.#at]
  }

  take(): string | undefined {
    return this.#words[this.#at++]
  }

  /** The argument of a keyword. Models NEXT_ARG. */
  next(): string {
    const word = this.#words[this.#at++]
    return word ?? fail('Command line is not complete. Try option "help"', 255)
  }
}

/** iproute2 takes unambiguous beginnings, the first match of its list winning. Models matches(). */
export function pick<T>(word: string, table: readonly (readonly [string, T])[]): T | undefined {
  return table.find(([name]) => name.startsWith(word))?.[1]
}

/** Throws what the tool prints when the kernel refuses. */
export function check(refused: NetlinkError | NetDevice | undefined, code = 2): void {
  if (refused === undefined || !("errno" in refused)) return
  fail(
    refused.message === undefined ? `RTNETLINK answers: ${strerror(refused.errno)}` : `Error: ${refused.message}.`,
    code,
  )
}

export function deviceOrFail(net: NetNamespace, name: string, code = 1): NetDevice {
  return net.device(name) ?? fail(`Cannot find device "${name}"`, code)
}

/** Models invarg; some of the tool's messages end in a line break of their own. */
export const invalid = (value: string, message: string): never =>
  fail(`Error: argument "${value}" is wrong: ${message}`, 255)

/** A named namespace of the machine. Models netns_switch. */
export function namespaceOrFail(here: NetNamespace, name: string): NetNamespace {
  return (
    here.kernel.namespaces.find((net) => net.name === name && name !== "") ??
    fail(`Cannot open network namespace "${name}": No such file or directory`, 255)
  )
}

/** A MAC address as iproute2's ll_addr_a2n reads it. */
export function macOrFail(word: string): number {
  const parts = word.split(":")
  if (parts.length < 2 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part)))
    return fail(`"${word}" is invalid lladdr.`, 1)
  return parseMac(word) ?? fail(`Invalid address length ${parts.length} - must be 6 bytes`, 1)
}

// ── JSON ──────────────────────────────────────────────────────────────────────────────────────

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/** One line, or with `-p` as json_writer lays it out: members on lines of their own, brackets inline. */
export function renderJson(value: Json, pretty: boolean): string {
  return `${pretty ? prettyJson(value, 0) : JSON.stringify(value)}\n`
}

function prettyJson(value: Json, depth: number): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[ ]"
    return `[ ${value.map((item) => prettyJson(item as Json, depth + 1)).join(",")} ]`
  }
  if (typeof value === "object" && value !== null) {
    const indent = " ".repeat(4 * (depth + 1))
    const members = Object.entries(value as Record<string, Json | undefined>).filter(
      ([, member]) => member !== undefined,
    )
    const lines = members.map(([key, member]) => `\n${indent}"${key}": ${prettyJson(member as Json, depth + 1)}`)
    return `{${lines.join(",")}\n${" ".repeat(4 * depth)}}`
  }
  return JSON.stringify(value)
}
