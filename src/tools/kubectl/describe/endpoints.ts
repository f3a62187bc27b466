/** kubectl describe for Endpoints and EndpointSlices. Models kubectl/pkg/describe. */
import { type Dict, dicts, peek, text } from "../../../kube/api/json.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { eventLines, metaLines, nameLines } from "./common.ts"
import type { Lines } from "./lines.ts"

function portLines(lines: Lines, level: number, ports: readonly Dict[]): void {
  lines.add(level, "Name\tPort\tProtocol")
  lines.add(level, "----\t----\t--------")
  for (const port of ports)
    lines.add(level, `${text(port, "name") || "<unset>"}\t${port["port"] ?? "<unset>"}\t${text(port, "protocol")}`)
}

export function describeEndpoints(client: Client, lines: Lines, object: ApiObject): void {
  nameLines(lines, object.metadata)
  metaLines(lines, object.metadata)
  lines.add(0, "Subsets:")
  for (const subset of dicts(object, "subsets")) {
    const addresses = (field: string): string =>
      dicts(subset, field)
        .map((address) => text(address, "ip"))
        .join(",") || "<none>"
    lines.add(1, `Addresses:\t${addresses("addresses")}`)
    lines.add(1, `NotReadyAddresses:\t${addresses("notReadyAddresses")}`)
    const ports = dicts(subset, "ports")
    if (ports.length > 0) {
      lines.add(1, "Ports:")
      portLines(lines, 2, ports)
    }
    lines.add(0, "")
  }
  eventLines(client, lines, object)
}

export function describeEndpointSlice(client: Client, lines: Lines, object: ApiObject): void {
  nameLines(lines, object.metadata)
  metaLines(lines, object.metadata)
  lines.add(0, `AddressType:\t${text(object, "addressType")}`)
  const ports = dicts(object, "ports")
  lines.add(0, ports.length === 0 ? "Ports: <unset>" : "Ports:")
  if (ports.length > 0) portLines(lines, 1, ports)
  const endpoints = dicts(object, "endpoints")
  lines.add(0, endpoints.length === 0 ? "Endpoints: <none>" : "Endpoints:")
  for (const endpoint of endpoints) endpointLines(lines, endpoint)
  eventLines(client, lines, object)
}

function endpointLines(lines: Lines, endpoint: Dict): void {
  const or = (value: unknown): string => (value === undefined ? "<unset>" : String(value))
  const addresses = (endpoint["addresses"] ?? []) as string[]
  lines.add(1, `- Addresses:\t${addresses.join(", ") || "<none>"}`)
  lines.add(2, "Conditions:")
  lines.add(3, `Ready:\t${or(peek(endpoint, "conditions")["ready"])}`)
  lines.add(2, `Hostname:\t${or(endpoint["hostname"])}`)
  const target = peek(endpoint, "targetRef")
  if (endpoint["targetRef"] !== undefined) lines.add(2, `TargetRef:\t${text(target, "kind")}/${text(target, "name")}`)
  lines.add(2, `NodeName:\t${or(endpoint["nodeName"])}`)
  lines.add(2, `Zone:\t${or(endpoint["zone"])}`)
}
