/** `cilium-dbg service|ip|node list`, `fqdn cache list`, `policy selectors`. Models cilium-dbg/cmd of those names. */
import { timestamp } from "../../../kube/api/time.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { RuleRef } from "../../../policy/rule.ts"
import type { Flags } from "../../../shell/pflag.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import type { Agent } from "../agent/agent.ts"
import { addressOf, type CiliumNode, ownNode } from "../agent/cilium-node.ts"
import { reservedName } from "../hubble/names.ts"
import { agentFor, printData, table } from "./output.ts"
import { protocolName } from "./u8proto.ts"

export async function serviceList(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/service", "Cannot get services list: ")
  const services = [...agent.datapath.lb.services()]
    .map((service) => ({
      frontend: `${formatIpv4(service.address)}:${service.port}/${protocolName(service.protocol)}`,
      type: "ClusterIP",
      backends: service.backends.map(
        ({ address, port, protocol }) => `${formatIpv4(address)}:${port}/${protocolName(protocol)}`,
      ),
    }))
    .sort((a, b) => (a.frontend < b.frontend ? -1 : 1))
  if (await printData(proc, flags, services)) return 0
  const rows = services.flatMap(({ frontend, type, backends }) => {
    const [first = "", ...rest] = backends.map((backend, i) => `${i + 1} => ${backend} (active)`)
    return [[frontend, type, first, ""], ...rest.map((text) => ["", "", text, ""])]
  })
  await proc.out(table([["Frontend", "Service Type", "Backend", ""], ...rows]))
  return 0
}

export async function ipList(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/ip", "Cannot get ipcache entries. err: ")
  const entries = agent.ipcache.list()
  const data = entries.map(({ prefix, source, value }) => ({
    cidr: prefix,
    identity: value.identity,
    ...(value.tunnelEndpoint === undefined ? {} : { hostIP: formatIpv4(value.tunnelEndpoint) }),
    encryptKey: 0,
    metadata: {
      source,
      ...(value.pod === undefined ? {} : { namespace: value.pod.namespace, name: value.pod.name }),
    },
  }))
  if (await printData(proc, flags, data)) return 0
  const verbose = flags.has("verbose")
  const rows = entries.flatMap(({ prefix, source, value }) => {
    const [first = "", ...rest] = identityNames(agent, value.identity, flags.has("numeric"))
    const more = verbose ? [value.tunnelEndpoint === undefined ? "" : formatIpv4(value.tunnelEndpoint), "0"] : []
    return [[prefix, first, source, ...more], ...rest.map((label) => ["", label, ""])]
  })
  await proc.out(table([["IP", "IDENTITY", "SOURCE", ...(verbose ? ["HOST", "ENCRYPT_KEY"] : [])], ...rows]))
  return 0
}

function identityNames(agent: Agent, identity: number, numeric: boolean): readonly string[] {
  if (numeric) return [String(identity)]
  const name = reservedName(identity)
  return name === undefined ? (agent.labelsOf(identity)?.labels ?? [String(identity)]) : [`reserved:${name}`]
}

export async function nodeList(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/cluster/nodes", "")
  const own = ownNode(agent.registry, agent.nodeName)
  const nodes = [...(own === undefined ? [] : [own]), ...agent.nodes.nodes.values()].map((node) => ({
    name: `${agent.clusterName}/${node.metadata.name}`,
    address: addressOf(node, "InternalIP") ?? "",
    range: rangeOf(node),
    source: node === own ? "local" : "custom-resource",
  }))
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
  if (await printData(proc, flags, nodes)) return 0
  const rows = nodes.map(({ name, address, range, source }) => [name, address, range, "", "", source])
  await proc.out(
    table([["Name", "IPv4 Address", "Endpoint CIDR", "IPv6 Address", "Endpoint CIDR", "Source"], ...rows], 0),
  )
  return 0
}

const rangeOf = ({ spec }: CiliumNode): string => spec.ipam?.podCIDRs?.[0] ?? ""

export async function fqdnCacheList(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/fqdn/cache", "Error: ")
  const endpoint = flags.value("endpoint")
  const source = flags.value("source")
  const lookups = agent.names
    .list()
    .filter(
      (one) => (endpoint ?? String(one.endpoint)) === String(one.endpoint) && (source ?? one.source) === one.source,
    )
    .map((one) => ({
      fqdn: one.lookup.name,
      ips: one.lookup.addresses.map(formatIpv4),
      "lookup-time": timestamp(agent.sim, one.lookup.time),
      ttl: one.lookup.ttl,
      "expiration-time": expiry(timestamp(agent.sim, one.lookup.expires)),
      "endpoint-id": one.endpoint,
      source: one.source,
    }))
  if (await printData(proc, flags, lookups)) return 0
  const rows = lookups.map((one) => [
    String(one["endpoint-id"]),
    one.source,
    one.fqdn,
    String(one.ttl),
    one["expiration-time"],
    one.ips.join(","),
    "",
  ])
  await proc.out(table([["Endpoint", "Source", "FQDN", "TTL", "ExpirationTime", "IPs", ""], ...rows]))
  return 0
}

/** strfmt.DateTime has milliseconds. */
const expiry = (text: string): string => text.replace("Z", ".000Z")

export async function policySelectors(proc: Process, flags: Flags): Promise<number> {
  const agent = agentFor(proc, "/policy/selectors", "Cannot get policy: ")
  const users = rulesBySelector(agent)
  const selectors = [...agent.repository.selectors.selectors]
    .map(({ selector, identities }) => ({
      selector: selector.text,
      identities: [...identities].sort((a, b) => a - b),
      rules: users.get(selector.text) ?? [],
    }))
    .filter(({ rules }) => rules.length > 0)
    .sort((a, b) => (a.selector < b.selector ? -1 : 1))
  const data = selectors.map(({ selector, identities, rules }) => ({ selector, identities, users: rules.length }))
  if (await printData(proc, flags, data)) return 0
  const rows = selectors.flatMap(({ selector, identities, rules }) => {
    const [first = "", ...rest] = identities.map(String)
    return [
      [selector, objectsOf(rules), String(rules.length), first, ""],
      ...rest.map((identity) => ["", "", "", identity, ""]),
    ]
  })
  await proc.out(table([["SELECTOR", "LABELS", "USERS", "IDENTITIES"], ...rows]))
  return 0
}

/** Which rules name a peer by this selector. */
function rulesBySelector({ repository }: Agent): Map<string, RuleRef[]> {
  const users = new Map<string, RuleRef[]>()
  for (const { entries, ref } of repository.rules)
    for (const { peers = [] } of entries)
      for (const { text } of peers) users.set(text, [...(users.get(text) ?? []), ref])
  return users
}

const objectsOf = (rules: readonly RuleRef[]): string =>
  [
    ...new Set(
      rules.map(({ origin: { namespace, name } }) => (namespace === undefined ? name : `${namespace}/${name}`)),
    ),
  ].join(",")
