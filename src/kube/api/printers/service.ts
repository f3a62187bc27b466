/** The rows of Services, Endpoints and EndpointSlices. Models printService, printEndpoints and printEndpointSlice. */
import { dicts, num, text } from "../json.ts"
import type { Cell, Column, PrintContext } from "../resource.ts"
import type { ApiObject, Service } from "../types.ts"
import { AGE, column, formatLabels, NAME, NONE, wide } from "./common.ts"

export const serviceColumns: readonly Column[] = [
  NAME,
  column("Type"),
  column("Cluster-IP"),
  column("External-IP"),
  column("Port(s)"),
  AGE,
  wide("Selector"),
]

export function serviceRow(object: ApiObject, context: PrintContext): Cell[] {
  const { metadata, spec, status } = object as Service
  const type = spec.type ?? "ClusterIP"
  const ports = (spec.ports ?? []).map(
    (port) => `${port.port}${(port.nodePort ?? 0) > 0 ? `:${port.nodePort}` : ""}/${port.protocol ?? "TCP"}`,
  )
  const balancer = (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip ?? ingress.hostname ?? "")
  return [
    metadata.name,
    type,
    type === "ExternalName" ? NONE : (spec.clusterIP ?? NONE),
    externalIp(type, spec.externalName, spec.externalIPs ?? [], balancer),
    ports.join(",") || NONE,
    context.age(metadata.creationTimestamp),
    formatLabels(spec.selector),
  ]
}

function externalIp(
  type: string,
  externalName: string | undefined,
  externalIPs: readonly string[],
  balancer: readonly string[],
): string {
  if (type === "ExternalName") return externalName ?? NONE
  if (type === "LoadBalancer") return [...balancer, ...externalIPs].join(",") || "<pending>"
  return externalIPs.join(",") || NONE
}

export const endpointsColumns: readonly Column[] = [NAME, column("Endpoints"), AGE]

export function endpointsRow(object: ApiObject, context: PrintContext): Cell[] {
  const all = dicts(object, "subsets").flatMap((subset) =>
    dicts(subset, "ports").flatMap((port) =>
      dicts(subset, "addresses").map((address) => `${text(address, "ip")}:${num(port, "port")}`),
    ),
  )
  const shown = all.slice(0, 3).join(",") + (all.length > 3 ? ` + ${all.length - 3} more...` : "")
  return [object.metadata.name, shown || NONE, context.age(object.metadata.creationTimestamp)]
}

export const endpointSliceColumns: readonly Column[] = [
  NAME,
  column("AddressType"),
  column("Ports"),
  column("Endpoints"),
  AGE,
]

export function endpointSliceRow(object: ApiObject, context: PrintContext): Cell[] {
  const ports = dicts(object, "ports").map((port) => String(port["port"] ?? "*"))
  const addresses = dicts(object, "endpoints").flatMap((endpoint) => (endpoint["addresses"] ?? []) as string[])
  const short = (list: readonly string[]): string =>
    list.length > 3 ? `${list.slice(0, 3).join(",")} + ${list.length - 3} more...` : list.join(",") || "<unset>"
  return [
    object.metadata.name,
    text(object, "addressType"),
    short(ports),
    short(addresses),
    context.age(object.metadata.creationTimestamp),
  ]
}
