/** host-local: addresses from a range, remembered in files on the node. Models plugins/ipam/host-local. */

import { type Dict, isDict } from "../../kube/api/json.ts"
import type { CniError, CniResult } from "../../kube/cri/cni.ts"
import type { Tool } from "../../linux/task/tool.ts"
import type { Vfs } from "../../linux/task/vfs.ts"
import { formatIpv4, netmask, type Prefix, parseIpv4, parsePrefix } from "../../wire/address.ts"
import { CniCode, type CniRequest, cniPlugin, failure } from "../skel.ts"

interface Range {
  readonly subnet: Prefix
  readonly first: number
  readonly last: number
  readonly gateway: number
}

/** Ranges of which one gives an address. */
type RangeSet = readonly Range[]

const DATA_DIR = "/var/lib/cni/networks"

/** The plugin; one for all nodes, since its state is in each node's files. */
export const hostLocal: Tool = cniPlugin("host-local", {
  async add(request) {
    const config = ipamConfig(request)
    return "code" in config ? config : allocate(request, config.ipam, config.sets)
  },
  async check(request) {
    const me = `${request.containerId}\r\n${request.ifname}`
    const { fs } = request.proc
    const folder = folderOf(request)
    return reserved(fs, folder).some((name) => holder(fs, `${folder}/${name}`) === me)
      ? undefined
      : failure(`host-local: Failed to find address added by container ${request.containerId}`)
  },
  async del(request) {
    const folder = folderOf(request)
    for (const name of reserved(request.proc.fs, folder))
      if (holder(request.proc.fs, `${folder}/${name}`) === `${request.containerId}\r\n${request.ifname}`)
        request.proc.fs.unlink(`${folder}/${name}`)
    return undefined
  },
})

const folderOf = (request: CniRequest): string => {
  const ipam = request.config["ipam"]
  const base = isDict(ipam) && typeof ipam["dataDir"] === "string" ? ipam["dataDir"] : DATA_DIR
  return `${base}/${String(request.config["name"])}`
}

/** Names of address files, in the order of a directory listing. */
function reserved(fs: Vfs, folder: string): string[] {
  const names = fs.readdir(folder)
  return typeof names === "string" ? [] : names.filter((name) => parseIpv4(name) !== undefined)
}

function holder(fs: Vfs, path: string): string {
  const file = fs.readText(path)
  return "text" in file ? file.text : ""
}

function ipamConfig(request: CniRequest): { ipam: Dict; sets: RangeSet[] } | CniError {
  const { ipam } = request.config as { ipam?: unknown }
  if (!isDict(ipam)) return failure("IPAM config missing 'ipam' key")
  const sources = Array.isArray(ipam["ranges"])
    ? (ipam["ranges"] as unknown[][])
    : typeof ipam["subnet"] === "string"
      ? [[ipam]]
      : []
  if (sources.length === 0) return failure("no IP ranges specified")
  const wrong = sources.flat().map((source) => wrongText(isDict(source) ? source : {}))
  const complaint = wrong.find((text) => text !== undefined)
  if (complaint !== undefined) return failure(complaint)
  const sets: RangeSet[] = []
  for (const [i, source] of sources.entries()) {
    const ranges = source.map((range) => parseRange(range as Dict))
    const refused = ranges.find((range) => typeof range === "string")
    if (refused !== undefined) return failure(`invalid range set ${i}: ${String(refused)}`)
    sets.push(ranges as Range[])
  }
  return overlapping(sets) ?? { ipam, sets }
}

/** What is no address at all fails when the configuration is read. */
function wrongText(source: Dict): string | undefined {
  const subnet = String(source["subnet"] ?? "")
  if (!subnet.includes("/") || parsePrefix(subnet) === undefined) return `invalid CIDR address: ${subnet}`
  for (const field of ["rangeStart", "rangeEnd", "gateway"]) {
    const text = source[field]
    if (text !== undefined && parseIpv4(String(text)) === undefined) return `invalid IP address: ${String(text)}`
  }
  return undefined
}

function overlapping(sets: readonly RangeSet[]): CniError | undefined {
  const meet = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last
  for (const [i, set] of sets.entries())
    for (let j = i + 1; j < sets.length; j++)
      if (set.some((a) => (sets[j] as RangeSet).some((b) => meet(a, b))))
        return failure(`range set ${i} overlaps with ${j}`)
  return undefined
}

/** Models range.go Canonicalize. */
function parseRange(source: Dict): Range | string {
  const text = String(source["subnet"])
  const subnet = parsePrefix(text) as Prefix
  if (subnet.length > 30) return `Network ${text} too small to allocate from`
  const mask = netmask(subnet.length)
  if ((subnet.address & mask) >>> 0 !== subnet.address)
    return `Network has host bits set. For a subnet mask of length ${subnet.length} the network address is ${formatIpv4((subnet.address & mask) >>> 0)}`
  const address = (field: string): number | undefined =>
    source[field] === undefined ? undefined : parseIpv4(String(source[field]))
  const end = ((subnet.address | ~mask) >>> 0) - 1
  const [start, last] = [address("rangeStart"), address("rangeEnd")]
  const inside = (ip: number): boolean => (ip & mask) >>> 0 === subnet.address
  if (start !== undefined && (!inside(start) || (last !== undefined && start > last)))
    return `RangeStart ${formatIpv4(start)} not in network ${text}`
  if (last !== undefined && !inside(last)) return `RangeEnd ${formatIpv4(last)} not in network ${text}`
  return {
    subnet,
    first: start ?? subnet.address + 1,
    last: last ?? end,
    gateway: address("gateway") ?? subnet.address + 1,
  }
}

function allocate(request: CniRequest, ipam: Dict, sets: readonly RangeSet[]): CniResult | CniError {
  const { fs } = request.proc
  const folder = folderOf(request)
  fs.mkdir(folder, { recursive: true })
  if (!fs.exists(`${folder}/lock`)) fs.writeFile(`${folder}/lock`, "", 0o750)
  const me = `${request.containerId}\r\n${request.ifname}`
  const ips: NonNullable<CniResult["ips"]> = []
  for (const [i, set] of sets.entries()) {
    const found = next(fs, folder, set, i, me)
    if (typeof found === "string") {
      // What the sets before gave goes back.
      for (const ip of ips) fs.unlink(`${folder}/${ip.address.split("/")[0]}`)
      return failure(`failed to allocate for range ${i}: ${found}`, CniCode.INTERNAL)
    }
    const address = formatIpv4(found.address)
    fs.writeFile(`${folder}/${address}`, me, 0o600)
    fs.writeFile(`${folder}/last_reserved_ip.${i}`, address, 0o600)
    ips.push({
      version: "4",
      address: `${address}/${found.range.subnet.length}`,
      gateway: formatIpv4(found.range.gateway),
    })
  }
  const routes = Array.isArray(ipam["routes"]) ? (ipam["routes"] as NonNullable<CniResult["routes"]>) : []
  return { cniVersion: "", ips, ...(routes.length === 0 ? {} : { routes }), dns: {} }
}

const contains = ({ first, last }: Range, address: number): boolean => address >= first && address <= last

/** Every address of a set, range after range. */
function* addressesOf(set: RangeSet): Generator<{ address: number; range: Range }> {
  for (const range of set) for (let address = range.first; address <= range.last; address++) yield { address, range }
}

/** Round robin: from the one after the last reserved, once around the set. */
function next(
  fs: Vfs,
  folder: string,
  set: RangeSet,
  index: number,
  me: string,
): { address: number; range: Range } | string {
  const taken = new Map(reserved(fs, folder).map((name) => [name, holder(fs, `${folder}/${name}`)]))
  for (const [name, owner] of taken)
    if (owner === me && set.some((range) => contains(range, parseIpv4(name) as number)))
      return `${name} has been allocated to ${me.split("\r\n")[0]}, duplicate allocation is not allowed`
  const last = parseIpv4(holder(fs, `${folder}/last_reserved_ip.${index}`).trim())
  let before: { address: number; range: Range } | undefined
  let passed = last === undefined || !set.some((range) => contains(range, last))
  for (const candidate of addressesOf(set)) {
    const free = candidate.address !== candidate.range.gateway && !taken.has(formatIpv4(candidate.address))
    if (free && passed) return candidate
    // What stands before the last reserved one comes after the end.
    if (free && before === undefined) before = candidate
    if (candidate.address === last) passed = true
  }
  const names = set.map(({ first, last: end }) => `${formatIpv4(first)}-${formatIpv4(end)}`)
  return before ?? `no IP addresses available in range set: ${names.join(",")}`
}
