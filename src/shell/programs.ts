/** bash and sh as programs. */
import type { Tool } from "../linux/task/tool.ts"
import { lazyTool } from "./lazy-tool.ts"
import { defineTool } from "./tool.ts"

/** `numbered`: it says the line of a script where something went wrong. */
const shell = (name: string, numbered: boolean): Tool => {
  const tool = lazyTool(name, async () => {
    const { main } = await import("./invocation.ts")
    return defineTool(name, (proc) => main(proc, { name, numbered, tool }))
  })
  return tool
}

/** bash as on a node. */
export const bashTool: Tool = shell("bash", true)

/** sh as in a busybox container. */
export const shTool: Tool = shell("sh", false)
