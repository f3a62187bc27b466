/** Deletions nobody could take while no agent ran: the next agent does. Models pkg/client and plugins/cilium-cni/lib deletion_queue.go. */
import type { Kernel } from "../../../linux/kernel.ts"

const DIRECTORY = "/var/run/cilium/deleteQueue"
/** More would mean that something else is wrong. */
const MAX_REQUESTS = 256

/** Notes that a sandbox is gone; text when there is no room. */
export function enqueueDeletion(kernel: Kernel, containerId: string): string | undefined {
  const { root } = kernel
  root.mkdir(DIRECTORY, { recursive: true })
  const known = root.readdir(DIRECTORY)
  if (typeof known !== "string" && known.length >= MAX_REQUESTS)
    return `deletion queue directory ${DIRECTORY} has too many entries; aborting`
  root.writeFile(`${DIRECTORY}/${containerId}.delete`, `${JSON.stringify({ "container-id": containerId })}\n`, 0o644)
  return undefined
}

/** What is noted, oldest name first; the notes are gone then. An agent that starts calls it before it restores endpoints. */
export function drainDeletions(kernel: Kernel): string[] {
  const { root } = kernel
  const names = root.readdir(DIRECTORY)
  if (typeof names === "string") return []
  const requests = names.filter((name) => name.endsWith(".delete"))
  for (const name of requests) root.unlink(`${DIRECTORY}/${name}`)
  return requests.map((name) => name.slice(0, -".delete".length))
}
