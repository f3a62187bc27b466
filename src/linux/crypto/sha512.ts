/** SHA-512 (FIPS 180-4). Rarely asked for, so it is short rather than fast. */

const WORD = (1n << 64n) - 1n

/** The first 64 bits of the fractional part of the root of that degree. */
function fraction(prime: number, degree: bigint): bigint {
  // The whole root of prime · 2^(64·degree), by bisection; its low 64 bits are the fraction.
  const target = BigInt(prime) << (64n * degree)
  let [low, high] = [0n, 1n << 72n]
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** degree <= target) low = middle
    else high = middle
  }
  return low & WORD
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

interface Constants {
  rounds: readonly bigint[]
  initial: readonly bigint[]
}
let constants: Constants | undefined
/** Made when first needed: nothing is computed for who never asks. */
const constantsOf = (): Constants =>
  (constants ??= {
    rounds: primes(80).map((prime) => fraction(prime, 3n)),
    initial: primes(8).map((prime) => fraction(prime, 2n)),
  })

const rotate = (x: bigint, n: bigint): bigint => ((x >> n) | (x << (64n - n))) & WORD

/** FIPS 180-4, section 6.4, in hexadecimal. */
export function sha512(data: Uint8Array): string {
  const { rounds, initial } = constantsOf()
  const padded = new Uint8Array(Math.ceil((data.length + 17) / 128) * 128)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(data.length) << 3n)
  const hash = [...initial]
  for (let at = 0; at < padded.length; at += 128) {
    const w: bigint[] = []
    for (let i = 0; i < 80; i++) w.push(i < 16 ? view.getBigUint64(at + 8 * i) : schedule(w, i))
    let [a, b, c, d, e, f, g, h] = hash as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
    for (let i = 0; i < 80; i++) {
      const sum1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n)
      const t1 = h + sum1 + ((e & f) ^ (~e & WORD & g)) + (rounds[i] as bigint) + (w[i] as bigint)
      const t2 = (rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c))
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & WORD, c, b, a, (t1 + t2) & WORD]
    }
    for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] = ((hash[i] as bigint) + value) & WORD
  }
  return hash.map((word) => word.toString(16).padStart(16, "0")).join("")
}

function schedule(w: readonly bigint[], i: number): bigint {
  const [x, y] = [w[i - 15] as bigint, w[i - 2] as bigint]
  const s0 = rotate(x, 1n) ^ rotate(x, 8n) ^ (x >> 7n)
  const s1 = rotate(y, 19n) ^ rotate(y, 61n) ^ (y >> 6n)
  return ((w[i - 16] as bigint) + s0 + (w[i - 7] as bigint) + s1) & WORD
}
