/** SHA-256 (FIPS 180-4). */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const K: readonly number[] = fractions(64, 1 / 3)
const INITIAL: readonly number[] = fractions(8, 1 / 2)

function fractions(count: number, power: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes.map((prime) => {
    const root = prime ** power
    return Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0
  })
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** FIPS 180-4, section 6.2, in hexadecimal. */
export function sha256(data: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(data.length / 2 ** 29))
  view.setUint32(padded.length - 4, (data.length << 3) >>> 0)
  const hash = [...INITIAL] as [number, number, number, number, number, number, number, number]
  const w = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 64; i++) w[i] = i < 16 ? view.getUint32(at + 4 * i) : schedule(w, i)
    let [a, b, c, d, e, f, g, h] = hash
    for (let i = 0; i < 64; i++) {
      const t1 =
        (h +
          (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
          ((e & f) ^ (~e & g)) +
          (K[i] as number) +
          (w[i] as number)) |
        0
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
    }
    for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] = ((hash[i] as number) + value) | 0
  }
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
}

function schedule(w: Uint32Array, i: number): number {
  const [x, y] = [w[i - 15] as number, w[i - 2] as number]
  const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
  const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
  return ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0
}
