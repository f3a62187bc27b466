/** conntrack(8) of conntrack-tools 1.4.7. The list comes in order of birth; a real kernel's order is a hash's. */
import type { ConntrackEvent, UserSpace } from "../../linux/netfilter/conntrack/core.ts"
import type { NfConn } from "../../linux/netfilter/conntrack/entry.ts"
import { flowText } from "../../linux/netfilter/conntrack/print.ts"
import { netfilterOf } from "../../linux/netfilter/netfilter.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { WaitQueue } from "../../sim/task.ts"
import { helpOf } from "../help/index.ts"
import { ConntrackError, type ConntrackRequest, readRequest } from "./options.ts"

const PROGRAM = "conntrack v1.4.7 (conntrack-tools)"

export const conntrack: Tool = defineTool("conntrack", async (proc) => {
  try {
    return await run(proc, readRequest(proc.argv.slice(1)))
  } catch (thrown) {
    if (!(thrown instanceof ConntrackError)) throw thrown
    const hint = thrown.hint ? "Try `conntrack -h' or 'conntrack --help' for more information.\n" : ""
    await proc.err(`${PROGRAM}: ${thrown.message}\n${hint}`)
    return thrown.code
  }
})

async function run(proc: Process, request: ConntrackRequest): Promise<number> {
  const { command } = request
  if (command === "V") {
    await proc.out(`${PROGRAM}\n`)
    return 0
  }
  if (command === undefined || command === "h") {
    await proc.out((await helpOf(proc, "conntrack")).help)
    return 0
  }
  if (proc.uid !== 0)
    throw new ConntrackError(
      "Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this",
      false,
      1,
    )
  if (command === "E") return await follow(proc, request)
  if (command === "C") await proc.out(`${netfilterOf(proc.net).conntrack.count}\n`)
  else if (command === "S") await proc.out(statistics(proc))
  else if (command === "F") await flush(proc)
  else return await list(proc, request)
  return 0
}

function wanted(request: ConntrackRequest, ct: NfConn): boolean {
  return request.filters.every((filter) => filter(ct))
}

function line(proc: Process, request: ConntrackRequest, ct: NfConn): string {
  const family = request.outputs.has("extended") ? "ipv4     2 " : ""
  return `${family}${flowText(ct, proc.kernel.sim.now)} mark=${ct.mark} use=1\n`
}

/** -L, -D and -G. */
async function list(proc: Process, request: ConntrackRequest): Promise<number> {
  const { command } = request
  const { conntrack: table } = netfilterOf(proc.net)
  if (request.table.startsWith("e")) {
    await proc.err(`${PROGRAM}: 0 expectations have been ${command === "D" ? "deleted" : "shown"}.\n`)
    return 0
  }
  const all = request.table.startsWith("c") && request.family !== "ipv6" ? table.entries() : []
  const found = all.filter((ct) => wanted(request, ct))
  if (command === "G" && found.length === 0)
    throw new ConntrackError("Operation failed: such conntrack doesn't exist", false, 1)
  const lines = found.map((ct) => line(proc, request, ct)).join("")
  if (command === "D") for (const ct of found) table.kill(ct, userSpace(proc))
  const summary = `${PROGRAM}: ${found.length} flow entries have been ${command === "D" ? "deleted" : "shown"}.\n`
  // To a terminal line by line; into a file or a pipe the lines come when the program ends, after what it says of them.
  const terminal = proc.fds.get(1)?.isTty === true
  if (terminal) await proc.out(lines)
  await proc.err(summary)
  if (!terminal) await proc.out(lines)
  return command === "D" && found.length === 0 ? 1 : 0
}

/** A program's netlink socket has its process id for an address. */
const userSpace = (proc: Process): UserSpace => ({ portid: proc.pid, progname: "conntrack" })

async function flush(proc: Process): Promise<void> {
  const { conntrack: table } = netfilterOf(proc.net)
  for (const ct of table.entries()) table.kill(ct, userSpace(proc))
  await proc.err(`${PROGRAM}: connection tracking table has been emptied.\n`)
}

/** A machine has one processor here. */
function statistics(proc: Process): string {
  const { stats } = netfilterOf(proc.net).conntrack
  return (
    `cpu=0   \tfound=${stats.found} invalid=${stats.invalid} insert=${stats.insert} insert_failed=${stats.insertFailed} ` +
    `drop=${stats.drop} early_drop=${stats.earlyDrop} error=${stats.error} search_restart=${stats.searchRestart} ` +
    `clash_resolve=${stats.clashResolve} chaintoolong=${stats.chainTooLong} \n`
  )
}

/** -E: what happens, until somebody interrupts. */
async function follow(proc: Process, request: ConntrackRequest): Promise<number> {
  const { listeners } = netfilterOf(proc.net).conntrack
  const lines: string[] = []
  const arrived = new WaitQueue()
  let stopped = false
  let shown = 0
  const listener = (event: ConntrackEvent, ct: NfConn, by?: UserSpace): void => {
    if (!wanted(request, ct)) return
    const asked = by === undefined ? "" : ` [USERSPACE] portid=${by.portid} progname=${by.progname}`
    lines.push(`${`[${event}]`.padStart(9)} ${flowText(ct, proc.kernel.sim.now)}${asked}\n`)
    arrived.wake()
  }
  listeners.push(listener)
  proc.on("SIGINT", () => {
    stopped = true
    arrived.wake()
  })
  while (!stopped) {
    if (lines.length === 0) await proc.task.wait(arrived)
    shown += lines.length
    await proc.out(lines.splice(0).join(""))
  }
  listeners.splice(listeners.indexOf(listener), 1)
  await proc.err(`${PROGRAM}: ${shown} flow events have been shown.\n`)
  return 0
}
