/** Two texts as the lines that went and came, with what stands around them. */

const CONTEXT = 2
/** Of each kind, in one place. */
const LIMIT = 40
/** Texts whose lines times lines are more are compared at their ends only. */
const TABLE_MAX = 4_000_000

/** A piece of both texts: `same` in both, else what `a` has there and what `b` has. */
type Piece = { same: readonly string[] } | { gone: readonly string[]; come: readonly string[] }

/** `- ` before what only `a` has, `+ ` before what only `b` has. Empty when they are equal. */
export function diffLines(a: readonly string[], b: readonly string[]): string[] {
  // Where nothing came or went, line by line: most of a figure is the same.
  if (a.length === b.length)
    return limit(
      a.flatMap((line, i) => (line === b[i] ? [] : [`- ${line}`, `+ ${b[i]}`])),
      2 * LIMIT,
    )
  const pieces = piecesOf(a, b)
  return pieces.flatMap((piece, i) => {
    if ("same" in piece) return context(piece.same, i > 0, i < pieces.length - 1)
    return [
      ...limit(piece.gone, LIMIT).map((line) => `- ${line}`),
      ...limit(piece.come, LIMIT).map((line) => `+ ${line}`),
    ]
  })
}

/** The lines after a change and before the next one. */
function context(lines: readonly string[], after: boolean, before: boolean): string[] {
  const head = after ? lines.slice(0, CONTEXT) : []
  const tail = before ? lines.slice(Math.max(head.length, lines.length - CONTEXT)) : []
  const between = after && before && head.length + tail.length < lines.length ? ["  …"] : []
  return [...head.map((line) => `  ${line}`), ...between, ...tail.map((line) => `  ${line}`)]
}

const limit = (lines: readonly string[], most: number): string[] =>
  lines.length > most ? [...lines.slice(0, most), `… ${lines.length - most} more`] : [...lines]

function piecesOf(a: readonly string[], b: readonly string[]): Piece[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [
    { same: a.slice(0, start) },
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    { same: a.slice(a.length - end) },
  ]
}

/** By a longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): Piece[] {
  const width = b.length + 1
  if ((a.length + 1) * width > TABLE_MAX) return [{ gone: a, come: b }]
  const longest = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number): number => longest[i * width + j] as number
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const pieces: Piece[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const from = i
    while (i < a.length && j < b.length && a[i] === b[j]) {
      i++
      j++
    }
    if (i > from) pieces.push({ same: a.slice(from, i) })
    const [goneFrom, comeFrom] = [i, j]
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j]))
      if (j === b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) i++
      else j++
    if (i > goneFrom || j > comeFrom) pieces.push({ gone: a.slice(goneFrom, i), come: b.slice(comeFrom, j) })
  }
  return pieces
}
