/** `cilium-dbg bpf ipcache|endpoint|lb`. Models cilium-dbg/cmd/bpf_*.go and the maps' String methods. */
import type { Process } from "../../../linux/task/process.ts"
import { FlagError, type Flags } from "../../../shell/pflag.ts"
import { formatIpv4, formatMac, formatPrefix, parseIpv4 } from "../../../wire/address.ts"
import { datapathOf } from "../datapath/datapath.ts"
import type { EndpointInfo } from "../datapath/maps/endpoint-map.ts"
import type { IpcacheEntry } from "../datapath/maps/ipcache-map.ts"
import type { LbMap, LbService } from "../datapath/maps/lb-map.ts"
import { DbgError, keyedTable, printData } from "./output.ts"
import { protocolName } from "./u8proto.ts"

type Data = Map<string, readonly string[]>

async function print(proc: Process, flags: Flags, first: string, second: string, data: Data): Promise<number> {
  if (!(await printData(proc, flags, Object.fromEntries(data)))) await proc.out(keyedTable(first, second, data))
  return 0
}

// ── ipcache ───────────────────────────────────────────────────────────────────────────────────

export async function bpfIpcacheList(proc: Process, flags: Flags): Promise<number> {
  const data: Data = new Map()
  for (const entry of datapathOf(proc.kernel).ipcache.entries())
    data.set(formatPrefix(entry.address, entry.prefixLength), [ipcacheText(entry)])
  return print(proc, flags, "IP PREFIX/ADDRESS", "IDENTITY", data)
}

function ipcacheText({ identity, encryptKey, tunnelEndpoint, skipTunnel }: IpcacheEntry): string {
  const flags = [...(skipTunnel ? ["skiptunnel"] : []), ...(tunnelEndpoint === 0 ? [] : ["hastunnel"])]
  return `identity=${identity} encryptkey=${encryptKey} tunnelendpoint=${formatIpv4(tunnelEndpoint)} flags=${flags.join(",") || "<none>"}`
}

const FORMS = "IP address must be in dotted decimal (192.168.1.1) or IPv6 (feab::f02b) form"

export async function bpfIpcacheGet(proc: Process, _flags: Flags, [text = ""]: readonly string[]): Promise<number> {
  if (text === "") throw new FlagError(`No ip provided. ${FORMS}`)
  const address = parseIpv4(text)
  if (address === undefined) throw new FlagError(`Invalid ip address. ${FORMS}`)
  const entry = datapathOf(proc.kernel).ipcache.lookup(address)
  await proc.out(
    entry === undefined ? `${text} does not map to any identity\n` : `${text} maps to identity ${ipcacheText(entry)}\n`,
  )
  return entry === undefined ? 1 : 0
}

// ── endpoints ─────────────────────────────────────────────────────────────────────────────────

export async function bpfEndpointList(proc: Process, flags: Flags): Promise<number> {
  const data: Data = new Map()
  for (const info of datapathOf(proc.kernel).endpoints.entries())
    data.set(`${formatIpv4(info.address)}:0`, [endpointText(info)])
  return print(proc, flags, "IP ADDRESS", "LOCAL ENDPOINT INFO", data)
}

function endpointText({ host, id, identity, ifindex, mac, nodeMac }: EndpointInfo): string {
  if (host) return "(localhost)"
  return `id=${String(id).padEnd(5)} sec_id=${String(identity).padEnd(5)} flags=0x0000 ifindex=${String(ifindex).padEnd(3)} mac=${upper(mac)} nodemac=${upper(nodeMac)} parent_ifindex=0  `
}

const upper = (mac: number): string => formatMac(mac).toUpperCase()

// ── load balancing ────────────────────────────────────────────────────────────────────────────

export async function bpfLbList(proc: Process, flags: Flags): Promise<number> {
  const { lb } = datapathOf(proc.kernel)
  const wide = "BACKEND ADDRESS (REVNAT_ID) (SLOT)"
  if (flags.has("revnat")) return print(proc, flags, "ID", wide, revNat(lb))
  if (flags.has("backends")) return print(proc, flags, "ID", wide, backends(lb))
  if (flags.has("frontends")) return print(proc, flags, "SERVICE ADDRESS", "BACKEND ID", frontends(lb))
  if (flags.has("source-ranges")) throw new DbgError("podwire has no source ranges of load balancers")
  return print(proc, flags, "SERVICE ADDRESS", wide, services(lb))
}

const frontend = ({ address, port, protocol }: LbService, slot: number): string =>
  `${formatIpv4(address)}:${port}/${protocolName(protocol)} (${slot})`

function services(lb: LbMap): Data {
  const data: Data = new Map()
  for (const service of lb.services()) {
    const affinity = service.affinityTimeout === 0 ? "" : ", sessionAffinity"
    data.set(frontend(service, 0), [`0.0.0.0:0 (${service.id}) (0) [ClusterIP, non-routable${affinity}] `])
    for (const [i, { address, port, protocol }] of service.backends.entries())
      data.set(frontend(service, i + 1), [
        `${formatIpv4(address)}:${port}/${protocolName(protocol)} (${service.id}) (${i + 1})`,
      ])
  }
  return data
}

function frontends(lb: LbMap): Data {
  const data: Data = new Map()
  for (const service of lb.services())
    for (const [i, id] of [0, ...service.backends.map((backend) => backend.id)].entries())
      data.set(frontend(service, i), [`${id}`])
  return data
}

function backends(lb: LbMap): Data {
  const data: Data = new Map()
  for (const { id, address, port, protocol } of lb.backends())
    data.set(String(id), [`${protocolName(protocol)}://${formatIpv4(address)}:${port}`])
  return data
}

function revNat(lb: LbMap): Data {
  const data: Data = new Map()
  for (const { id, address, port } of lb.services()) data.set(String(id), [`${formatIpv4(address)}:${port}`])
  return data
}
