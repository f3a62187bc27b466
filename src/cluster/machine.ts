/** A node before Kubernetes comes: a kernel, its network cards, its file system and its programs. */
import type { Kernel } from "../linux/kernel.ts"
import { Kernel as LinuxKernel } from "../linux/kernel.ts"
import type { Segment } from "../linux/link/segment.ts"
import { mountProc } from "../linux/procfs.ts"
import { addrAdd } from "../linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../linux/rtnetlink/link.ts"
import { routeAdd } from "../linux/rtnetlink/route.ts"
import type { Arena } from "../linux/skb.ts"
import type { Tool } from "../linux/task/tool.ts"
import type { Vfs } from "../linux/task/vfs.ts"
import { bashTool, shTool } from "../shell/programs.ts"
import type { Simulation } from "../sim/simulation.ts"
import { GNU_TOOLS, sudo } from "../tools/coreutils/index.ts"
import {
  bridge,
  conntrack,
  curl,
  gunzip,
  gzip,
  ip,
  iptables,
  iptablesRestore,
  iptablesSave,
  nsenter,
  otherTables,
  ping,
  ss,
  systemctl,
  tar,
  tc,
  tcpdump,
  zcat,
} from "../tools/index.ts"
import { VERSIONS } from "../versions.ts"
import { ipv4, mac, netmask } from "../wire/address.ts"

export interface UplinkSpec {
  name: string
  /** `192.168.80.103/24`. */
  address: string
  mac?: string
  segment: Segment
  /** A default route by this gateway. */
  gateway?: string
}

export interface MachineSpec {
  name: string
  uplinks: readonly UplinkSpec[]
  /** Interface indexes that something before us has used up. */
  burntIndexes?: number
}

/** Where a node has what. `/usr/sbin` first, as in Debian's PATH of root. */
const SBIN: readonly Tool[] = [
  ip,
  bridge,
  tc,
  tcpdump,
  iptables,
  iptablesRestore,
  iptablesSave,
  conntrack,
  ...otherTables,
]
const BIN: readonly Tool[] = [
  nsenter,
  ping,
  curl,
  ss,
  systemctl,
  tar,
  gzip,
  gunzip,
  zcat,
  sudo,
  bashTool,
  shTool,
  ...GNU_TOOLS,
]

/** Builds and boots a machine. */
export function createMachine(sim: Simulation, arena: Arena, spec: MachineSpec): Kernel {
  const kernel = new LinuxKernel(sim, { hostname: spec.name, arena, release: VERSIONS.kernel })
  const net = kernel.initNet
  net.sysctl.ipForward = true
  for (const dev of net.devices) dev.forwarding = true
  linkUp(net.loopback)
  for (const uplink of spec.uplinks) addUplink(kernel, uplink)
  for (let i = 0; i < (spec.burntIndexes ?? 0); i++) net.burnIfindex()
  installPrograms(kernel)
  return kernel
}

function addUplink(kernel: Kernel, spec: UplinkSpec): void {
  const net = kernel.initNet
  const [host = "", length = "24"] = spec.address.split("/")
  const dev = linkAdd(net, {
    kind: "ethernet",
    name: spec.name,
    segment: spec.segment,
    qdisc: "fq_codel",
    ...(spec.mac === undefined ? {} : { address: mac(spec.mac) }),
  })
  if ("errno" in dev) throw new Error(`${spec.name}: ${dev.errno}`)
  linkUp(dev)
  const address = ipv4(host)
  const prefixLength = Number(length)
  addrAdd(dev, { address, prefixLength, broadcast: (address | ~netmask(prefixLength)) >>> 0, origin: "netplan" })
  if (spec.gateway !== undefined)
    routeAdd(net, { destination: 0, prefixLength: 0, gateway: ipv4(spec.gateway), dev, origin: "netplan" })
}

function installPrograms(kernel: Kernel): void {
  const { root } = kernel
  // Debian merged these into /usr.
  for (const folder of ["bin", "sbin"]) {
    root.mkdir(`/usr/${folder}`)
    root.rmdir(`/${folder}`)
    root.symlink(`usr/${folder}`, `/${folder}`)
  }
  for (const folder of ["bin", "sbin"]) root.mkdir(`/usr/local/${folder}`, { recursive: true })
  for (const tool of SBIN) root.install(`/usr/sbin/${tool.name}`, tool)
  for (const tool of BIN) root.install(`/usr/bin/${tool.name}`, tool)
  root.install("/bin/sh", shTool)
  root.install("/bin/bash", bashTool)
  kernel.processes.scriptTool = shTool
  root.writeFile("/etc/hostname", `${kernel.hostname}\n`)
  root.writeFile("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nvagrant:x:1000:1000::/home/vagrant:/bin/bash\n")
  root.writeFile("/etc/group", "root:x:0:\nvagrant:x:1000:\n")
  root.writeFile("/etc/hosts", "127.0.0.1 localhost\n")
  root.writeFile(
    "/etc/os-release",
    `PRETTY_NAME="${VERSIONS.os}"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n`,
  )
  mountProc(root, kernel.initNet)
}

/** The programs that images built on Debian have. */
export function debianRoot(fs: Vfs): void {
  for (const tool of GNU_TOOLS) fs.install(`/usr/bin/${tool.name}`, tool)
  fs.install("/bin/sh", shTool)
  fs.install("/bin/bash", bashTool)
}
