/** What the agent's image answers to `cilium-dbg`, as far as the installer and the init containers ask. The rest is dbg/'s. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { defineTool } from "../../../shell/tool.ts"
import { datapathOf } from "../datapath/datapath.ts"
import { buildConfig } from "./build-config.ts"
import { agentOf } from "./registry.ts"
import { forgetState } from "./state.ts"
import { endpointsJson, statusJson } from "./status.ts"

/** Also installed as `cilium`. */
export const ciliumDbg = (api: ApiServer): Tool =>
  defineTool("cilium-dbg", async (proc) => {
    const words = proc.argv.slice(1)
    const [command, sub] = words
    const json = words.includes("json") && words.some((word) => word === "-o" || word === "--output")
    if (command === "build-config") return buildConfig(proc, api.registry)
    if (command === "post-uninstall-cleanup") return cleanUp(proc)
    if (command === "status" && json) return answer(proc, (agent) => statusJson(agent))
    if (command === "endpoint" && sub === "list" && json) return answer(proc, (agent) => endpointsJson(agent))
    await proc.err(`Error: podwire's cilium-dbg has no "${words.join(" ")}"\n`)
    return 1
  })

async function answer(proc: Process, of: (agent: NonNullable<ReturnType<typeof agentOf>>) => unknown): Promise<number> {
  const agent = agentOf(proc.kernel)
  if (agent === undefined) {
    await proc.err(
      'Cannot get status: Get "http://localhost/v1/healthz": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory\nIs the agent running?\n',
    )
    return 1
  }
  await proc.out(`${JSON.stringify(of(agent), undefined, 2)}\n`)
  return 0
}

async function cleanUp(proc: Process): Promise<number> {
  if (!proc.argv.includes("-f")) {
    await proc.err("Error: podwire's cilium-dbg post-uninstall-cleanup asks nothing: give -f\n")
    return 1
  }
  datapathOf(proc.kernel).cleanup()
  if (proc.argv.includes("--all-state")) forgetState(proc.kernel)
  return 0
}
