/** Prefixes as numbers, read as Go's net/netip reads them (its texts are what the agent prints). */

/** An address as four 32-bit words (IPv4 in the last) and the bits of its prefix. */
export interface Prefix {
  readonly family: 4 | 6
  readonly words: readonly [number, number, number, number]
  readonly bits: number
}

/** `10.0.0.0/8`, or an address alone (all of its bits). Undefined for anything else. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/")
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const width = address.family === 4 ? 32 : 128
  if (slash < 0) return { ...address, bits: width }
  const mask = text.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(mask) || Number(mask) > width) return undefined
  return { ...address, bits: Number(mask) }
}

type Address = Pick<Prefix, "family" | "words">

function parseAddress(text: string): Address | undefined {
  if (text.includes(":")) return parseIpv6(text)
  const word = parseIpv4(text)
  return word === undefined ? undefined : { family: 4, words: [0, 0, 0, word] }
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  let word = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    word = (word << 8) | Number(part)
  }
  return word | 0
}

function parseIpv6(text: string): Address | undefined {
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const head = groups(halves[0] as string)
  const tail = halves.length === 2 ? groups(halves[1] as string) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...new Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail]
  const word = (at: number): number => ((all[at] as number) << 16) | (all[at + 1] as number) | 0
  return { family: 6, words: [word(0), word(2), word(4), word(6)] }
}

/** 16-bit groups of one side of `::`; an IPv4 tail counts as two. */
function groups(text: string): number[] | undefined {
  if (text === "") return []
  const result: number[] = []
  const parts = text.split(":")
  for (const [at, part] of parts.entries()) {
    if (part.includes(".") && at === parts.length - 1) {
      const word = parseIpv4(part)
      if (word === undefined) return undefined
      result.push((word >>> 16) & 0xffff, word & 0xffff)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) result.push(Number.parseInt(part, 16))
    else return undefined
  }
  return result
}

/** Whether every address of `inner` lies in `outer`. */
export function prefixCovers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false
  let bits = outer.family === 4 ? outer.bits + 96 : outer.bits
  for (let at = 0; at < 4 && bits > 0; at++, bits -= 32) {
    const mask = bits >= 32 ? -1 : ~(-1 >>> bits)
    if ((((outer.words[at] as number) ^ (inner.words[at] as number)) & mask) !== 0) return false
  }
  return true
}

/** The prefix with its host bits cleared, in Go's text form. */
export function formatPrefix(prefix: Prefix): string {
  let bits = prefix.family === 4 ? prefix.bits + 96 : prefix.bits
  const words = prefix.words.map((word) => {
    const mask = bits >= 32 ? -1 : bits <= 0 ? 0 : ~(-1 >>> bits)
    bits -= 32
    return word & mask
  })
  return `${prefix.family === 4 ? formatIpv4(words[3] as number) : formatIpv6(words)}/${prefix.bits}`
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

/** RFC 5952: lower case, the longest run of two or more zero groups shortened. */
function formatIpv6(words: readonly number[]): string {
  const parts = words.flatMap((word) => [word >>> 16, word & 0xffff])
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && parts[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = (list: readonly number[]): string => list.map((part) => part.toString(16)).join(":")
  if (best.at < 0) return hex(parts)
  return `${hex(parts.slice(0, best.at))}::${hex(parts.slice(best.at + best.length))}`
}
