/** Everything a kube-proxy that starts anew hands to iptables-restore, in one text. */
import { JUMPS, proxyRules } from "../../src/kube/proxy/rules.ts"
import { servicePorts } from "../../src/kube/proxy/service-port.ts"
import type { ProxyCase } from "./proxy-cases.ts"

export function proxyText({ services, slices, node }: ProxyCase): string {
  const rules = proxyRules(servicePorts(services, slices, node), { clusterCIDR: "10.244.0.0/16" })
  const jumps = ["filter", "nat"].map((table) =>
    [
      `*${table}`,
      ...JUMPS.filter((jump) => jump.table === table).map(({ chain, rule }) => `-I ${chain} 1 ${rule}`),
      "COMMIT",
      "",
    ].join("\n"),
  )
  return rules + jumps.join("")
}
