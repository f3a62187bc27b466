/** Programs loaded on first use. */
import { expect, test } from "vitest"
import { Kernel } from "../../src/linux/kernel.ts"
import { Arena } from "../../src/linux/skb.ts"
import { SinkFile } from "../../src/linux/task/file.ts"
import type { Process } from "../../src/linux/task/process.ts"
import type { Tool } from "../../src/linux/task/tool.ts"
import { lazyTool } from "../../src/shell/lazy-tool.ts"
import { defineTool } from "../../src/shell/tool.ts"
import { Simulation } from "../../src/sim/simulation.ts"

const hello = defineTool("hello", async (proc) => {
  await proc.out(`hello ${proc.argv[1]}\n`)
  return 3
})

async function runOn(
  kernel: Kernel,
  tool: Tool,
  meddle?: (proc: Process) => void,
): Promise<[string, number | undefined]> {
  let text = ""
  const sink = new SinkFile((data) => {
    text += new TextDecoder().decode(data)
  })
  const fds = new Map([1, 2].map((fd) => [fd, sink]))
  const proc = kernel.processes.run([tool.name, "world"], { tool, fds }) as Process
  meddle?.(proc)
  await kernel.sim.until(() => proc.status !== undefined)
  return [text, proc.status?.code]
}

const machine = (): Kernel => new Kernel(new Simulation(), { hostname: "host", arena: new Arena() })

test("the code is asked for once, whoever runs it", async () => {
  let asked = 0
  const tool = lazyTool("hello", async () => {
    asked++
    return hello
  })
  const kernel = machine()
  const events: number[] = []
  for (const host of [kernel, kernel, machine()]) {
    const before = host.sim.events
    expect(await runOn(host, tool)).toEqual(["hello world\n", 3])
    events.push(host.sim.events - before)
  }
  expect(asked).toBe(1)
  expect(events).toEqual([1, 1, 1])
})

test("a signal ends a program that is being loaded", async () => {
  const tool = lazyTool("hello", () => Promise.resolve(hello))
  expect(await runOn(machine(), tool, (proc) => proc.kill("SIGTERM"))).toEqual(["", 143])
})

test("what cannot be loaded is said, and tried again the next time", async () => {
  let broken = true
  const tool = lazyTool("hello", async () => {
    if (broken) throw new TypeError("Failed to fetch")
    return hello
  })
  const kernel = machine()
  expect(await runOn(kernel, tool)).toEqual([
    "hello: the simulated program failed: Error: its code could not be loaded: Failed to fetch\n",
    139,
  ])
  expect(kernel.processes.crashes).toHaveLength(1)
  broken = false
  expect(await runOn(kernel, tool)).toEqual(["hello world\n", 3])
})
