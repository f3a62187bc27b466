/** Whether one end reaches another, tried with real packets, and where the packet died when it does not. */
import { strerror } from "../linux/errno.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { printable } from "../shell/exec-result.ts"
import type { Hop } from "../view/path-data.ts"
import { formatIpv4 } from "../wire/address.ts"
import { dissect } from "../wire/dissect.ts"
import type { Capture, CapturedFrame, DroppedPacket } from "./capture.ts"
import { type Probe, type ProbeResult, type ReachProtocol, runProbe } from "./probe.ts"

export { findTarget } from "./reach-target.ts"

/** How an attempt is made, and for how long. */
export interface ReachOptions {
  /** `tcp` connects, `udp` sends a datagram, `icmp` pings ("tcp"). */
  protocol?: ReachProtocol
  /** The port, when the target does not name it (a pod's only containerPort). */
  port?: number
  /** Given up after this long, in virtual time: `"30s"`, `"500ms"`, or seconds ("5s"). */
  timeout?: string | number
}

/** Where a probe starts. */
export interface ReachSource {
  /** `pod default/client-pod`. */
  readonly label: string
  /** The machine or pod, as captures name it. */
  readonly where: string
  readonly kernel: Kernel
  readonly net: NetNamespace
}

/** How an attempt went. Prints in a line; {@link Reach.explain} says more. */
export class Reach {
  /** The other end answered (TCP, ICMP), or the datagram was delivered to a socket (UDP). */
  readonly reached: boolean
  /** `pod default/client-pod`. */
  readonly from: string
  /** `10.244.2.2:80/tcp`. */
  readonly to: string
  /** What the system call said when it failed: `ECONNREFUSED`, `ETIMEDOUT`, … */
  readonly errno: string | undefined
  /** Why the kernel dropped the packet, when it was dropped: `SKB_DROP_REASON_NO_SOCKET`. */
  readonly reason: string | undefined
  /** The way of the packet that died; of the first one when none did. Data for `path()`. */
  readonly hops: readonly Hop[]
  /** Virtual time until the answer, or until it was given up, in nanoseconds. */
  readonly elapsed: number

  constructor(from: string, probe: Probe, result: { errno: ProbeResult; elapsed: number }, hops: readonly Hop[]) {
    const last = hops[hops.length - 1]
    // A datagram needs no answer: it was reached when a socket took it.
    const delivered = probe.protocol === "udp" && result.errno === "ETIMEDOUT" && last?.action === "delivered"
    this.reached = result.errno === undefined || delivered
    this.from = from
    this.to = `${formatIpv4(probe.address)}${probe.protocol === "icmp" ? "" : `:${probe.port}`}/${probe.protocol}`
    this.errno = this.reached ? undefined : result.errno
    this.reason = !this.reached && last?.action === "dropped" ? last.detail : undefined
    this.hops = hops
    this.elapsed = result.elapsed
  }

  /** The line, and the packet's way. */
  explain(): string {
    const rows = this.hops.map((hop) => [hop.pod ?? hop.node ?? "", hop.device, hop.action, hop.detail ?? ""])
    const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
    const way = rows.map((row) => `  ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd())
    return way.length === 0 ? `${this}\nno packet was sent` : `${this}\n${way.join("\n")}`
  }

  toJSON(): Record<string, unknown> {
    const { from, to, reached, errno, reason, elapsed } = this
    return { from, to, reached, errno, reason, elapsed }
  }

  toString(): string {
    const time = `${(this.elapsed / 1e6).toFixed(3)} ms`
    if (this.errno === undefined) return `${this.from} reached ${this.to} in ${time}`
    const last = this.hops[this.hops.length - 1]
    // A router outside the cluster has a device and no name.
    const place = [last?.pod ?? last?.node, last?.device].filter((part) => part !== undefined).join(" ")
    const where = this.reason === undefined ? "" : `; dropped at ${place}: ${this.reason}`
    return `${this.from} did not reach ${this.to}: ${strerror(this.errno as "ETIMEDOUT")} after ${time}${where}`
  }
}

printable(Reach, (reach) => reach.toString())

/** Tries, with every device of the cluster listened to. */
export async function tryToReach(
  source: ReachSource,
  probe: Probe,
  capture: (run: () => Promise<unknown>) => Promise<Capture>,
): Promise<Reach> {
  let result: { errno: ProbeResult; elapsed: number } = { errno: undefined, elapsed: 0 }
  const taken = await capture(async () => {
    result = await runProbe(source.kernel, source.net, probe)
  })
  return new Reach(source.label, probe, result, wayOf(taken, source, probe, result.errno))
}

/** The way of the attempt's first packet; when it failed, of the first one that died. */
function wayOf(taken: Capture, source: ReachSource, probe: Probe, errno: ProbeResult): readonly Hop[] {
  const own = new Map<number, CapturedFrame>()
  for (const frame of taken) if (!own.has(frame.packet) && belongs(frame, probe)) own.set(frame.packet, frame)
  const ways = [...own.values()].map((frame) => taken.journey(frame))
  const dead = errno === undefined ? undefined : ways.find((way) => way[way.length - 1]?.action === "dropped")
  // What no device has sent no capture shows: the kernel's own record is all there is.
  const unseen = taken.drops.find((drop) => drop.where === source.where)
  const hop =
    unseen === undefined
      ? []
      : [{ device: unseen.device, action: "dropped", detail: unseen.reason, ...placeOf(unseen) }]
  return dead ?? ways[0] ?? hop
}

const placeOf = ({ node, where }: DroppedPacket): Pick<Hop, "node" | "pod"> =>
  node === where ? { node } : { node, pod: where }

/** A packet of the attempt: to the address and port, or back from them. */
function belongs(frame: CapturedFrame, probe: Probe): boolean {
  const layers = dissect(frame.bytes)
  const at = layers.findLastIndex((layer) => layer.protocol === "ip")
  const field = (name: string): string | undefined =>
    layers
      .slice(at)
      .flatMap((layer) => layer.fields)
      .find((candidate) => candidate.name === name)?.text
  if (at < 0 || !layers.slice(at).some((layer) => layer.protocol === probe.protocol)) return false
  const address = formatIpv4(probe.address)
  const port = (name: string): boolean =>
    probe.protocol === "icmp" || field(`${probe.protocol}.${name}port`)?.split(" ")[0] === String(probe.port)
  return (field("ip.dst") === address && port("dst")) || (field("ip.src") === address && port("src"))
}
