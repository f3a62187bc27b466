/** `cilium status`, once or until all is well. Models CLI:cli/status.go and K8sStatusCollector.Status. */
import { type Flags, parseDuration } from "../../../shell/pflag.ts"
import { SECOND } from "../../../sim/simulation.ts"
import type { Client } from "./client.ts"
import { type Collected, collect } from "./collector.ts"
import type { Helm } from "./helm.ts"

const RETRY = 2 * SECOND
/** Of a terminal that does not say. */
const WIDTH = 80

export async function status(client: Client, helm: Helm, flags: Flags): Promise<number> {
  const { proc, registry } = client
  const wait = flags.has("wait")
  const interactive = flags.value("interactive") === undefined || flags.has("interactive")
  const limit = parseDuration(flags.value("wait-duration") ?? "5m") ?? 300 * SECOND
  const end = registry.sim.now + limit
  let lines = 0
  let last: Collected | undefined
  for (;;) {
    if (last?.crashed === true && wait)
      return fail(client, last, "wait canceled, cilium agent container has crashed or was terminated: context canceled")
    if (registry.sim.now >= end)
      return fail(client, last, "timeout while waiting for status to become successful: context deadline exceeded")
    last = await collect(client, helm)
    if (!wait || last.status.isReady(flags.has("ignore-warnings"))) break
    await proc.sleep(RETRY)
    if (!interactive) continue
    const text = last.status.format()
    await proc.out(cursorUp(lines))
    lines = wrappedLines(text)
    await proc.out(text)
  }
  await proc.out(cursorUp(lines))
  await proc.out(last.status.format())
  if (last.status.collectionErrors.length === 0) return 0
  await proc.err(`status check failed: [${last.status.collectionErrors.join(", ")}]\n`)
  return 1
}

async function fail({ proc }: Client, last: Collected | undefined, why: string): Promise<number> {
  await proc.err(last?.status.format() ?? "")
  await proc.err(`\nError: Unable to determine status:  ${why}\n`)
  return 1
}

const cursorUp = (lines: number): string => "\u001b[A\u001b[2K".repeat(lines)

const wrappedLines = (text: string): number =>
  text.split("\n").reduce((sum, line) => sum + Math.floor(([...line].length + WIDTH - 1) / WIDTH), 1)
