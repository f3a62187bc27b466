/** kube-proxy's configuration file, as far as it decides something here. */

export interface ProxyConfig {
  readonly clusterCIDR: string
}

/** Keys that change what the rules say, with the values that are understood. */
const SUPPORTED: Readonly<Record<string, readonly string[]>> = {
  kind: ["KubeProxyConfiguration"],
  mode: ["", "iptables"],
  detectLocalMode: ["", "ClusterCIDR"],
  nodePortAddresses: ["null", "[]", ""],
  "iptables.masqueradeAll": ["false", ""],
  "iptables.masqueradeBit": ["null", "14"],
  "iptables.localhostNodePorts": ["null", "true"],
}

/** The configuration, or the name of what it asks for in vain. */
export function parseProxyConfig(text: string): ProxyConfig | string {
  const values = flatten(text)
  for (const [key, supported] of Object.entries(SUPPORTED)) {
    const value = values.get(key)
    if (value !== undefined && !supported.includes(value))
      return `podwire's kube-proxy does not support ${key}: ${value}`
  }
  const clusterCIDR = values.get("clusterCIDR") ?? ""
  return clusterCIDR === "" ? "podwire's kube-proxy does not support an empty clusterCIDR" : { clusterCIDR }
}

/** `iptables.masqueradeAll` → `false`: the scalars of a block of YAML as kubeadm writes it. */
function flatten(text: string): Map<string, string> {
  const values = new Map<string, string>()
  const path: { indent: number; key: string }[] = []
  for (const line of text.split("\n")) {
    const match = /^( *)([A-Za-z]+):(?: (.*))?$/.exec(line)
    if (match === null) continue
    const [, spaces = "", key = "", value] = match
    while ((path.at(-1)?.indent ?? -1) >= spaces.length) path.pop()
    if (value === undefined || value === "") path.push({ indent: spaces.length, key })
    else values.set([...path.map((part) => part.key), key].join("."), value.replace(/^"(.*)"$/, "$1"))
  }
  return values
}
