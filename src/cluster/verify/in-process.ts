/** A few lines of work as a process of a machine: sockets need one. */
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"

export async function inProcess<T>(net: NetNamespace, name: string, work: (proc: Process) => Promise<T>): Promise<T> {
  const { kernel } = net
  const results: T[] = []
  const proc = kernel.processes.run([name], {
    net,
    tool: {
      name,
      async main(child) {
        results.push(await work(child))
        return 0
      },
    },
  })
  if (typeof proc === "string") throw new Error(`${name}: ${proc}`)
  await kernel.sim.until(() => proc.status !== undefined)
  if (results.length === 0) throw new Error(`${name}: ended without a result`)
  return results[0] as T
}
