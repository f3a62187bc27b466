/** A reader's edits in the page's address, behind the #: nothing is stored anywhere, and the site never sees them. */

export interface SharedEdits {
  /** Of podwire, when the link was made. */
  readonly version: string
  /** Texts by cell. */
  readonly cells: Readonly<Record<string, string>>
  /** Of the page's clusters, where it is not podwire's own. */
  readonly seed?: number
  /** Where a cell's clock stands: nanoseconds since its first packet. */
  readonly clock?: { readonly cell: string; readonly time: number }
}

/** How an address with a reader's edits goes on behind the page's own; whoever reads it is loaded when there is one. */
const EDITS = "#edits="
/** More than a page full of cells; what claims to be larger is no link of ours. */
const TEXT_MAX = 1_000_000

export async function linkOf(edits: SharedEdits): Promise<string> {
  const bytes = await through(new TextEncoder().encode(JSON.stringify(edits)), new CompressionStream("deflate-raw"))
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return EDITS + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

/** The edits of an address; undefined for an address without, or with something else. */
export async function editsOf(hash: string): Promise<SharedEdits | undefined> {
  if (!hash.startsWith(EDITS)) return undefined
  try {
    const binary = atob(hash.slice(EDITS.length).replaceAll("-", "+").replaceAll("_", "/"))
    const bytes = await through(
      Uint8Array.from(binary, (character) => character.charCodeAt(0)),
      new DecompressionStream("deflate-raw"),
    )
    return read(JSON.parse(new TextDecoder().decode(bytes)) as Partial<SharedEdits>)
  } catch {
    return undefined
  }
}

/** Anybody may have written it. */
function read({ version, cells, seed, clock }: Partial<SharedEdits>): SharedEdits | undefined {
  const texts = Object.entries(cells ?? {}).filter(([, text]) => typeof text === "string")
  const timed = typeof clock?.cell === "string" && Number.isSafeInteger(clock.time)
  const seeded = Number.isSafeInteger(seed)
  if (typeof version !== "string" || (texts.length === 0 && !timed && !seeded)) return undefined
  return {
    version,
    cells: Object.fromEntries(texts),
    ...(seeded ? { seed: seed as number } : {}),
    ...(timed ? { clock: { cell: clock.cell, time: clock.time } } : {}),
  }
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of new Blob([bytes]).stream().pipeThrough(transform) as unknown as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > TEXT_MAX) throw new RangeError("too long for a link")
    parts.push(part)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
