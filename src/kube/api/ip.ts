/** IP addresses of both families as bytes, read as Go's net package reads them. */

/** Leading zeros: `strict` refuses them (net.ParseIP), `sloppy` takes them as decimal (the API server's own kinds before 1.36). */
export type Zeros = "strict" | "sloppy"

export interface Cidr {
  /** 4 or 16 bytes, as written. */
  readonly bytes: readonly number[]
  readonly length: number
}

function ipv4Bytes(text: string, zeros: Zeros): number[] | undefined {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  const bytes = parts.map((part) =>
    /^\d{1,3}$/.test(part) && (zeros === "sloppy" || part === "0" || !part.startsWith("0")) ? Number(part) : 256,
  )
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

/** Hextets of one side of `::`, as bytes; the last may be written as an IPv4 address. */
function hextets(text: string, zeros: Zeros): number[] | undefined {
  if (text === "") return []
  const bytes: number[] = []
  const parts = text.split(":")
  for (const [i, part] of parts.entries()) {
    if (part.includes(".")) {
      const tail = i === parts.length - 1 ? ipv4Bytes(part, zeros) : undefined
      if (tail === undefined) return undefined
      bytes.push(...tail)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const word = Number.parseInt(part, 16)
      bytes.push(word >> 8, word & 255)
    } else return undefined
  }
  return bytes
}

function ipv6Bytes(text: string, zeros: Zeros): number[] | undefined {
  const sides = text.split("::")
  if (sides.length > 2) return undefined
  const [head, tail] = sides.map((side) => hextets(side, zeros))
  if (head === undefined) return undefined
  if (sides.length === 1) return head.length === 16 ? head : undefined
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail]
}

/** 4 or 16 bytes, or `undefined` when the text is no address. */
export function parseIp(text: string, zeros: Zeros = "strict"): number[] | undefined {
  return text.includes(":") ? ipv6Bytes(text, zeros) : ipv4Bytes(text, zeros)
}

/** `address/length`; host bits may be set. */
export function parseCidr(text: string, zeros: Zeros = "strict"): Cidr | undefined {
  const slash = text.indexOf("/")
  if (slash < 0) return undefined
  const bytes = parseIp(text.slice(0, slash), zeros)
  const length = text.slice(slash + 1)
  if (bytes === undefined || !/^\d{1,3}$/.test(length)) return undefined
  if (zeros === "strict" && length.length > 1 && length.startsWith("0")) return undefined
  return Number(length) <= bytes.length * 8 ? { bytes, length: Number(length) } : undefined
}

/** True when both are of one family and `inner` lies inside of `outer`, and is not all of it. */
export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.bytes.length !== outer.bytes.length || inner.length <= outer.length) return false
  return outer.bytes.every((byte, i) => {
    const bits = Math.min(Math.max(outer.length - i * 8, 0), 8)
    const mask = (0xff00 >> bits) & 255
    return (byte & mask) === ((inner.bytes[i] as number) & mask)
  })
}
