/** `cilium-dbg monitor`: a node's events as they happen, until it is interrupted. Models cilium-dbg/cmd/monitor.go and pkg/monitor/format. */
import type { Process } from "../../../linux/task/process.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import { WaitQueue } from "../../../sim/task.ts"
import { agentOf } from "../agent/registry.ts"
import { statusJson } from "../agent/status.ts"
import type { MonitorEvent } from "../monitor/event.ts"
import { MonitorFormatter } from "./monitor-format.ts"

const TYPES = ["agent", "capture", "debug", "drop", "l7", "policy-verdict", "recorder", "trace", "trace-sock"] as const

export async function monitor(proc: Process, flags: Flags): Promise<number> {
  const passes = filterOf(flags)
  const agent = agentOf(proc.kernel)
  if (agent === undefined) {
    await proc.err("Press Ctrl-C to quit\n")
    await proc.err(
      'level=error msg="Cannot open monitor socket" error="Cannot find or open a supported node-monitor socket. /var/run/cilium/monitor1_2.sock: dial unix /var/run/cilium/monitor1_2.sock: connect: no such file or directory" subsys=cilium-dbg\n',
    )
    return 0
  }
  const { cpus, npages, pagesize } = statusJson(agent).nodeMonitor
  await proc.err(`Listening for events on ${cpus} CPUs with ${npages}x${pagesize} of shared memory\n`)
  await proc.err("Press Ctrl-C to quit\n")
  const formatter = new MonitorFormatter(agent, flags.has("numeric"))
  const waiting: MonitorEvent[] = []
  const arrived = new WaitQueue()
  const stop = agent.datapath.events.follow((event) => {
    if (!passes(event)) return
    waiting.push(event)
    arrived.wake()
  })
  let interrupted = false
  proc.on("SIGINT", () => {
    interrupted = true
    arrived.wake()
  })
  try {
    while (!interrupted) {
      if (waiting.length === 0) await proc.task.wait(arrived)
      for (const event of waiting.splice(0)) await proc.out(formatter.format(event))
    }
  } finally {
    stop()
  }
  await proc.err("\nReceived an interrupt, disconnecting from monitor...\n\n")
  return 0
}

/** By type, and by the endpoint an event is from, to, or either. Models MonitorFormatter.match. */
function filterOf(flags: Flags): (event: MonitorEvent) => boolean {
  const types = flags.list("type")
  for (const type of types)
    if (!(TYPES as readonly string[]).includes(type))
      throw new FlagError(
        `invalid argument ${JSON.stringify(type)} for "-t, --type" flag: invalid type (${type}). Please use one of the following ones [${TYPES.join(" ")}]`,
      )
  const from = endpoints(flags, "from")
  const to = endpoints(flags, "to")
  const related = endpoints(flags, "related-to")
  const free = from.size === 0 && to.size === 0 && related.size === 0
  return (event) => {
    if (types.length > 0 && !types.includes(event.kind)) return false
    if (free) return true
    const { source, destination } = endsOf(event)
    return from.has(source) || to.has(destination) || related.has(source) || related.has(destination)
  }
}

function endpoints(flags: Flags, name: string): ReadonlySet<number> {
  for (const value of flags.list(name))
    if (!/^\d+$/.test(value) || Number(value) > 0xffff)
      throw new FlagError(
        `invalid argument ${JSON.stringify(value)} for "--${name}" flag: strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`,
      )
  return new Set(flags.list(name).map(Number))
}

/** Endpoints of this node at an event's ends; 0 none. A proxy port is no endpoint. */
function endsOf(event: MonitorEvent): { source: number; destination: number } {
  if (event.kind === "l7") return { source: event.source.endpoint, destination: event.destination.endpoint }
  if (event.kind === "policy-verdict") return { source: event.endpoint, destination: 0 }
  return { source: event.endpoint, destination: event.destinationId }
}
