/** The VXLAN backend: one tunnel device, three static entries a remote node. Models pkg/backend/vxlan. */

import { isDict } from "../../../kube/api/json.ts"
import { parseJson } from "../../../kube/cri/cni.ts"
import { strerror } from "../../../linux/errno.ts"
import { Vxlan } from "../../../linux/link/vxlan.ts"
import type { NetDevice } from "../../../linux/netdev.ts"
import { addrAdd, addrDel } from "../../../linux/rtnetlink/addr.ts"
import type { NetlinkError } from "../../../linux/rtnetlink/error.ts"
import { fdbAdd, fdbDel } from "../../../linux/rtnetlink/fdb.ts"
import { linkAdd, linkDel, linkUp } from "../../../linux/rtnetlink/link.ts"
import { neighAdd, neighDel } from "../../../linux/rtnetlink/neigh.ts"
import { routeAdd, routeDel } from "../../../linux/rtnetlink/route.ts"
import { formatIpv4, formatMac, formatPrefix, type Prefix, parseIpv4, parseMac } from "../../../wire/address.ts"
import { IPV4_OVERHEAD } from "../../../wire/vxlan.ts"
import { type Lease, type LeaseEvent, originOf } from "../lease.ts"
import type { Backend, BackendHost } from "./backend.ts"

interface Peer {
  readonly vni: number
  readonly mac: number
}

const why = ({ errno, message }: NetlinkError): string => message ?? strerror(errno).toLowerCase()

function peerOf(data: string): Peer | undefined {
  const json = parseJson(data)
  if (!isDict(json)) return undefined
  const mac = parseMac(String(json["VtepMAC"] ?? ""))
  return mac === undefined ? undefined : { vni: Number(json["VNI"] ?? 0), mac }
}

/** Creates or keeps the device; text when it cannot be had. */
export async function registerVxlan(host: BackendHost): Promise<Backend | string> {
  const { conf, log } = host
  await log(
    "I",
    "vxlan.go:128",
    `VXLAN config: VNI=${conf.vni} Port=${conf.port} GBP=false Learning=${conf.learning} DirectRouting=${conf.directRouting}`,
  )
  await host.sayAnnotations("kube.go:704")
  const known = host.before?.backendType === "vxlan" ? peerOf(host.before.backendData)?.mac : undefined
  if (known !== undefined)
    await log("I", "vxlan.go:199", `Interface flannel.${conf.vni} mac address set to: ${formatMac(known)}`)
  const mac = known ?? host.net.prng.fork(`flannel.${conf.vni}/${host.kernel.sim.now}`).mac()
  const dev = await ensureDevice(host, mac)
  return typeof dev === "string" ? dev : new VxlanBackend(host, dev)
}

async function ensureDevice(host: BackendHost, mac: number): Promise<NetDevice | string> {
  const { net, conf, dev: lower, ifaceAddress } = host
  const name = `flannel.${conf.vni}`
  const old = net.device(name)
  if (old !== undefined) {
    const clash = incompatible(host, old)
    if (clash === undefined) return old
    await host.log(
      "W",
      "device.go:129",
      `${JSON.stringify(name)} already exists with incompatible configuration: ${clash}; recreating device`,
    )
    linkDel(old)
  }
  const vxlan = {
    vni: conf.vni,
    local: ifaceAddress,
    lower,
    learning: conf.learning,
    ...(conf.port === 0 ? {} : { port: conf.port }),
  }
  const made = linkAdd(net, {
    kind: "vxlan",
    name,
    address: mac,
    mtu: (conf.mtu || lower.mtu) - IPV4_OVERHEAD,
    txQueueLength: 0,
    vxlan,
    origin: "flanneld",
  })
  return "errno" in made ? `failed to create vxlan device: ${why(made)}` : made
}

/** Models vxlanLinksIncompat. */
function incompatible({ conf, dev: lower, ifaceAddress }: BackendHost, old: NetDevice): string | undefined {
  if (!(old.priv instanceof Vxlan)) return `link type: vxlan vs ${old.kind}`
  const { vni, local, port } = old.priv
  if (vni !== conf.vni) return `vni: ${conf.vni} vs ${vni}`
  if (old.priv.lower !== lower) return `vtep (external) interface: ${lower.ifindex} vs ${old.priv.lower?.ifindex ?? 0}`
  if (local !== ifaceAddress) return `vtep (external) IP: ${formatIpv4(ifaceAddress)} vs ${formatIpv4(local)}`
  return conf.port !== 0 && port !== conf.port ? `port: ${conf.port} vs ${port}` : undefined
}

class VxlanBackend implements Backend {
  readonly type = "vxlan"
  readonly data: string
  readonly mtu: number
  readonly device: NetDevice
  readonly #host: BackendHost

  constructor(host: BackendHost, device: NetDevice) {
    this.#host = host
    this.device = device
    this.data = JSON.stringify({ VNI: host.conf.vni, VtepMAC: formatMac(device.address) })
    this.mtu = device.mtu
  }

  /** The subnet's network address with /32: source of what the node itself sends to remote pods. */
  configure(subnet: Prefix): string | undefined {
    const dev = this.device
    for (const ifa of [...dev.addresses])
      if (ifa.address !== subnet.address || ifa.prefixLength !== 32) addrDel(dev, ifa.address, ifa.prefixLength)
    if (dev.addresses.length === 0) {
      const refused = addrAdd(dev, { address: subnet.address, prefixLength: 32, origin: "flanneld" })
      if (refused !== undefined)
        return `failed to configure interface ${dev.name}: failed to ensure address of interface ${dev.name}: failed to add IP address ${formatIpv4(subnet.address)} to ${dev.name}: ${why(refused)}`
    }
    const refused = linkUp(dev)
    return refused === undefined
      ? undefined
      : `failed to configure interface ${dev.name}: failed to set interface ${dev.name} to UP state: ${why(refused)}`
  }

  async handle(event: LeaseEvent): Promise<void> {
    const { lease } = event
    const { log } = this.#host
    const network = formatPrefix(lease.subnet.address, lease.subnet.length)
    await log(
      "I",
      "vxlan_network.go:265",
      `Received Subnet Event with VxLan: BackendType: ${lease.backendType}, PublicIP: ${lease.publicIp}, PublicIPv6: (nil), BackendData: ${lease.backendData}, BackendV6Data: (nil)`,
    )
    if (lease.backendType !== "vxlan") {
      await log(
        "W",
        "vxlan_network.go:267",
        `ignoring non-vxlan v4Subnet(${network}) v6Subnet(::/0): type=${lease.backendType}`,
      )
      return
    }
    const peer = peerOf(lease.backendData)
    const publicIp = parseIpv4(lease.publicIp)
    if (peer === undefined || publicIp === undefined) {
      await log("E", "vxlan_network.go:280", "error decoding subnet lease JSON: unexpected end of JSON input")
      return
    }
    if (event.type === "added") await this.#add(lease, peer, publicIp)
    else await this.#remove(lease, peer, publicIp)
  }

  /** A peer on the same link, when the configuration wants it reached without tunnel. */
  #isDirect(publicIp: number): boolean {
    const way = this.#host.net.fib.lookup(publicIp)
    return this.#host.conf.directRouting && way !== undefined && way.gateway === 0
  }

  /** Neighbour, FDB row, route: in this order; what fails undoes what went before. */
  async #add(lease: Lease, peer: Peer, publicIp: number): Promise<void> {
    const { net, log, dev } = this.#host
    const { address, length } = lease.subnet
    const origin = originOf(lease)
    if (this.#isDirect(publicIp)) {
      const refused = routeAdd(
        net,
        { destination: address, prefixLength: length, gateway: publicIp, dev, origin },
        "replace",
      )
      if (refused !== undefined)
        await log(
          "E",
          "vxlan_network.go:346",
          `Error adding route to ${formatPrefix(address, length)} via ${lease.publicIp}: ${why(refused)}`,
        )
      return
    }
    const arp = neighAdd(this.device, { address, lladdr: peer.mac, origin }, "replace")
    if (arp !== undefined) return log("E", "vxlan_network.go:354", `AddARP failed: ${why(arp)}`)
    const fdb = fdbAdd(this.device, { mac: peer.mac, destination: publicIp, origin }, "replace")
    if (fdb !== undefined) {
      await log("E", "vxlan_network.go:361", `AddFDB failed: ${why(fdb)}`)
      neighDel(this.device, address)
      return
    }
    const route = routeAdd(
      net,
      {
        destination: address,
        prefixLength: length,
        gateway: address,
        dev: this.device,
        onlink: true,
        scope: 0,
        origin,
      },
      "replace",
    )
    if (route === undefined) return
    await log(
      "E",
      "vxlan_network.go:378",
      `failed to add vxlanRoute (${formatPrefix(address, length)} -> ${formatIpv4(address)}): ${why(route)}`,
    )
    neighDel(this.device, address)
    fdbDel(this.device, { mac: peer.mac })
  }

  /** Each is tried, none stops the next. */
  async #remove(lease: Lease, peer: Peer, publicIp: number): Promise<void> {
    const { net, log, dev } = this.#host
    const { address, length } = lease.subnet
    const network = formatPrefix(address, length)
    if (this.#isDirect(publicIp)) {
      const refused = routeDel(net, { destination: address, prefixLength: length, gateway: publicIp, dev })
      if (refused !== undefined)
        await log(
          "E",
          "vxlan_network.go:456",
          `Error deleting route to ${network} via ${lease.publicIp}: ${why(refused)}`,
        )
      return
    }
    const arp = neighDel(this.device, address)
    if (arp !== undefined) await log("E", "vxlan_network.go:465", `DelARP failed: ${why(arp)}`)
    const fdb = fdbDel(this.device, { mac: peer.mac })
    if (fdb !== undefined) await log("E", "vxlan_network.go:471", `DelFDB failed: ${why(fdb)}`)
    const route = routeDel(net, { destination: address, prefixLength: length, gateway: address, dev: this.device })
    if (route !== undefined)
      await log(
        "E",
        "vxlan_network.go:477",
        `failed to delete vxlanRoute (${network} -> ${formatIpv4(address)}): ${why(route)}`,
      )
  }
}
