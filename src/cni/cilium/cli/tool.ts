/** What the releases of cilium-cli and Hubble hold: programs that are loaded when they are first run. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { lazyTool } from "../../../shell/lazy-tool.ts"

export const ciliumCommand = (api: ApiServer): Tool =>
  lazyTool("cilium", () => import("./cilium-cli.ts").then((module) => module.ciliumCli(api)))

export const hubbleCommand = (): Tool =>
  lazyTool("hubble", () => import("../hubble/hubble.ts").then((module) => module.hubbleCommand()))
