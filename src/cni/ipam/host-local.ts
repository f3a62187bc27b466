/** host-local: addresses from a range, remembered in files on the node. Models plugins/ipam/host-local. */

import { type Dict, isDict } from "../../kube/api/json.ts"
import type { CniError, CniResult } from "../../kube/cri/cni.ts"
import type { Tool } from "../../linux/task/tool.ts"
import type { Vfs } from "../../linux/task/vfs.ts"
import { formatIpv4, netmask, parseIpv4, parsePrefix } from "../../wire/address.ts"
import { CniCode, type CniRequest, cniPlugin, failure } from "../skel.ts"

interface Range {
  readonly subnet: { address: number; length: number }
  readonly first: number
  readonly last: number
  readonly gateway: number
}

const DATA_DIR = "/var/lib/cni/networks"

/** The plugin; one for all nodes, since its state is in each node's files. */
export const hostLocal: Tool = cniPlugin("host-local", {
  async add(request) {
    const config = ipamConfig(request)
    return "code" in config ? config : allocate(request, config.ipam, config.ranges)
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

function ipamConfig(request: CniRequest): { ipam: Dict; ranges: Range[] } | CniError {
  const { ipam } = request.config as { ipam?: unknown }
  if (!isDict(ipam)) return failure("IPAM config missing 'ipam' key")
  const sets = Array.isArray(ipam["ranges"])
    ? (ipam["ranges"] as unknown[][])
    : typeof ipam["subnet"] === "string"
      ? [[ipam]]
      : []
  if (sets.length === 0) return failure("no IP ranges specified")
  const ranges: Range[] = []
  for (const [i, set] of sets.entries()) {
    const range = parseRange(isDict(set[0]) ? set[0] : {})
    if (typeof range === "string") return failure(`invalid range set ${i}: ${range}`)
    ranges.push(range)
  }
  return { ipam, ranges }
}

function parseRange(source: Dict): Range | string {
  const text = String(source["subnet"] ?? "")
  const subnet = parsePrefix(text)
  if (subnet === undefined) return `invalid CIDR address: ${text}`
  if (subnet.length > 30) return `network ${text} too small to allocate from`
  const mask = netmask(subnet.length)
  if ((subnet.address & mask) >>> 0 !== subnet.address)
    return `network has host bits set. For a subnet mask of length ${subnet.length} the network address is ${formatIpv4((subnet.address & mask) >>> 0)}`
  const address = (field: string, otherwise: number): number =>
    typeof source[field] === "string" ? (parseIpv4(source[field]) ?? otherwise) : otherwise
  return {
    subnet,
    first: address("rangeStart", subnet.address + 1),
    last: address("rangeEnd", ((subnet.address | ~mask) >>> 0) - 1),
    gateway: address("gateway", subnet.address + 1),
  }
}

function allocate(request: CniRequest, ipam: Dict, ranges: readonly Range[]): CniResult | CniError {
  const { fs } = request.proc
  const folder = folderOf(request)
  fs.mkdir(folder, { recursive: true })
  if (!fs.exists(`${folder}/lock`)) fs.writeFile(`${folder}/lock`, "", 0o750)
  const me = `${request.containerId}\r\n${request.ifname}`
  const ips: NonNullable<CniResult["ips"]> = []
  for (const [i, range] of ranges.entries()) {
    const address = next(fs, folder, range, i, me)
    if (typeof address === "string") return failure(`failed to allocate for range ${i}: ${address}`, CniCode.INTERNAL)
    fs.writeFile(`${folder}/${formatIpv4(address)}`, me, 0o600)
    fs.writeFile(`${folder}/last_reserved_ip.${i}`, formatIpv4(address), 0o600)
    ips.push({
      version: "4",
      address: `${formatIpv4(address)}/${range.subnet.length}`,
      gateway: formatIpv4(range.gateway),
    })
  }
  const routes = Array.isArray(ipam["routes"]) ? (ipam["routes"] as NonNullable<CniResult["routes"]>) : []
  return {
    cniVersion: String(request.config["cniVersion"] ?? "0.3.1"),
    ips,
    ...(routes.length === 0 ? {} : { routes }),
    dns: {},
  }
}

/** Round robin: from the one after the last reserved, once around. */
function next(fs: Vfs, folder: string, range: Range, index: number, me: string): number | string {
  const taken = new Map(reserved(fs, folder).map((name) => [name, holder(fs, `${folder}/${name}`)]))
  for (const [name, owner] of taken)
    if (owner === me) return `${name} has been allocated to ${me.split("\r\n")[0]}, duplicate allocation is not allowed`
  const last = parseIpv4(holder(fs, `${folder}/last_reserved_ip.${index}`).trim())
  const size = range.last - range.first + 1
  const start = last !== undefined && last >= range.first && last <= range.last ? last - range.first + 1 : 0
  for (let i = 0; i < size; i++) {
    const address = range.first + ((start + i) % size)
    if (address !== range.gateway && !taken.has(formatIpv4(address))) return address
  }
  return `no IP addresses available in range set: ${formatIpv4(range.first)}-${formatIpv4(range.last)}`
}
