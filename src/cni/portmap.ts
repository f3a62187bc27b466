/** portmap: ports of the node that lead to a pod (hostPort). Models containernetworking/plugins plugins/meta/portmap. */

import { type Dict, isDict } from "../kube/api/json.ts"
import type { CniError, CniResult } from "../kube/cri/cni.ts"
import { sha512 } from "../linux/crypto/sha512.ts"
import { iptablesRestore, iptablesSave } from "../linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { Tool } from "../linux/task/tool.ts"
import { formatPrefix, networkOf, parsePrefix } from "../wire/address.ts"
import { type CniRequest, cniPlugin, failure } from "./skel.ts"

const DNAT = "CNI-HOSTPORT-DNAT"
const SET_MARK = "CNI-HOSTPORT-SETMARK"
const MASQUERADE = "CNI-HOSTPORT-MASQ"
/** With the prefix `CNI-DN-` a chain's name is as long as iptables lets it be. */
const NAME_DIGITS = 21
/** What one multiport match takes. */
const PORTS_MAX = 15
const DEFAULT_BIT = 13

interface Mapping {
  hostPort: number
  containerPort: number
  protocol: string
  hostIP: string
}

interface Settings {
  mappings: Mapping[]
  snat: boolean
  markBit: number
}

export const portmap: Tool = cniPlugin("portmap", {
  async add(request) {
    const { config } = request
    const settings = readSettings(config)
    if ("code" in settings) return settings
    if (!isDict(config["prevResult"])) return failure("must be called as chained plugin")
    const result = config["prevResult"] as unknown as CniResult
    if (settings.mappings.length === 0) return result
    const address = containerAddress(result)
    if (address === undefined) return failure("unable to setup DNAT: no IPv4 address")
    const refused = forward(request, settings, address)
    return refused === undefined ? result : failure(`unable to setup DNAT: ${refused}`)
  },

  async del(request) {
    const settings = readSettings(request.config)
    if ("code" in settings) return settings
    const chain = chainOf(request)
    const refused = restore(request.kernel.initNet, teardown(request.kernel.initNet, chain))
    return refused === undefined ? undefined : failure(refused)
  },
})

// ── configuration ─────────────────────────────────────────────────────────────────────────────

function readSettings(config: Dict): Settings | CniError {
  const invalid = (what: string): CniError => failure(`failed to parse config: ${what}`)
  for (const key of ["externalSetMarkChain", "conditionsV4", "conditionsV6", "backend", "masqAll"])
    if (config[key] !== undefined) return invalid(`podwire does not support ${JSON.stringify(key)}`)
  const markBit = Number(config["markMasqBit"] ?? DEFAULT_BIT)
  if (markBit < 0 || markBit > 31) return invalid("MasqMarkBit must be between 0 and 31")
  const runtime = isDict(config["runtimeConfig"]) ? config["runtimeConfig"] : {}
  const given = Array.isArray(runtime["portMappings"]) ? (runtime["portMappings"] as Dict[]) : []
  const mappings = given.map(mappingOf)
  for (const { hostPort, containerPort } of mappings) {
    if (containerPort <= 0) return invalid(`Invalid container port number: ${containerPort}`)
    if (hostPort <= 0) return invalid(`Invalid host port number: ${hostPort}`)
  }
  return { mappings, snat: config["snat"] !== false, markBit }
}

function mappingOf(mapping: Dict): Mapping {
  const hostIP = String(mapping["hostIP"] ?? "")
  return {
    hostPort: Number(mapping["hostPort"] ?? 0),
    containerPort: Number(mapping["containerPort"] ?? 0),
    protocol: String(mapping["protocol"] ?? "").toLowerCase(),
    hostIP: hostIP === "0.0.0.0" ? "" : hostIP,
  }
}

/** The first IPv4 address of an interface inside the pod. */
function containerAddress({ interfaces = [], ips = [] }: CniResult): string | undefined {
  return ips.find(
    ({ address, interface: at }) =>
      parsePrefix(address) !== undefined && (at === undefined || interfaces[at]?.sandbox !== undefined),
  )?.address
}

// ── rules ─────────────────────────────────────────────────────────────────────────────────────

function chainOf({ config, containerId }: CniRequest): string {
  const digest = sha512(new TextEncoder().encode(`${String(config["name"] ?? "")}${containerId}`))
  return `CNI-DN-${digest.slice(0, NAME_DIGITS)}`
}

/** Runs lines of the nat table; what iptables says against them. */
function restore(net: NetNamespace, lines: readonly string[]): string | undefined {
  if (lines.length === 0) return undefined
  const text = ["*nat", ...lines, "COMMIT", ""].join("\n")
  const { code, error } = iptablesRestore(net, text, { noflush: true, origin: "CNI portmap" })
  return code === 0 ? undefined : error.trimEnd()
}

const savedLines = (net: NetNamespace): string[] => iptablesSave(net, { table: "nat" }).split("\n")

/** The chain with all that leads to it. */
function teardown(net: NetNamespace, chain: string): string[] {
  const saved = savedLines(net)
  if (!saved.some((line) => line.startsWith(`:${chain} `))) return []
  const jumps = saved.filter((line) => line.startsWith("-A") && line.endsWith(` -j ${chain}`))
  return [...jumps.map((line) => line.replace("-A", "-D")), `-F ${chain}`, `-X ${chain}`]
}

function forward(request: CniRequest, settings: Settings, address: string): string | undefined {
  const net = request.kernel.initNet
  const chain = chainOf(request)
  const prefix = parsePrefix(address) as { address: number; length: number }
  const pods = formatPrefix(networkOf(prefix.address, prefix.length), prefix.length)
  const target = address.replace(/\/.*/, "")
  const { mappings, snat } = settings
  if (snat) net.sysctl.routeLocalnet = true
  return restore(net, [
    ...teardown(net, chain),
    ...common(net, settings),
    `:${chain} - [0:0]`,
    ...entries(mappings, chain, String(request.config["name"] ?? ""), request.containerId),
    ...mappings.flatMap((mapping) => mappingRules(chain, mapping, pods, target, snat)),
  ])
}

/** The chains all pods share, and the ways into them, where they are missing. */
function common(net: NetNamespace, { snat, markBit }: Settings): string[] {
  const saved = savedLines(net)
  const mark = `0x${((1 << markBit) >>> 0).toString(16)}`
  const chains = snat ? [DNAT, SET_MARK, MASQUERADE] : [DNAT]
  const missing = (rule: string): boolean => !saved.includes(rule.replace(/^-I (\S+) 1/, "-A $1"))
  const rules = [
    ...["PREROUTING", "OUTPUT"].map((hook) => `-A ${hook} -m addrtype --dst-type LOCAL -j ${DNAT}`),
    ...(snat
      ? [
          `-A ${SET_MARK} -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark ${mark}/${mark}`,
          `-A ${MASQUERADE} -m mark --mark ${mark}/${mark} -j MASQUERADE`,
          // In front, so that kube-proxy's own masquerading does not clear the mark first.
          `-I POSTROUTING 1 -m comment --comment "CNI portfwd requiring masquerade" -j ${MASQUERADE}`,
        ]
      : []),
  ]
  return [
    ...chains
      .filter((chain) => !saved.some((line) => line.startsWith(`:${chain} `)))
      .map((chain) => `:${chain} - [0:0]`),
    ...rules.filter(missing),
  ]
}

/** By protocol, in the order of their names, as many ports a rule as a rule takes. */
function entries(mappings: readonly Mapping[], chain: string, network: string, id: string): string[] {
  const protocols = [...new Set(mappings.map(({ protocol }) => protocol))].sort()
  const comment = `-m comment --comment "dnat name: \\"${network}\\" id: \\"${id}\\""`
  return protocols.flatMap((protocol) => {
    const ports = mappings.filter((mapping) => mapping.protocol === protocol).map(({ hostPort }) => hostPort)
    return Array.from({ length: Math.ceil(ports.length / PORTS_MAX) }, (_, i) => {
      const part = ports.slice(i * PORTS_MAX, (i + 1) * PORTS_MAX).join(",")
      return `-A ${DNAT} -p ${protocol} ${comment} -m multiport --dports ${part} -j ${chain}`
    })
  })
}

/** The pods of the node and the node itself would be answered past the node: they are masqueraded. */
function mappingRules(chain: string, mapping: Mapping, pods: string, target: string, snat: boolean): string[] {
  const { hostIP, hostPort, containerPort, protocol } = mapping
  const to = hostIP === "" ? "" : `-d ${hostIP}/32 `
  const match = `${to}-p ${protocol} -m ${protocol} --dport ${hostPort}`
  const marked = snat ? [pods, "127.0.0.1/32"] : []
  return [
    ...marked.map((source) => `-A ${chain} -s ${source} ${match} -j ${SET_MARK}`),
    `-A ${chain} ${match} -j DNAT --to-destination ${target}:${containerPort}`,
  ]
}
