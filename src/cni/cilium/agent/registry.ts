/** Which agent answers on a machine's /var/run/cilium/cilium.sock. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { Agent } from "./agent.ts"

const agents = new WeakMap<Kernel, Agent>()

/** The agent that runs on this machine, once its API answers. */
export const agentOf = (kernel: Kernel): Agent | undefined => agents.get(kernel)

/** The agent begins to answer. */
export function listen(kernel: Kernel, agent: Agent): void {
  agents.set(kernel, agent)
}

/** The agent is gone. */
export function unlisten(kernel: Kernel, agent: Agent): void {
  if (agents.get(kernel) === agent) agents.delete(kernel)
}
