/** kubectl describe for services, namespaces, config maps and network policies. Models kubectl/pkg/describe. */
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "kubernetes-types/networking/v1.js"
import { byCodePoint, dicts, peek, text } from "../../../kube/api/json.ts"
import { formatLabels } from "../../../kube/api/printers/common.ts"
import { formatSelector, selectorOf } from "../../../kube/api/selector.ts"
import type { ApiObject, ConfigMap, Namespace, Service } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { eventLines, metaLines, nameLines } from "./common.ts"
import type { Lines } from "./lines.ts"

export function describeNamespace(_client: Client, lines: Lines, object: ApiObject): void {
  lines.add(0, `Name:\t${object.metadata.name}`)
  metaLines(lines, object.metadata)
  lines.add(0, `Status:\t${(object as Namespace).status.phase ?? ""}`)
}

export function describePriorityClass(client: Client, lines: Lines, object: ApiObject): void {
  lines.add(0, `Name:\t${object.metadata.name}`)
  lines.add(0, `Value:\t${object["value"]}`)
  lines.add(0, `GlobalDefault:\t${object["globalDefault"] === true}`)
  lines.add(0, `PreemptionPolicy:\t${text(object, "preemptionPolicy")}`)
  lines.add(0, `Description:\t${text(object, "description")}`)
  lines.add(0, `Annotations:\t${formatLabels(object.metadata.annotations)}`)
  eventLines(client, lines, object)
}

export function describeConfigMap(client: Client, lines: Lines, object: ApiObject): void {
  const { metadata, data = {}, binaryData = {} } = object as ConfigMap
  nameLines(lines, metadata)
  metaLines(lines, metadata)
  lines.raw("\nData\n====\n")
  for (const key of Object.keys(data).sort(byCodePoint)) lines.raw(`${key}:\n----\n${data[key]}\n\n`)
  lines.raw("\nBinaryData\n====\n")
  for (const key of Object.keys(binaryData).sort(byCodePoint))
    lines.raw(`${key}: ${Math.floor(((binaryData[key] as string).replace(/=+$/, "").length * 3) / 4)} bytes\n`)
  lines.raw("\n")
  eventLines(client, lines, object)
}

export function describeService(client: Client, lines: Lines, object: ApiObject): void {
  const { metadata, spec } = object as Service
  nameLines(lines, metadata)
  metaLines(lines, metadata)
  const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`)
  lines.add(0, `Selector:\t${selector.sort(byCodePoint).join(",") || "<none>"}`)
  lines.add(0, `Type:\t${spec.type ?? ""}`)
  if (spec.ipFamilyPolicy !== undefined) lines.add(0, `IP Family Policy:\t${spec.ipFamilyPolicy}`)
  lines.add(0, `IP Families:\t${(spec.ipFamilies ?? []).join(",") || "<none>"}`)
  lines.add(0, `IP:\t${spec.clusterIP ?? ""}`)
  lines.add(0, `IPs:\t${(spec.clusterIPs ?? []).join(",") || "<none>"}`)
  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? "TCP"
    const name = port.name || "<unset>"
    lines.add(0, `Port:\t${name}\t${port.port}/${protocol}`)
    lines.add(0, `TargetPort:\t${port.targetPort}/${protocol}`)
    if ((port.nodePort ?? 0) > 0) lines.add(0, `NodePort:\t${name}\t${port.nodePort}/${protocol}`)
    lines.add(0, `Endpoints:\t${endpoints(client, object as Service, port.name ?? "")}`)
  }
  lines.add(0, `Session Affinity:\t${spec.sessionAffinity ?? ""}`)
  if (spec.externalTrafficPolicy) lines.add(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`)
  if (spec.internalTrafficPolicy) lines.add(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`)
  eventLines(client, lines, object)
}

const SHOWN = 3

/** `10.244.1.2:80,10.244.2.2:80 + 2 more...`: those that are ready; addresses alone where a slice has no ports. */
function endpoints(client: Client, { metadata }: Service, portName: string): string {
  const slices = client.api.registry
    .list(client.resource("endpointslices"), { namespace: metadata.namespace })
    .filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name)
  if (slices.length === 0) return "<none>"
  const all = slices.flatMap((slice) => {
    const ready = dicts(slice, "endpoints").filter((endpoint) => peek(endpoint, "conditions")["ready"] !== false)
    const addresses = ready.map((endpoint) => String((endpoint["addresses"] as string[])[0]))
    const ports = dicts(slice, "ports")
    if (ports.length === 0) return addresses
    return ports
      .filter((port) => text(port, "name") === portName)
      .flatMap((port) => addresses.map((ip) => `${ip.includes(":") ? `[${ip}]` : ip}:${port["port"]}`))
  })
  const shown = all.slice(0, SHOWN).join(",")
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown
}

export function describeNetworkPolicy(_client: Client, lines: Lines, object: ApiObject): void {
  const { metadata } = object
  const spec = object["spec"] as NetworkPolicySpec
  nameLines(lines, metadata)
  lines.add(0, `Created on:\t${metadata.creationTimestamp.replace("T", " ").replace("Z", " +0000 UTC")}`)
  metaLines(lines, metadata)
  lines.add(0, "Spec:")
  const pods = formatSelector(selectorOf(spec.podSelector))
  lines.add(
    1,
    `PodSelector:     ${pods === "" ? "<none> (Allowing the specific traffic to all pods in this namespace)" : pods}`,
  )
  const types = spec.policyTypes ?? []
  direction(
    lines,
    "ingress",
    types.includes("Ingress"),
    (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports })),
  )
  direction(
    lines,
    "egress",
    types.includes("Egress"),
    (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports })),
  )
  lines.add(1, `Policy Types: ${types.join(", ")}`)
}

interface Rule {
  peers: readonly NetworkPolicyPeer[] | undefined
  ports: readonly NetworkPolicyPort[] | undefined
}

function direction(lines: Lines, name: "ingress" | "egress", enabled: boolean, rules: readonly Rule[]): void {
  if (!enabled) {
    lines.add(1, `Not affecting ${name} traffic`)
    return
  }
  lines.add(1, `Allowing ${name} traffic:`)
  if (rules.length === 0) lines.add(2, `<none> (Selected pods are isolated for ${name} connectivity)`)
  const [word, end] = name === "ingress" ? ["From", "source"] : ["To", "destination"]
  for (const [i, { peers = [], ports = [] }] of rules.entries()) {
    if (ports.length === 0) lines.add(2, "To Port: <any> (traffic allowed to all ports)")
    for (const { port, protocol = "TCP", endPort } of ports)
      if (endPort === undefined) lines.add(2, `To Port: ${port ?? "<nil>"}/${protocol}`)
      else lines.add(2, `To Port Range: ${port}-${endPort}/${protocol}`)
    if (peers.length === 0) lines.add(2, `${word}: <any> (traffic not restricted by ${end})`)
    for (const peer of peers) peerLines(lines, word, peer)
    if (i < rules.length - 1) lines.add(2, "----------")
  }
}

function peerLines(lines: Lines, word: string, { ipBlock, namespaceSelector, podSelector }: NetworkPolicyPeer): void {
  lines.add(2, `${word}:`)
  const shown = (selector: unknown): string => formatSelector(selectorOf(selector)) || "<none>"
  if (namespaceSelector !== undefined) lines.add(3, `NamespaceSelector: ${shown(namespaceSelector)}`)
  if (podSelector !== undefined) lines.add(3, `PodSelector: ${shown(podSelector)}`)
  if (ipBlock === undefined) return
  lines.add(3, "IPBlock:")
  lines.add(4, `CIDR: ${ipBlock.cidr}`)
  lines.add(4, `Except: ${(ipBlock.except ?? []).join(", ")}`)
}
