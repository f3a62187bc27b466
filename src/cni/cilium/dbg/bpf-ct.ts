/** `cilium-dbg bpf ct list` and `flush`. Models cilium-dbg/cmd/bpf_ct_*.go and pkg/maps/ctmap/types.go. */
import type { Process } from "../../../linux/task/process.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import { datapathOf } from "../datapath/datapath.ts"
import { CtDirection, type CtEntry } from "../datapath/maps/ct-map.ts"
import { printData } from "./output.ts"
import { protocolName } from "./u8proto.ts"

const TCP = 6
const FLAG_NAMES = [
  "RxClosing",
  "TxClosing",
  "Nat64",
  "LBLoopback",
  "SeenNonSyn",
  "NodePort",
  "ProxyRedirect",
  "DSRInternal",
  "FromL7LB",
  "Reserved1",
  "FromTunnel",
] as const
const PATHS = ["cilium_ct4_global", "cilium_ct_any4_global"].map((name) => `/sys/fs/bpf/tc/globals/${name}`)

export async function bpfCtList(proc: Process, flags: Flags, words: readonly string[]): Promise<number> {
  checkWords(words)
  const { sim } = proc.kernel
  const entries = [...datapathOf(proc.kernel).ct.entries(sim.now)]
  if (await printData(proc, flags, entries.map(entryJson))) return 0
  // One map for TCP, one for everything else; an empty line ends each.
  for (const tcp of [true, false]) {
    const lines = entries
      .filter(({ protocol }) => (protocol === TCP) === tcp)
      .map((entry) => `${entryText(entry, flags.has("time-diff") ? sim.now : undefined)}\n`)
    await proc.out(`${lines.join("")}\n`)
  }
  return 0
}

export async function bpfCtFlush(proc: Process, _flags: Flags, words: readonly string[]): Promise<number> {
  checkWords(words)
  const { ct } = datapathOf(proc.kernel)
  for (const [i, path] of PATHS.entries()) {
    const before = ct.size
    ct.deleteWhere(({ protocol }) => (protocol === TCP) === (i === 0))
    await proc.out(`Flushed ${before - ct.size} entries from ${path}\n`)
  }
  return 0
}

function checkWords([type]: readonly string[]): void {
  if (type === undefined) throw new FlagError("Missing endpoint id or 'global' argument")
  if (type !== "global")
    throw new FlagError(`podwire's cilium-dbg has the global maps alone, not those of ${type}`, type)
}

const seconds = (time: number): number => (Number.isFinite(time) ? Math.max(0, Math.floor(time)) : 0)

function entryText(entry: CtEntry, now: number | undefined): string {
  const expires = Math.floor(entry.expires / SECOND)
  const left = now === undefined ? "" : ` (remaining: ${expires - Math.floor(now / SECOND)} sec(s))`
  return [
    keyText(entry),
    `expires=${expires}${left}`,
    `Packets=${entry.packets}`,
    `Bytes=${entry.bytes}`,
    `RxFlagsSeen=${hex(entry.rxFlagsSeen, 2)}`,
    `LastRxReport=${seconds(entry.lastRxReport)}`,
    `TxFlagsSeen=${hex(entry.txFlagsSeen, 2)}`,
    `LastTxReport=${seconds(entry.lastTxReport)}`,
    `Flags=${hex(entry.flags, 4)} [ ${FLAG_NAMES.filter((_, bit) => (entry.flags & (1 << bit)) !== 0)
      .map((name) => `${name} `)
      .join("")}]`,
    `RevNAT=${entry.revNat}`,
    `SourceSecurityID=${entry.sourceIdentity}`,
    `BackendID=${entry.backendId} `,
  ].join(" ")
}

/** Go's %#0Nx: N digits after 0x. */
const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`

function keyText(entry: CtEntry): string {
  const ends = `${formatIpv4(entry.source)}:${entry.sourcePort} -> ${formatIpv4(entry.destination)}:${entry.destinationPort}`
  return `${protocolName(entry.protocol)} ${directionName(entry)} ${ends}${entry.related ? " related" : ""}`
}

const directionName = ({ direction }: CtEntry): string =>
  direction === CtDirection.IN ? "IN" : direction === CtDirection.OUT ? "OUT" : "SVC"

const entryJson = (entry: CtEntry): object => ({
  Key: {
    DestAddr: formatIpv4(entry.destination),
    SourceAddr: formatIpv4(entry.source),
    SourcePort: entry.sourcePort,
    DestPort: entry.destinationPort,
    NextHeader: entry.protocol,
    Flags: entry.direction === CtDirection.IN ? 1 : entry.direction === CtDirection.OUT ? 0 : 4,
  },
  Value: {
    Packets: entry.packets,
    Bytes: entry.bytes,
    Lifetime: Math.floor(entry.expires / SECOND),
    Flags: entry.flags,
    RevNAT: entry.revNat,
    TxFlagsSeen: entry.txFlagsSeen,
    RxFlagsSeen: entry.rxFlagsSeen,
    SourceSecurityID: entry.sourceIdentity,
    LastTxReport: seconds(entry.lastTxReport),
    LastRxReport: seconds(entry.lastRxReport),
  },
})
