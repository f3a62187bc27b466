/** The chains of a Cilium node as text for iptables-restore. Models pkg/datapath/iptables/iptables.go: tunnel mode, masquerading by iptables. */
import { formatIpv4, formatPrefix, networkOf } from "../../../wire/address.ts"
import type { BaseOptions } from "./config.ts"
import { proxyMark } from "./mark.ts"
import type { ProxyPort } from "./proxy-ports.ts"

const TABLES = ["raw", "mangle", "nat", "filter"] as const
type Table = (typeof TABLES)[number]

interface Chain {
  readonly name: string
  readonly table: Table
  /** The built-in chain that leads into it. */
  readonly hook: string
}

const CHAINS: readonly Chain[] = [
  { name: "CILIUM_INPUT", table: "filter", hook: "INPUT" },
  { name: "CILIUM_OUTPUT", table: "filter", hook: "OUTPUT" },
  { name: "CILIUM_OUTPUT_raw", table: "raw", hook: "OUTPUT" },
  { name: "CILIUM_POST_nat", table: "nat", hook: "POSTROUTING" },
  { name: "CILIUM_OUTPUT_nat", table: "nat", hook: "OUTPUT" },
  { name: "CILIUM_PRE_nat", table: "nat", hook: "PREROUTING" },
  { name: "CILIUM_POST_mangle", table: "mangle", hook: "POSTROUTING" },
  { name: "CILIUM_PRE_mangle", table: "mangle", hook: "PREROUTING" },
  { name: "CILIUM_PRE_raw", table: "raw", hook: "PREROUTING" },
  { name: "CILIUM_FORWARD", table: "filter", hook: "FORWARD" },
]

const comment = (text: string): string => `-m comment --comment "${text}"`
const mark = (value: string, not = false): string => `-m mark ${not ? "! " : ""}--mark ${value}`

const TO_PROXY = mark("0x200/0xf00")
/** Answers of proxies carry no identity. */
const PROXY_REPLY = mark("0xa00/0xfffffeff")
const FROM_PROXY = mark("0xa00/0xe00")
const L7_UPSTREAM = mark("0x800/0xe00")
/** Whose packets are not the host's own: decrypted, encrypted, the tunnel's, proxies', the DNS proxy's. */
const NOT_HOST = ["0xd00/0xf00", "0xe00/0xf00", "0x400/0xf00", "0xa00/0xe00", "0x800/0xe00", "0xf00/0xf00"]

function staticRules({ localCidr, routerIp }: BaseOptions): Readonly<Record<Table, readonly string[]>> {
  const range = formatPrefix(networkOf(localCidr.address, localCidr.length), localCidr.length)
  const router = formatIpv4(routerIp)
  const notrack = (direction: string, match: string, what: string): string =>
    `-A CILIUM_OUTPUT_raw -o ${direction} ${match} ${comment(`cilium: NOTRACK for ${what} traffic`)} -j CT --notrack`
  return {
    raw: [
      `-A CILIUM_PRE_raw ${TO_PROXY} ${comment("cilium: NOTRACK for proxy traffic")} -j CT --notrack`,
      notrack("lxc+", PROXY_REPLY, "proxy return"),
      notrack("cilium_host", PROXY_REPLY, "proxy return"),
      notrack("lxc+", L7_UPSTREAM, "L7 proxy upstream"),
      notrack("cilium_host", L7_UPSTREAM, "L7 proxy upstream"),
    ],
    mangle: [
      `-A CILIUM_PRE_mangle -m socket --transparent ${mark("0xe00/0xf00", true)} ${mark("0x800/0xf00", true)} ${comment("cilium: any->pod redirect proxied traffic to host proxy")} -j MARK --set-xmark 0x200/0xffffffff`,
    ],
    nat: [
      `-A CILIUM_POST_nat ! -d ${range} -s ${range} ! -o cilium_+ ${comment("cilium masquerade non-cluster")} -j MASQUERADE`,
      `-A CILIUM_POST_nat ${FROM_PROXY} ${comment("exclude proxy return traffic from masquerade")} -j ACCEPT`,
      `-A CILIUM_POST_nat ! -s ${range} ! -d ${range} -o cilium_host ${comment("cilium host->cluster masquerade")} -j SNAT --to-source ${router}`,
      `-A CILIUM_POST_nat -s 127.0.0.1/32 -o cilium_host ${comment("cilium host->cluster from 127.0.0.1 masquerade")} -j SNAT --to-source ${router}`,
      `-A CILIUM_POST_nat -o cilium_host ${mark("0xf00/0xf00")} -m conntrack --ctstate DNAT ${comment("hairpin traffic that originated from a local pod")} -j SNAT --to-source ${router}`,
    ],
    filter: [
      `-A CILIUM_INPUT ${TO_PROXY} ${comment("cilium: ACCEPT for proxy traffic")} -j ACCEPT`,
      `-A CILIUM_OUTPUT ${FROM_PROXY} ${comment("cilium: ACCEPT for proxy traffic")} -j ACCEPT`,
      `-A CILIUM_OUTPUT ${L7_UPSTREAM} ${comment("cilium: ACCEPT for l7 proxy upstream traffic")} -j ACCEPT`,
      `-A CILIUM_OUTPUT ${NOT_HOST.map((value) => mark(value, true)).join(" ")} ${comment("cilium: host->any mark as from host")} -j MARK --set-xmark 0xc00/0xf00`,
      `-A CILIUM_FORWARD -o cilium_host ${comment("cilium: any->cluster on cilium_host forward accept")} -j ACCEPT`,
      `-A CILIUM_FORWARD -i cilium_host ${comment("cilium: cluster->any on cilium_host forward accept (nodeport)")} -j ACCEPT`,
      `-A CILIUM_FORWARD -i lxc+ ${comment("cilium: cluster->any on lxc+ forward accept")} -j ACCEPT`,
      `-A CILIUM_FORWARD -i cilium_net ${comment("cilium: cluster->any on cilium_net forward accept (nodeport)")} -j ACCEPT`,
    ],
  }
}

const proxyRules = ({ name, port }: ProxyPort): string[] =>
  ["tcp", "udp"].map(
    (protocol) =>
      `-A CILIUM_PRE_mangle -p ${protocol} ${mark(`0x${proxyMark(port).toString(16)}`)} ${comment(`cilium: TPROXY to host ${name} proxy`)} -j TPROXY --on-port ${port} --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff`,
  )

const feeder = ({ name, hook }: Chain): string => `${hook} ${comment(`cilium-feeder: ${name}`)} -j ${name}`

/**
 * Everything, for `iptables-restore --noflush`: naming a chain empties it. `saved` is what iptables-save prints: jumps that are there stay where
 * they are, the others go in front (prependIptablesChains).
 */
export function installText(options: BaseOptions, proxies: readonly ProxyPort[], saved: string): string {
  const rules = staticRules(options)
  return TABLES.map((table) => {
    const chains = CHAINS.filter((chain) => chain.table === table)
    const missing = chains.filter((chain) => !saved.includes(`-A ${feeder(chain)}\n`))
    return [
      `*${table}`,
      ...chains.map(({ name }) => `:${name} - [0:0]`),
      ...rules[table],
      ...(table === "mangle" ? proxies.flatMap(proxyRules) : []),
      ...missing.map((chain) => `-I ${feeder(chain)}`),
      "COMMIT",
      "",
    ].join("\n")
  }).join("")
}

/** The rules of one more proxy. */
export const proxyText = (proxy: ProxyPort): string => ["*mangle", ...proxyRules(proxy), "COMMIT", ""].join("\n")

/** Takes away what `saved` shows of it. */
export function removeText(saved: string): string {
  return TABLES.map((table) => {
    const chains = CHAINS.filter(({ name }) => saved.includes(`:${name} `) && chainTable(name) === table)
    if (chains.length === 0) return ""
    return [
      `*${table}`,
      ...chains.filter((chain) => saved.includes(`-A ${feeder(chain)}\n`)).map((chain) => `-D ${feeder(chain)}`),
      ...chains.map(({ name }) => `-F ${name}`),
      ...chains.map(({ name }) => `-X ${name}`),
      "COMMIT",
      "",
    ].join("\n")
  }).join("")
}

const chainTable = (name: string): Table | undefined => CHAINS.find((chain) => chain.name === name)?.table
