/** flanneld's command line. */

export interface Flags {
  ipMasq: boolean
  kubeSubnetMgr: boolean
  iface: string[]
  ifaceRegex: string[]
  ifaceCanReach: string
  publicIp: string
  netConfPath: string
  subnetFile: string
  setNodeNetworkUnavailable: boolean
  ipMasqRandomFullyDisable: boolean
  iptablesForwardRules: boolean
  /** In seconds. */
  iptablesResync: number
}

type BooleanFlag =
  | "ipMasq"
  | "kubeSubnetMgr"
  | "setNodeNetworkUnavailable"
  | "ipMasqRandomFullyDisable"
  | "iptablesForwardRules"

const BOOLEANS: Readonly<Record<string, BooleanFlag>> = {
  "ip-masq-random-fully-disable": "ipMasqRandomFullyDisable",
  "iptables-forward-rules": "iptablesForwardRules",
  "ip-masq": "ipMasq",
  "kube-subnet-mgr": "kubeSubnetMgr",
  "set-node-network-unavailable": "setNodeNetworkUnavailable",
}
const TEXTS: Readonly<Record<string, "ifaceCanReach" | "publicIp" | "netConfPath" | "subnetFile">> = {
  "iface-can-reach": "ifaceCanReach",
  "public-ip": "publicIp",
  "net-config-path": "netConfPath",
  "subnet-file": "subnetFile",
}
const LISTS: Readonly<Record<string, "iface" | "ifaceRegex">> = { iface: "iface", "iface-regex": "ifaceRegex" }

/** The flags, or what the program says about one it does not take. */
export function parseFlags(args: readonly string[]): Flags | string {
  const flags: Flags = {
    ipMasq: false,
    kubeSubnetMgr: false,
    iface: [],
    ifaceRegex: [],
    ifaceCanReach: "",
    publicIp: "",
    netConfPath: "/etc/kube-flannel/net-conf.json",
    subnetFile: "/run/flannel/subnet.env",
    setNodeNetworkUnavailable: true,
    ipMasqRandomFullyDisable: false,
    iptablesForwardRules: true,
    iptablesResync: 5,
  }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const match = /^--?([a-zA-Z0-9-]+)(?:=(.*))?$/s.exec(arg)
    if (match === null) break
    const name = match[1] as string
    const boolean = BOOLEANS[name]
    if (boolean !== undefined) {
      flags[boolean] = match[2] === undefined || match[2] === "true" || match[2] === "1"
      continue
    }
    const text = TEXTS[name]
    const list = LISTS[name]
    const isResync = name === "iptables-resync"
    if (text === undefined && list === undefined && !isResync) return `flannel: podwire does not support '--${name}'`
    const value = match[2] ?? rest.shift()
    if (value === undefined) return `flag needs an argument: -${name}`
    if (isResync) {
      if (!/^\d+$/.test(value)) return `invalid value ${JSON.stringify(value)} for flag -${name}: parse error`
      flags.iptablesResync = Number(value)
    } else if (text !== undefined) flags[text] = value
    else if (list !== undefined) flags[list].push(value)
  }
  return flags
}

/** As Go prints the struct (`%+v`), for the first line of the log. */
export function formatFlags(flags: Flags): string {
  const list = (items: readonly string[]): string => `[${items.join(" ")}]`
  return `{etcdEndpoints:http://127.0.0.1:4001,http://127.0.0.1:2379 etcdPrefix:/coreos.com/network etcdKeyfile: etcdCertfile: etcdCAFile: etcdUsername: etcdPassword: version:false kubeSubnetMgr:${flags.kubeSubnetMgr} kubeApiUrl: kubeAnnotationPrefix:flannel.alpha.coreos.com kubeConfigFile: iface:${list(flags.iface)} ifaceRegex:${list(flags.ifaceRegex)} ipMasq:${flags.ipMasq} ipMasqRandomFullyDisable:${flags.ipMasqRandomFullyDisable} ifaceCanReach:${flags.ifaceCanReach} subnetFile:${flags.subnetFile} publicIP:${flags.publicIp} publicIPv6: subnetLeaseRenewMargin:60 healthzIP:0.0.0.0 healthzPort:0 iptablesResyncSeconds:${flags.iptablesResync} iptablesForwardRules:${flags.iptablesForwardRules} blackholeRoute:false netConfPath:${flags.netConfPath} setNodeNetworkUnavailable:${flags.setNodeNetworkUnavailable}}`
}
