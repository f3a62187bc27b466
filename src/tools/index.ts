/** Programs that machines and images have, each loaded when it is first run. The small ones are in coreutils/index.ts. */
import type { ApiServer } from "../kube/api/server.ts"
import type { Tool } from "../linux/task/tool.ts"
import { lazyTool } from "../shell/lazy-tool.ts"

export const bridge: Tool = lazyTool("bridge", () => import("./bridge.ts").then((module) => module.bridge))
export const busyboxNslookup: Tool = lazyTool("nslookup", () =>
  import("./busybox-nslookup.ts").then((module) => module.busyboxNslookup),
)
export const busyboxPing: Tool = lazyTool("ping", () => import("./busybox-ping.ts").then((m) => m.busyboxPing))
export const busyboxWget: Tool = lazyTool("wget", () => import("./busybox-wget.ts").then((m) => m.busyboxWget))
export const conntrack: Tool = lazyTool("conntrack", () => import("./conntrack/index.ts").then((m) => m.conntrack))
export const curl: Tool = lazyTool("curl", () => import("./curl/index.ts").then((module) => module.curl))
export const gunzip: Tool = lazyTool("gunzip", () => import("./gzip.ts").then((module) => module.gunzipTool))
export const gzip: Tool = lazyTool("gzip", () => import("./gzip.ts").then((module) => module.gzip))
export const ip: Tool = lazyTool("ip", () => import("./ip/index.ts").then((module) => module.ip))
export const iptables: Tool = lazyTool("iptables", () => import("./iptables/index.ts").then((m) => m.iptables))
export const iptablesRestore: Tool = lazyTool("iptables-restore", () =>
  import("./iptables/index.ts").then((m) => m.iptablesRestoreTool),
)
export const iptablesSave: Tool = lazyTool("iptables-save", () =>
  import("./iptables/index.ts").then((m) => m.iptablesSaveTool),
)
/** What else Debian's package brings, refused by name. */
export const otherTables: readonly Tool[] = [
  "ip6tables",
  "ip6tables-save",
  "ip6tables-restore",
  "iptables-legacy",
  "iptables-legacy-save",
  "iptables-legacy-restore",
  "nft",
].map((name) => lazyTool(name, () => import("./iptables/index.ts").then((m) => m.refusedTables(name))))
export const nsenter: Tool = lazyTool("nsenter", () => import("./nsenter.ts").then((m) => m.nsenter))
export const ping: Tool = lazyTool("ping", () => import("./ping/index.ts").then((module) => module.ping))
export const ss: Tool = lazyTool("ss", () => import("./ss.ts").then((module) => module.ss))
export const systemctl: Tool = lazyTool("systemctl", () => import("./systemctl.ts").then((m) => m.systemctl))
export const tar: Tool = lazyTool("tar", () => import("./tar/index.ts").then((module) => module.tar))
export const tc: Tool = lazyTool("tc", () => import("./tc.ts").then((module) => module.tc))
export const tcpdump: Tool = lazyTool("tcpdump", () => import("./tcpdump/index.ts").then((module) => module.tcpdump))
export const zcat: Tool = lazyTool("zcat", () => import("./gzip.ts").then((module) => module.zcat))

/** kubectl for a cluster: the program talks to `api` directly. */
export const kubectl = (api: ApiServer): Tool =>
  lazyTool("kubectl", () => import("./kubectl/index.ts").then((module) => module.kubectl(api)))
