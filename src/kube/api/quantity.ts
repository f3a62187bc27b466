/** Quantities: `100m`, `50Mi`, `2`. Models k8s.io/apimachinery/pkg/api/resource. */

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The number a quantity stands for, or `undefined` when it is none. */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([a-zA-Z]*))$/.exec(String(text))
  if (match === null) return undefined
  if (match[2] !== undefined) return Number(match[1]) * 10 ** Number(match[2])
  const factor = SUFFIXES[match[3] ?? ""]
  return factor === undefined ? undefined : Number(match[1]) * factor
}

/** CPU as kubectl describes it: `100m`, `2`. */
export function formatMilli(value: number): string {
  const milli = Math.ceil(value * 1000 - 1e-9)
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`
}

/** Memory as kubectl describes it: the largest binary unit that divides it. */
export function formatBinary(value: number): string {
  for (const unit of ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"]) {
    const factor = SUFFIXES[unit] as number
    if (value !== 0 && value % factor === 0) return `${value / factor}${unit}`
  }
  return String(value)
}
