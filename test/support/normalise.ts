/** Where a recording may differ from podwire's output, and why: the one list of legitimate differences. */

interface Normalisation {
  why: string
  apply(text: string): string
}

/** The only differences that are let pass, each with its reason. */
const NORMALISE: readonly Normalisation[] = [
  { why: "the walk of a hash table has no order to keep", apply: sortRows },
  {
    why: "the sweep timer of a bridge depends on when one looks",
    apply: (text) => text.replace(/gc_timer +\d+\.\d+/g, "gc_timer T"),
  },
  {
    why: "the wire of the twin has another delay",
    apply: (text) =>
      text.replace(/time=\d+(\.\d+)? ms/g, "time=T ms").replace(/= [\d.]+\/[\d.]+\/[\d.]+(\/[\d.]+)? ms/g, "= T ms"),
  },
  {
    why: "a kernel under load wakes late by some milliseconds",
    apply: (text) =>
      text.replace(
        /(time|after) (\d+) ?(ms|milliseconds)/g,
        (_, word, ms, unit) => `${word} ~${Math.round(Number(ms) / 500) * 500} ${unit}`,
      ),
  },
  { why: "the recording was made on another day", apply: (text) => text.replace(/^((?:< )?Date: ).*$/gm, "$1D") },
]

/** FDB and neighbour rows, in text and JSON. */
function sortRows(text: string): string {
  if (/^\[\{"(dst|mac)":/.test(text))
    return JSON.stringify((JSON.parse(text) as unknown[]).map((row) => JSON.stringify(row)).sort())
  if (/^\[ \{\n {8}"(dst|mac)"/.test(text))
    return text
      .replace(/^\[ | \]\n$/g, "")
      .split(/(?<=\}),(?=\{)/)
      .sort()
      .join(",")
  if (!/^([0-9a-f]{2}:){5}|^\d+(\.\d+){3} (dev \S+ )?lladdr/.test(text)) return text
  return text.split("\n").sort().join("\n")
}

/** A text with everything taken out that may differ between two runs, or between the twin and podwire. */
export const normalise = (text: string): string => NORMALISE.reduce((done, rule) => rule.apply(done), text)

const KUBECTL: readonly Normalisation[] = [
  {
    why: "podwire's kubectl adds where in the file it is, and that nothing has been changed",
    apply: (text) => text.replace(/^ {2}at \S+:\d+:\d+, and nothing has been changed\n/gm, ""),
  },
]

/** The same for what the real kubectl printed. */
export const normaliseKubectl = (text: string): string => KUBECTL.reduce((done, rule) => rule.apply(done), text)

/** podwire's tcpdump says in a line of its own where a file is damaged; the real one does not say it. */
export const withoutDamagePlace = (text: string): string => text.replace(/^tcpdump: \(podwire\) .* at byte \d+\n/gm, "")
