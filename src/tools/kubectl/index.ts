/** kubectl, talking to a simulated API server. */

import type { ApiServer } from "../../kube/api/server.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"

/** kubectl for this API server. */
export function kubectl(_api: ApiServer): Tool {
  return defineTool("kubectl", async (proc) => {
    await proc.err("kubectl: not yet\n")
    return 1
  })
}
