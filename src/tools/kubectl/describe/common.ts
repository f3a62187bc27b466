/** What descriptions share: labels, ages, events. Models kubectl/pkg/describe. */
import { humanDuration } from "../../../kube/api/duration.ts"
import { byCodePoint } from "../../../kube/api/json.ts"
import { formatTime, parseTime, secondsSince } from "../../../kube/api/time.ts"
import type { ApiObject, Event } from "../../../kube/api/types.ts"
import type { Simulation } from "../../../sim/simulation.ts"
import type { Client } from "../client.ts"
import type { Lines } from "./lines.ts"

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** `Sat, 18 Oct 2025 06:17:04 +0000` (RFC 1123 with a numeric zone). */
export function longTime(text: string | null | undefined): string {
  const seconds = text === null || text === undefined ? undefined : parseTime(text)
  if (seconds === undefined) return "<unset>"
  const whole = formatTime(Math.floor(seconds))
  const [date = "", time = ""] = whole.slice(0, -1).split("T")
  const [year = "", month = "", day = ""] = date.split("-")
  const weekday = DAYS[(Math.floor(seconds / 86400) + 4) % 7]
  return `${weekday}, ${day} ${MONTHS[Number(month) - 1]} ${year} ${time} +0000`
}

export function age(sim: Simulation, text: string | null | undefined): string {
  const seconds = secondsSince(sim, text)
  return seconds === undefined ? "<unknown>" : humanDuration(seconds)
}

const sorted = (map: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(map).toSorted(([a], [b]) => byCodePoint(a, b))

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
