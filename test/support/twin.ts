/** The machines of test/record/twin.sh, built with podwire's own ip and bridge, so that both can be given the same commands. */

import { runToEnd } from "../../src/cluster/command.ts"
import { createMachine } from "../../src/cluster/machine.ts"
import { installBusybox } from "../../src/images/busybox.ts"
import { createNginx } from "../../src/images/nginx.ts"
import type { Kernel } from "../../src/linux/kernel.ts"
import { Segment } from "../../src/linux/link/segment.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Vfs } from "../../src/linux/task/vfs.ts"
import type { ExecResult } from "../../src/shell/exec-result.ts"
import { Simulation } from "../../src/sim/simulation.ts"

export interface TwinNode {
  name: string
  address: string
  podCIDR: string
  enp0s3: string
  enp0s8: string
  "flannel.1": string
  cni0: string
}

export interface TwinPod {
  name: string
  node: string
  address: string
  eth0: string
  veth: string
  vethMac: string
}

export interface Topology {
  nodes: TwinNode[]
  pods: TwinPod[]
}

export interface TwinOptions {
  topology: Topology
  /** Files under nginx's root. */
  html: Readonly<Record<string, string>>
}

/** Virtual date of the twin: 2025-10-18 06:17:36 UTC. */
const EPOCH = 1_760_768_256

export class Twin {
  readonly sim: Simulation
  readonly #kernels = new Map<string, Kernel>()
  readonly #places = new Map<string, { kernel: Kernel; net: NetNamespace }>()
  readonly #options: TwinOptions
  readonly #busybox: Vfs

  private constructor(options: TwinOptions) {
    this.sim = new Simulation({ seed: 1, epoch: EPOCH })
    this.#options = options
    this.#busybox = new Vfs(this.sim)
    installBusybox(this.#busybox)
  }

  static async create(options: TwinOptions): Promise<Twin> {
    const twin = new Twin(options)
    await twin.#build()
    return twin
  }

  get kernels(): Kernel[] {
    return [...this.#kernels.values()]
  }

  kernelOf(node: string): Kernel {
    return this.#kernels.get(node) as Kernel
  }

  netOf(name: string): NetNamespace {
    return (this.#places.get(name) as { net: NetNamespace }).net
  }

  async #build(): Promise<void> {
    const { nodes, pods } = this.#options.topology
    const arena = new Arena()
    const lan = new Segment(this.sim, "lan0")
    for (const node of nodes) {
      const nat = new Segment(this.sim, `nat-${node.name}`)
      const kernel = createMachine(this.sim, arena, {
        name: node.name,
        uplinks: [
          { name: "enp0s3", address: "10.0.2.15/24", mac: node.enp0s3, segment: nat, gateway: "10.0.2.2" },
          { name: "enp0s8", address: `${node.address}/24`, mac: node.enp0s8, segment: lan },
        ],
        burntIndexes: 1,
      })
      kernel.root.bind("/busybox", this.#busybox, "/")
      this.#kernels.set(node.name, kernel)
      this.#places.set(node.name, { kernel, net: kernel.initNet })
    }
    for (const node of nodes) await this.#script(node.name, overlayScript(node, nodes))
    for (const pod of pods) await this.#addPod(pod, nodes.find((node) => node.name === pod.node) as TwinNode)
    this.#startNginx()
  }

  async #addPod(pod: TwinPod, node: TwinNode): Promise<void> {
    const kernel = this.kernelOf(pod.node)
    const net = kernel.createNamespace(`cni-${pod.name}`)
    this.#places.set(pod.name, { kernel, net })
    await this.#script(pod.node, podScript(pod, node))
  }

  #startNginx(): void {
    const { tool, image } = createNginx({ version: "1.22.1" })
    const place = this.#places.get("backend-pod") as { kernel: Kernel; net: NetNamespace }
    const fs = new Vfs(this.sim)
    image.build(fs)
    for (const [name, text] of Object.entries(this.#options.html)) fs.writeFile(`/usr/share/nginx/html/${name}`, text)
    const proc = place.kernel.processes.run(["nginx"], { tool, net: place.net, fs })
    if (typeof proc === "string") throw new Error(proc)
  }

  /** Runs a script of building commands: none may fail or print. */
  async #script(where: string, script: string): Promise<void> {
    const result = await this.run(where, ["/bin/bash", "-c", script])
    if (result.code !== 0 || result.output !== "") throw new Error(`${where}: ${result.output}`)
  }

  /** Runs a command line in bash on a node or in a pod, with the node's programs. */
  exec(where: string, script: string): Promise<ExecResult> {
    return this.run(where, ["/bin/bash", "-c", script])
  }

  /** Runs one program with its words as they are. `busybox X` is the container's X. */
  async run(where: string, argv: readonly string[]): Promise<ExecResult> {
    const place = this.#places.get(where)
    if (place === undefined) throw new Error(`no such place: ${where}`)
    const words = argv[0] === "busybox" ? [`/busybox/bin/${argv[1]}`, ...argv.slice(2)] : argv
    return await runToEnd(place.kernel, words, { net: place.net }, {})
  }

  /** As {@link run}, as another user. */
  async runAs(where: string, uid: number, argv: readonly string[]): Promise<ExecResult> {
    const place = this.#places.get(where)
    if (place === undefined) throw new Error(`no such place: ${where}`)
    return await runToEnd(place.kernel, argv, { net: place.net, uid }, {})
  }
}

function overlayScript(node: TwinNode, nodes: readonly TwinNode[]): string {
  const subnet = (other: TwinNode): string => other.podCIDR.replace("/24", "")
  const peers = nodes
    .filter((other) => other !== node)
    .map(
      (other) => `
ip neigh replace ${subnet(other)} lladdr ${other["flannel.1"]} dev flannel.1 nud permanent
bridge fdb replace ${other["flannel.1"]} dev flannel.1 dst ${other.address} self permanent
ip route replace ${other.podCIDR} via ${subnet(other)} dev flannel.1 onlink`,
    )
  return `set -e
ip link add flannel.1 address ${node["flannel.1"]} mtu 1450 txqueuelen 0 type vxlan id 1 local ${node.address} dev enp0s8 dstport 8472 nolearning
ip addr add ${subnet(node)}/32 dev flannel.1
ip link set flannel.1 up${peers.join("")}`
}

function podScript(pod: TwinPod, node: TwinNode): string {
  const gateway = node.podCIDR.replace("0/24", "1")
  const inside = `ip -n cni-${pod.name}`
  return `set -e
if ! [ -d /tmp/cni0 ]; then
  mkdir -p /tmp/cni0
  ip link add cni0 mtu 1450 type bridge
  ip link set cni0 up
fi
ip link add ${pod.veth} address ${pod.vethMac} mtu 1450 txqueuelen 0 type veth peer name eth0 address ${pod.eth0} mtu 1450 txqueuelen 0 netns cni-${pod.name}
${inside} link set lo up
ip link set ${pod.veth} up
ip link set ${pod.veth} master cni0
bridge link set dev ${pod.veth} hairpin on
${inside} addr add ${pod.address}/24 brd + dev eth0
${inside} link set eth0 up
${inside} route add default via ${gateway}
${inside} route add 10.244.0.0/16 via ${gateway}
if [ -z "$(ip -br -4 addr show cni0)" ]; then
  ip addr add ${gateway}/24 brd + dev cni0
  ip link set cni0 address ${node.cni0}
fi`
}
