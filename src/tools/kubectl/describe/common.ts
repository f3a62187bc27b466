/** What descriptions share: labels, ages, events. Models kubectl/pkg/describe. */
import { humanDuration } from "../../../kube/api/duration.ts"
import { byCodePoint } from "../../../kube/api/json.ts"
import { parseTime, secondsSince } from "../../../kube/api/time.ts"
import type { ApiObject, Event } from "../../../kube/api/types.ts"
import { httpDate } from "../../../shell/time.ts"
import type { Simulation } from "../../../sim/simulation.ts"
import type { Client } from "../client.ts"
import type { Lines } from "./lines.ts"

/** `Sat, 18 Oct 2025 06:17:04 +0000` (RFC 1123 with a numeric zone). */
export function longTime(text: string | null | undefined): string {
  const seconds = text === null || text === undefined ? undefined : parseTime(text)
  if (seconds === undefined) return "<unset>"
  return httpDate(Math.floor(seconds)).replace("GMT", "+0000")
}

export function age(sim: Simulation, text: string | null | undefined): string {
  const seconds = secondsSince(sim, text)
  return seconds === undefined ? "<unknown>" : humanDuration(seconds)
}

const sorted = (map: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(map).toSorted(([a], [b]) => byCodePoint(a, b))

export function nameLines(lines: Lines, { name, namespace = "" }: ApiObject["metadata"]): void {
  lines.add(0, `Name:\t${name}`)
  lines.add(0, `Namespace:\t${namespace}`)
}

export function metaLines(lines: Lines, { labels, annotations }: ApiObject["metadata"]): void {
  labelLines(lines, "Labels", labels)
  annotationLines(lines, annotations)
}

/** `Labels:\ta=b\n\tc=d`, `Labels:\t<none>`. */
export function labelLines(lines: Lines, title: string, map: Readonly<Record<string, string>> | undefined): void {
  const pairs = sorted(map ?? {})
  if (pairs.length === 0) lines.add(0, `${title}:\t<none>`)
  for (const [i, [key, value]] of pairs.entries()) lines.add(0, `${i === 0 ? `${title}:` : ""}\t${key}=${value}`)
}

const HIDDEN = "kubectl.kubernetes.io/last-applied-configuration"
const LINE_MAX = 140

/** Annotations: long ones on lines of their own, the last-applied configuration not at all. */
export function annotationLines(lines: Lines, map: Readonly<Record<string, string>> | undefined, indent = ""): void {
  const pairs = sorted(map ?? {}).filter(([key]) => key !== HIDDEN)
  if (pairs.length === 0) lines.add(0, `${indent}Annotations:\t<none>`)
  for (const [i, [key, value]] of pairs.entries()) {
    const title = i === 0 ? `${indent}Annotations:` : ""
    const text = value.replace(/\n$/, "")
    if (text.length + key.length + 2 > LINE_MAX || text.includes("\n")) {
      lines.add(0, `${title}\t${key}:`)
      for (const line of text.split("\n"))
        lines.add(0, `\t  ${line.length > LINE_MAX - 2 ? `${line.slice(0, LINE_MAX - 2)}...` : line}`)
    } else lines.add(0, `${title}\t${key}: ${text}`)
  }
}

/** Events about an object, newest last, as the table at the end. */
export function eventLines(
  client: Client,
  lines: Lines,
  object: ApiObject,
  uids: readonly string[] = [object.metadata.uid],
): void {
  if (client.flags.value("show-events") !== undefined && !client.flags.has("show-events")) return
  const { sim } = client.proc.kernel
  const events = (client.api.registry.list(client.api.registry.resource("events")) as Event[]).filter(
    ({ involvedObject }) =>
      involvedObject.name === object.metadata.name &&
      involvedObject.kind === object.kind &&
      uids.includes(involvedObject.uid ?? ""),
  )
  if (events.length === 0) {
    lines.add(0, "Events:\t<none>")
    return
  }
  const last = (event: Event): string => event.lastTimestamp ?? event.metadata.creationTimestamp
  lines.add(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------")
  for (const event of events.toSorted((a, b) => byCodePoint(last(a), last(b)))) {
    const count = event.count ?? 1
    const when = age(sim, last(event))
    const interval = count > 1 ? `${when} (x${count} over ${age(sim, event.firstTimestamp)})` : when
    lines.add(
      1,
      `${event.type}\t${event.reason}\t${interval}\t${event.source.component ?? ""}\t${event.message.trim()}`,
    )
  }
}
