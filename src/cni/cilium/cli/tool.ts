/** The `cilium` program of cilium-cli: loaded when it is first run. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { lazyTool } from "../../../shell/lazy-tool.ts"

export const ciliumCommand = (api: ApiServer): Tool =>
  lazyTool("cilium", () => import("./cilium-cli.ts").then((module) => module.ciliumCli(api)))
