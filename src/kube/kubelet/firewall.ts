/** The rules a kubelet keeps on its node. Models pkg/kubelet/kubelet_network_linux.go. */
import { iptablesRestore, iptablesSave } from "../../linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../../linux/netns.ts"

const CANARY = ":KUBE-KUBELET-CANARY - [0:0]"
const BLOCK =
  '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP'

/** Martian packets to 127/8 are dropped, since kube-proxy lets such in for node ports; the hint tells others which iptables is in use. */
export function syncFirewall(net: NetNamespace): void {
  if (iptablesSave(net, { table: "filter" }).includes(":KUBE-FIREWALL ")) return
  const text = [
    "*mangle",
    ":KUBE-IPTABLES-HINT - [0:0]",
    CANARY,
    "COMMIT",
    "*nat",
    CANARY,
    "COMMIT",
    "*filter",
    ":KUBE-FIREWALL - [0:0]",
    CANARY,
    BLOCK,
    "-I OUTPUT 1 -j KUBE-FIREWALL",
    "-I INPUT 1 -j KUBE-FIREWALL",
    "COMMIT",
    "",
  ].join("\n")
  const { code, error } = iptablesRestore(net, text, { noflush: true, origin: "kubelet" })
  if (code !== 0) throw new Error(`kubelet: ${error}`)
}
