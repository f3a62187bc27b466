import type { Tool } from "../linux/task/tool.ts"

/**
 * A program whose code is loaded when it is first run, by whichever machine. Each start takes one event at the same instant, whether the
 * code is there or not; see {@link Task.load}.
 *
 * @example lazyTool("curl", () => import("../tools/curl/index.ts").then((module) => module.curl))
 */
export function lazyTool(name: string, importing: () => Promise<Tool>): Tool {
  let loading: Promise<Tool> | undefined
  const load = (): Promise<Tool> => {
    loading ??= importing().catch((error: unknown) => {
      // What failed once, over a network, may work the next time.
      loading = undefined
      throw new Error(`its code could not be loaded: ${error instanceof Error ? error.message : error}`)
    })
    return loading
  }
  return {
    name,
    main: async (proc) => {
      const tool = await proc.task.load(load)
      return tool.main(proc)
    },
  }
}
