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
  {
    why: "process ids are the kernel's to give",
    apply: (text) => text.replace(/^(\S+: line \d+: )[ \d]{5,} (?=[A-Z])/gm, "$1PID "),
  },
  { why: "the recording was made on another day", apply: (text) => text.replace(/^((?:< )?Date: ).*$/gm, "$1D") },
  {
    why: "ports are drawn by chance",
    apply: (text) => text.replace(/^(TIME-WAIT 0 +0 +[\d.]+:)\d{5}/gm, "$1PORT "),
  },
  {
    why: "curl's meter: speeds are the machine's, and seconds begin when its clock says so",
    apply: (text) =>
      text
        .replace(/\r(.{3} .{5} {2}.{3} .{5} {2}.{3} .{5}) {2}.{5} {2}.{5} .{8} .{8} .{8} .{5}/g, "\r$1 SPEEDS")
        .replace(/(\r[^\r\n]* SPEEDS)\1+/g, "$1"),
  },
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

/** Numbers drawn by chance, named by their first appearance, so that equal ones stay equal. */
function renumber(text: string, pattern: RegExp, name: string): string {
  const names = new Map<string, string>()
  return text.replace(pattern, (whole: string, before: string, number: string) => {
    if (!names.has(number)) names.set(number, `${name}${names.size + 1}`)
    return before + names.get(number) + whole.slice(before.length + number.length)
  })
}

/** `10.244.1.2.48634` becomes `10.244.1.2.P1`. */
function renumberPorts(text: string): string {
  const names = new Map<string, string>()
  return text.replace(/((?:\d+\.){4})(?:3[2-9]\d{3}|[45]\d{4}|60\d{3})\b/g, (whole, address: string) => {
    if (!names.has(whole)) names.set(whole, `${address}P${names.size + 1}`)
    return names.get(whole) as string
  })
}

/** First sequence numbers are drawn by chance; what is counted from them stays: `S1`, `S1+1`. */
function renumberSequences(text: string): string {
  const names = new Map<number, string>()
  return text.replace(/\b(seq|ack) (\d{5,10})(?::(\d+))?/g, (_, word: string, from: string, to?: string) => {
    const name = (value: number): string => {
      for (let back = 0; back <= 20000; back++) {
        const known = names.get(value - back)
        if (known !== undefined) return back === 0 ? known : `${known}+${back}`
      }
      names.set(value, `S${names.size + 1}`)
      return names.get(value) as string
    }
    return `${word} ${name(Number(from))}${to === undefined ? "" : `:${name(Number(to))}`}`
  })
}

const CAPTURE: readonly Normalisation[] = [
  { why: "the recording was made at another time", apply: (text) => text.replace(/^\d\d:\d\d:\d\d\.\d{6}/gm, "T") },
  {
    why: "a kernel under load wakes late, and its timers tick every 4 ms",
    apply: (text) =>
      text.replace(/^ 00:(\d\d):(\d\d\.\d{6})/gm, (_, minutes: string, seconds: string) => {
        const whole = Number(minutes) * 60 + Number(seconds)
        return ` after ${Math.round(whole * 5) / 5}`
      }),
  },
  {
    why: "ports are drawn by chance, and machines hash with different keys: equal ports of two addresses mean nothing",
    apply: renumberPorts,
  },
  { why: "first sequence numbers are drawn by chance", apply: renumberSequences },
  {
    why: "time stamps of TCP begin anywhere",
    apply: (text) => text.replace(/TS val \d+ ecr (\d+)/g, (_, echo) => `TS val V ecr ${echo === "0" ? 0 : "E"}`),
  },
  {
    why: "identifications of IP begin anywhere; none stays none",
    apply: (text) => text.replace(/, id (\d+), offset/g, (_, id) => `, id ${id === "0" ? 0 : "N"}, offset`),
  },
  { why: "ping's identifier is drawn by chance", apply: (text) => renumber(text, /(echo \w+, id )(\d+)/g, "I") },
  {
    why: "checksums depend on all of these",
    apply: (text) =>
      text.replace(/cksum 0x[0-9a-f]{4}/g, "cksum C").replace(/(incorrect ->|cksum C ->) 0x[0-9a-f]{4}/g, "$1 C"),
  },
  { why: "the recording was made on another day", apply: (text) => text.replace(/^(\tDate: ).*$/gm, "$1D") },
]

/** What tcpdump prints of a live capture, with everything taken out that is drawn by chance or by the clock. */
export function normaliseCapture(text: string, command: string): string {
  const done = CAPTURE.reduce((before, rule) => rule.apply(before), text)
  // With its -c packets taken it ends a moment later, in which the kernel goes on counting.
  return / -c \d/.test(command) ? done.replace(/^! \d+ packets? received by filter$/m, "! N received by filter") : done
}
