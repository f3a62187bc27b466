/** Rows of bits, one a class. */
export type BitRow = Uint32Array

export const wordsFor = (bits: number): number => (bits + 31) >>> 5

export const testBit = (row: BitRow, bit: number): boolean => (((row[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1

export function setBit(row: BitRow, bit: number): void {
  row[bit >>> 5] = (row[bit >>> 5] as number) | (1 << (bit & 31))
}

export function orInto(row: BitRow, other: BitRow): void {
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) | (other[i] as number)
}

export function andInto(row: BitRow, other: BitRow): void {
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) & (other[i] as number)
}

export function andNotInto(row: BitRow, other: BitRow): void {
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) & ~(other[i] as number)
}

/** All bits set, but none behind the last. */
export function fullRow(bits: number): BitRow {
  const row = new Uint32Array(wordsFor(bits)).fill(0xffff_ffff)
  const rest = bits & 31
  if (rest !== 0) row[row.length - 1] = 2 ** rest - 1
  return row
}

/** The set bits, ascending, into `into`; how many. */
export function bitsOf(row: BitRow, into: Int32Array): number {
  let count = 0
  for (let i = 0; i < row.length; i++)
    for (let word = row[i] as number; word !== 0; word &= word - 1)
      into[count++] = (i << 5) + (31 - Math.clz32(word & -word))
  return count
}

export function sameRow(a: BitRow, b: BitRow): boolean {
  if (a === b) return true
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
