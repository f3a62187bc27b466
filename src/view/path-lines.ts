/** The headers of each hop compared with those of the hop before. */
import type { Hop, HopField, HopHeader } from "./path-data.ts"

export interface PathLine {
  readonly name: string
  readonly outer: boolean
  /** Was not there at the last hop. */
  readonly added: boolean
  readonly pieces: readonly { readonly text: string; readonly changed: boolean }[]
}
export interface HopLine {
  readonly hop: Hop
  readonly lines: readonly PathLine[]
}

const TUNNEL = /^(vxlan|geneve|gre|ip-?ip)$/i

export function journeyLines(hops: readonly Hop[]): HopLine[] {
  let last: readonly HopHeader[] | undefined
  return hops.map((hop) => {
    const headers = hop.headers ?? []
    const lines = headers.map((header, i) =>
      compare(header, counterpart(headers, i, last), last !== undefined, isOuter(headers, i)),
    )
    if (hop.headers !== undefined) last = hop.headers
    return { hop, lines }
  })
}

const isOuter = (headers: readonly HopHeader[], index: number): boolean =>
  headers.slice(index).some(({ name }) => TUNNEL.test(name))

/** Counted from the innermost: a tunnel adds and takes off at the front. */
function counterpart(
  headers: readonly HopHeader[],
  index: number,
  last: readonly HopHeader[] | undefined,
): HopHeader | undefined {
  const found = last?.[last.length - (headers.length - index)]
  return found?.name === headers[index]?.name ? found : undefined
}

function compare(header: HopHeader, before: HopHeader | undefined, later: boolean, outer: boolean): PathLine {
  const added = later && before === undefined
  const pieces = header.fields.map((field, i) => ({
    text: text(field),
    changed: before !== undefined && before.fields[i]?.value !== field.value,
  }))
  return { name: header.name, outer, added, pieces }
}

const text = (field: HopField): string => (field.name === undefined ? field.value : `${field.name} ${field.value}`)
