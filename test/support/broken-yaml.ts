/** Manifests that went wrong in many ways, the same each time for a seed: what the real kubectl and podwire's say about them is compared. */
import { Prng } from "../../src/sim/prng.ts"
import { planFiles } from "./kubectl-plan.ts"

const MORE =
  "a: [1, {b: c}, 'x']\nb: {c: [d], \"e\": f}\nt: |\n  text\n  more\nu: >-\n  a\n\n  b\n? k\n: v\nanchor: &a x\nref: *a\ntag: !!str 5\n"

const PIECES = [
  ...[
    " ",
    "  ",
    "\n",
    ":",
    ": ",
    "-",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    '"',
    "\t",
    "#",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
  ],
  ...["@", "`", "?", "\\", "a", "---\n", "...\n", "\n  ", "\n x", "<<", "'\n", "é", "\\x", "0", "----"],
]

/** One text after another: a manifest of the plan with one to three bits cut out, put in, or moved. */
export function brokenManifests(seed: number, count: number): string[] {
  const prng = new Prng(seed).fork("broken-yaml")
  const bases = [...planFiles()]
    .filter(([name]) => name.endsWith(".yaml"))
    .map(([, text]) => text.split(/^---$/m)[0] as string)
  bases.push(MORE)
  return Array.from({ length: count }, () => {
    let text = bases[prng.below(bases.length)] as string
    for (let changes = 1 + prng.below(3); changes > 0; changes--) text = change(prng, text)
    // A text that begins like JSON is read as JSON: another matter.
    return text.replace(/^\s*\{/, "x: {")
  })
}

function change(prng: Prng, text: string): string {
  const at = prng.below(text.length + 1)
  const kind = prng.below(4)
  if (kind === 0) return text.slice(0, at) + text.slice(at + 1 + prng.below(4))
  const from = prng.below(text.length + 1)
  const piece = kind === 1 ? text.slice(from, from + 1 + prng.below(12)) : (PIECES[prng.below(PIECES.length)] as string)
  return text.slice(0, at) + piece + text.slice(at)
}

/** What is said about each text: `line 4: did not find expected key`; nothing when it is fine. By file name `d012.yaml`. */
export function parseSaid(stderr: string): Map<number, string> {
  const said = new Map<number, string>()
  // The real one goes on to print the key, as Go prints it.
  for (const [, number, message] of stderr.matchAll(
    /error parsing (?:\S*\/)?d(\d+)\.yaml: (?:error converting YAML to JSON: yaml: )?(.*)$/gm,
  ))
    said.set(Number(number), (message as string).replace(/^(invalid map key).*/, "$1"))
  return said
}

/** The same texts as the value of a field of a manifest that kubectl can print. */
export function wrapped(text: string, i: number): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d${i}}\nvalue:\n${text.replace(/^(?=.)/gm, "  ")}\n`
}
