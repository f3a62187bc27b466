/** Packets marked for a proxy are the machine's own, whatever their address. Models pkg/proxy/routes.go and pkg/datapath/linux NodeEnsureLocalIPRule. */

import { RouteProtocol, RouteScope, RouteTable, RouteType } from "../../../linux/fib/route.ts"
import { iptablesRestore, iptablesSave } from "../../../linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import { routeAdd, routeDel } from "../../../linux/rtnetlink/route.ts"
import { type RuleSpec, ruleAdd, ruleDel } from "../../../linux/rtnetlink/rule.ts"
import type { BaseError, BaseOptions } from "./config.ts"
import { installText, proxyText, removeText } from "./iptables.ts"
import { MARK_HOST_MASK, Mark } from "./mark.ts"
import type { ProxyPort } from "./proxy-ports.ts"

const PROXY_TABLE = 2004
const ORIGIN = "cilium-agent"
const { KERNEL } = RouteProtocol
const TO_PROXY: RuleSpec = {
  priority: 9,
  mark: Mark.TO_PROXY,
  markMask: MARK_HOST_MASK,
  table: PROXY_TABLE,
  protocol: KERNEL,
  origin: ORIGIN,
}
/** The local table, after the proxies' rule instead of before everything. */
const LOCAL: RuleSpec = { priority: 100, table: RouteTable.LOCAL, protocol: KERNEL, origin: ORIGIN }
const FIRST_LOCAL: RuleSpec = { priority: 0, table: RouteTable.LOCAL }

export function installRouting(net: NetNamespace): void {
  const route = { destination: 0, prefixLength: 0, dev: net.loopback, table: PROXY_TABLE, type: RouteType.LOCAL }
  routeAdd(net, { ...route, scope: RouteScope.HOST, protocol: KERNEL, origin: ORIGIN }, "replace")
  ruleAdd(net, TO_PROXY)
  // In this order: without it nothing would be local for a moment.
  ruleAdd(net, LOCAL)
  ruleDel(net, FIRST_LOCAL)
}

export function removeRouting(net: NetNamespace): void {
  ruleAdd(net, { ...FIRST_LOCAL, protocol: KERNEL })
  ruleDel(net, { priority: 100, table: RouteTable.LOCAL })
  ruleDel(net, { priority: 9, table: PROXY_TABLE })
  routeDel(net, { destination: 0, prefixLength: 0, table: PROXY_TABLE, type: RouteType.LOCAL })
}

export function installRules(
  net: NetNamespace,
  options: BaseOptions,
  proxies: readonly ProxyPort[],
): BaseError | undefined {
  return restore(net, installText(options, proxies, iptablesSave(net)))
}

export const installProxyRules = (net: NetNamespace, proxy: ProxyPort): BaseError | undefined =>
  restore(net, proxyText(proxy))

export function removeRules(net: NetNamespace): void {
  restore(net, removeText(iptablesSave(net)))
}

function restore(net: NetNamespace, text: string): BaseError | undefined {
  const { code, error } = iptablesRestore(net, text, { noflush: true, origin: ORIGIN })
  return code === 0 ? undefined : { errno: "EINVAL", message: `failed to install iptables rules: ${error.trimEnd()}` }
}
