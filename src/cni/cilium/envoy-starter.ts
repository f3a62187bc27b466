/** cilium-envoy-starter: the proxy with the administration it is probed by. Models PROXY:starter/main.cc. */
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { serveHealthz } from "./agent/healthz.ts"
import { ciliumEnvoy } from "./envoy/envoy.ts"

/** The health listener of bootstrap-config.json. */
const HEALTH_PORT = 9878

export const envoyStarter: Tool = defineTool("cilium-envoy-starter", async (proc) => {
  serveHealthz(proc, HEALTH_PORT, () => true)
  return ciliumEnvoy.main(proc)
})
