/** The standard plugins of /opt/cni/bin, each loaded when it is first run. */
import type { Tool } from "../linux/task/tool.ts"
import { lazyTool } from "../shell/lazy-tool.ts"
import type { BridgeNaming } from "./bridge/bridge.ts"

export const bridgePlugin = (naming?: BridgeNaming): Tool =>
  lazyTool("bridge", () => import("./bridge/bridge.ts").then((module) => module.bridgePlugin(naming)))
export const hostLocal: Tool = lazyTool("host-local", () => import("./ipam/host-local.ts").then((m) => m.hostLocal))
export const loopback: Tool = lazyTool("loopback", () => import("./bundle.ts").then((module) => module.loopback))
export const portmap: Tool = lazyTool("portmap", () => import("./portmap.ts").then((module) => module.portmap))
