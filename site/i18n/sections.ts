/**
 * A text in another language, in a file of its own: a section for each part of the original, in the original's order. A section begins with a line
 * that says which part it is, and what text of the part it was made from:
 *
 *     <!-- cell: title of: 0f3a51c2d9e4 -->
 */
import { createHash } from "node:crypto"

/** A part of the original. */
export interface Part {
  id: string
  /** What is translated. */
  source: string
}

/** What a translation is made from. */
export interface Original {
  /** Its file. */
  name: string
  /** What it calls its parts. */
  kind: "cell" | "section"
  parts: readonly Part[]
}

/** A part's text in the other language. */
export interface Section {
  id: string
  /** What {@link sourceHash} gave for the part's text when it was translated. */
  of: string
  /** Of its first line, the one with the id; from 1. */
  line: number
  text: string
}

/** What is wrong with a translation. One that is stale can be shown all the same. */
export interface Problem {
  kind: "broken" | "missing" | "unknown" | "stale"
  /** Names the file, the line, and what would be right. */
  message: string
}

/** The parts' texts in the other language, by their ids, and what is wrong with them. */
export interface Paired {
  prose: Record<string, string>
  problems: Problem[]
}

export const sourceHash = (source: string): string => createHash("sha256").update(source).digest("hex").slice(0, 12)

/** The part that a line begins, if it is one that begins a section. */
export const markedPart = (line: string): string | undefined => MARKER.exec(line)?.[2]

const MARKER = /^<!-- (cell|section): ([\p{L}\p{N}_-]+) of: ([0-9a-f]{12}) -->$/u
const marker = (kind: Original["kind"], { id, source }: Part): string =>
  `<!-- ${kind}: ${id} of: ${sourceHash(source)} -->`

/** Pairs a translation with its original by the parts' ids; everything that is wrong, in the order of the file. */
export function pairSections(file: string, text: string, { name, kind, parts }: Original): Paired {
  const { sections, problems } = parseSections(file, text, kind)
  let at = -1
  for (const { id, of, line } of sections) {
    const i = parts.findIndex((part) => part.id === id)
    const part = parts[i]
    const say = (kind: Problem["kind"], message: string): void => {
      problems.push({ kind, message: `${file}:${line}: ${message}` })
    }
    if (part === undefined) {
      const called = kind === "cell" ? "Markdown cell" : kind
      say("unknown", `${name} has no ${called} "${id}"; it has ${parts.map(({ id }) => id).join(", ")}`)
      continue
    }
    if (i < at) say("broken", `${kind} "${id}" stands after ${kind} "${parts[at]?.id}", in ${name} before it`)
    at = Math.max(at, i)
    if (of !== sourceHash(part.source))
      say(
        "stale",
        `${kind} "${id}" of ${name} has changed since it was translated. When the text is right again, make this line\n${marker(kind, part)}`,
      )
  }
  for (const [i, part] of parts.entries()) {
    if (sections.some(({ id }) => id === part.id)) continue
    const place = i === 0 ? "at the top" : `after that of ${kind} "${parts[i - 1]?.id}"`
    const message = `${file}: ${kind} "${part.id}" of ${name} has no translation. It begins, ${place}, with\n${marker(kind, part)}`
    problems.push({ kind: "missing", message })
  }
  return { prose: Object.fromEntries(sections.map(({ id, text }) => [id, text])), problems }
}

/** The sections of a file, each from its line on to the next one's. */
function parseSections(
  file: string,
  text: string,
  kind: Original["kind"],
): { sections: Section[]; problems: Problem[] } {
  const sections: Section[] = []
  const problems: Problem[] = []
  const broken = (line: number, message: string): void => {
    problems.push({ kind: "broken", message: `${file}:${line}: ${message}` })
  }
  for (const [i, content] of text.split("\n").entries()) {
    const line = i + 1
    const [, found, id, of] = MARKER.exec(content) ?? []
    if (found === kind && id !== undefined && of !== undefined) {
      const other = sections.find((section) => section.id === id)
      if (other !== undefined) broken(line, `${kind} "${id}" is translated already, at line ${other.line}`)
      sections.push({ id, of, line, text: "" })
    } else if (/^<!--\s*(?:cell|section)\b/.test(content))
      broken(line, `expected "<!-- ${kind}: ID of: 12 HEXADECIMAL DIGITS -->", found "${content}"`)
    else {
      const last = sections.at(-1)
      if (last !== undefined) last.text += `${content}\n`
      else if (content.trim() !== "") broken(line, `"${content}" stands before the first "<!-- ${kind}: … -->"`)
    }
  }
  for (const section of sections) {
    section.text = section.text.trim()
    if (section.text === "") broken(section.line, `${kind} "${section.id}" has no text`)
  }
  return { sections, problems }
}
