/** kubectl events. Models pkg/cmd/events. */
import { humanDuration } from "../../kube/api/duration.ts"
import { secondsSince } from "../../kube/api/time.ts"
import type { Event } from "../../kube/api/types.ts"
import type { Client } from "./client.ts"
import { fail } from "./failure.ts"
import { objectPrinter } from "./print.ts"
import { renderTable } from "./table.ts"

export async function events(client: Client): Promise<number> {
  const { flags, proc } = client
  const printer = objectPrinter(client)
  const types = flags.list("types").map((type) => type.toLowerCase())
  const about = flags.value("for")
  const [kind = "", name] = (about ?? "").split("/")
  if (about !== undefined && name === undefined) fail("--for must be in resource/name form")
  const wanted = about === undefined ? undefined : client.resource(kind).kind
  const all = (client.list(client.resource("events")) as Event[])
    .filter(
      ({ involvedObject }) => wanted === undefined || (involvedObject.kind === wanted && involvedObject.name === name),
    )
    .filter(({ type }) => types.length === 0 || types.includes(type.toLowerCase()))
    .toSorted((a, b) => (lastSeen(a) < lastSeen(b) ? -1 : lastSeen(a) > lastSeen(b) ? 1 : 0))
  if (all.length === 0) {
    await proc.err(client.allNamespaces ? "No events found.\n" : `No events found in ${client.namespace} namespace.\n`)
    return 0
  }
  if (printer !== undefined) {
    await proc.out(printer({ apiVersion: "v1", items: all, kind: "List", metadata: { resourceVersion: "" } }))
    return 0
  }
  const everywhere = client.allNamespaces
  const rows = all.map((event) => [
    ...(everywhere ? [event.metadata.namespace ?? ""] : []),
    seen(client, event),
    event.type,
    event.reason,
    `${event.involvedObject.kind}/${event.involvedObject.name}`,
    event.message.trim(),
  ])
  const headers = [...(everywhere ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
  await proc.out(renderTable(headers, rows, !flags.has("no-headers")))
  return 0
}

const lastSeen = (event: Event): string => event.lastTimestamp ?? event.metadata.creationTimestamp

function seen(client: Client, event: Event): string {
  const age = (text: string | null): string => humanDuration(secondsSince(client.proc.kernel.sim, text) ?? 0)
  const count = event.count ?? 1
  return count > 1 ? `${age(lastSeen(event))} (x${count} over ${age(event.firstTimestamp)})` : age(lastSeen(event))
}
