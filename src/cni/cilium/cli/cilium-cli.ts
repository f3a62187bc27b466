import type { ApiServer } from "../../../kube/api/server.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { defineTool } from "../../../shell/tool.ts"

export const ciliumCli = (_api: ApiServer): Tool => defineTool("cilium", async () => 1)
