/** Building a cluster: machines, control plane, CNI plugin, until every node is ready. */

import type { BridgeNaming } from "../cni/bridge/bridge.ts"
import { cilium } from "../cni/cilium/cilium.ts"
import { ciliumCommand, hubbleCommand } from "../cni/cilium/cli/tool.ts"
import { flannel } from "../cni/flannel/flannel.ts"
import type { CniProvider } from "../cni/provider.ts"
import { addKubeadmImages } from "../images/kubeadm.ts"
import { ImageRegistry } from "../images/registry.ts"
import type { ApiServer } from "../kube/api/server.ts"
import { isStatus } from "../kube/api/status.ts"
import type { Manifest, Node } from "../kube/api/types.ts"
import { ControlPlane } from "../kube/control-plane.ts"
import { installKubeadm, kubeadmImages } from "../kube/kubeadm/install.ts"
import type { KubeadmOptions } from "../kube/kubeadm/options.ts"
import { staticPods } from "../kube/kubeadm/static-pods.ts"
import { Segment } from "../linux/link/segment.ts"
import { mountProc } from "../linux/procfs.ts"
import { Arena } from "../linux/skb.ts"
import { lazyTool } from "../shell/lazy-tool.ts"
import { DEFAULT_EPOCH, Simulation } from "../sim/simulation.ts"
import { kubectl } from "../tools/index.ts"
import { mac, parsePrefix } from "../wire/address.ts"
import { ARTICLE_BURNT_INDEXES, ARTICLE_NODES, ARTICLE_PODS } from "./article.ts"
import { checkOptions, FIRST_HOST, NETWORK } from "./check-options.ts"
import { Cluster, type ClusterNode, NODE_ENV } from "./cluster.ts"
import { createMachine, debianRoot, type UplinkSpec } from "./machine.ts"
import type { ClusterOptions, NodeOptions } from "./options.ts"
import { CILIUM_BINARY, HUBBLE_BINARY } from "./web/binaries.ts"
import { connectToInternet, NAT } from "./web/connect.ts"

/** See door.ts. */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  // Of ES2024. Without this line an old Node, in Jupyter for example, would name a function that nobody called.
  if (typeof Map.groupBy !== "function")
    throw new Error("podwire needs Node.js 22.12 or later, or a browser of 2024 or later")
  checkOptions(options)
  const plan = planOf(options)
  const sim = new Simulation({ seed: options.seed ?? 1, epoch: options.epoch ?? DEFAULT_EPOCH })
  const arena = new Arena()
  const podCIDR = options.podCIDR ?? "10.244.0.0/16"
  const control = new ControlPlane(sim, { podCIDR, apiServerAddress: plan.nodes[0]?.ip ?? "" })
  const images = new ImageRegistry(options.images)
  const lan = new Segment(sim, "lan")
  const nodes = new Map<string, ClusterNode>()
  addKubeadmImages(images, control.api)
  const kubeadm = kubeadmOptions(control, plan, podCIDR)
  installKubeadm(control.api.registry, kubeadm)
  offerImages(control.api, images, plan.cni)
  if (plan.cni !== undefined) await installProvider(control.api, plan.cni)
  for (const [index, spec] of plan.nodes.entries())
    nodes.set(spec.name, addNode(control, sim, arena, images, lan, plan, spec, index, options, kubeadm))
  const cluster = new Cluster({ sim, server: control.api, nodes, quiet: () => control.quiet })
  writeHosts(nodes)
  const ssh = lazyTool("ssh", async () => (await import("./ssh.ts")).sshTool(nodes, NODE_ENV))
  for (const { kernel } of nodes.values()) kernel.root.install("/usr/bin/ssh", ssh)
  connectToInternet(
    sim,
    arena,
    [...nodes.values()].map(({ kernel }) => kernel),
  )
  if (plan.cni !== undefined) await nodesReady(cluster, control.api, plan.cni)
  return cluster
}

const SERVICE_CIDR = "10.96.0.0/12"

function kubeadmOptions(control: ControlPlane, plan: Plan, podCIDR: string): KubeadmOptions {
  const first = plan.nodes[0]
  return {
    node: first?.name ?? "",
    address: first?.ip ?? "",
    podCIDR,
    serviceCIDR: SERVICE_CIDR,
    clusterDns: control.clusterDns,
  }
}

interface Plan {
  nodes: (NodeOptions & { ip: string; macs: Readonly<Record<string, string>> })[]
  cni: CniProvider | undefined
  burntIndexes: number
  /** Every machine also has a NIC of its own to the outside, as VirtualBox gives it. */
  nat: boolean
}

function planOf(options: ClusterOptions): Plan {
  const network = options.podCIDR ?? "10.244.0.0/16"
  if (options.preset === "article") {
    const nodes = ARTICLE_NODES.map((node) => ({ ...node }))
    return {
      nodes,
      cni:
        options.cni === "none"
          ? undefined
          : (options.cni ?? flannel({ network, iface: "enp0s8", naming: articleNaming() })),
      burntIndexes: ARTICLE_BURNT_INDEXES,
      nat: true,
    }
  }
  return {
    nodes: plannedNodes(options.nodes ?? 2),
    cni: options.cni === "none" ? undefined : (options.cni ?? flannel({ network })),
    burntIndexes: 0,
    nat: false,
  }
}

function plannedNodes(wanted: NonNullable<ClusterOptions["nodes"]>): Plan["nodes"] {
  const names =
    typeof wanted === "number"
      ? Array.from({ length: wanted }, (_, i) => (i === 0 ? "control-plane" : `worker-${i}`))
      : wanted
  const specs = names.map((item) => (typeof item === "string" ? { name: item } : item))
  return specs.map((spec, i) => ({ ...spec, ip: spec.ip ?? `${NETWORK}.${FIRST_HOST + i}`, macs: spec.macs ?? {} }))
}

/** Bridges and pods get the addresses that the recordings have. */
function articleNaming(): BridgeNaming {
  return {
    bridgeMac: (node, bridge) => macOf(ARTICLE_NODES.find((known) => known.name === node)?.macs[bridge]),
    pod: ({ namespace, name }) => {
      const known = namespace === "default" ? ARTICLE_PODS[name] : undefined
      return known === undefined
        ? undefined
        : { hostVeth: known.veth, hostMac: mac(known.vethMac), podMac: mac(known.eth0) }
    },
  }
}

const macOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : mac(text))

/** Any release's images can be pulled, whatever the cluster was made with: a manifest from the web needs them. */
function offerImages(api: ApiServer, images: ImageRegistry, own: CniProvider | undefined): void {
  const others = [flannel(), cilium()].filter(({ name }) => name !== own?.name)
  for (const provider of own === undefined ? others : [...others, own])
    for (const { repository, image } of provider.images(api, debianRoot)) images.add(repository, image)
}

async function installProvider(api: ApiServer, cni: CniProvider): Promise<void> {
  const manifests = typeof cni.manifests === "function" ? await cni.manifests() : cni.manifests
  for (const manifest of manifests) create(api, manifest)
}

function create(api: ApiServer, manifest: Manifest): void {
  const resource = api.registry.resourceByKind(manifest.apiVersion, manifest.kind)
  if (resource === undefined)
    throw new Error(`no matches for kind "${manifest.kind}" in version "${manifest.apiVersion}"`)
  const created = api.registry.create(resource, structuredCopy(manifest))
  if (isStatus(created)) throw new Error(created.message ?? `${manifest.kind} was refused`)
}

/** The server keeps what it is given: every cluster gets its own. */
const structuredCopy = (manifest: Manifest): Manifest => JSON.parse(JSON.stringify(manifest)) as Manifest

function addNode(
  control: ControlPlane,
  sim: Simulation,
  arena: Arena,
  images: ImageRegistry,
  segment: Segment,
  plan: Plan,
  spec: Plan["nodes"][number],
  index: number,
  options: ClusterOptions,
  kubeadm: KubeadmOptions,
): ClusterNode {
  const uplink = plan.nat ? "enp0s8" : "eth0"
  const lan: UplinkSpec = {
    name: uplink,
    address: `${spec.ip}/24`,
    segment,
    ...(spec.macs[uplink] === undefined ? {} : { mac: spec.macs[uplink] }),
  }
  // Each VirtualBox machine is alone with its NAT: a segment of its own.
  const nat: UplinkSpec = {
    name: "enp0s3",
    address: "10.0.2.15/24",
    segment: new Segment(sim, `nat/${spec.name}`),
    gateway: NAT.gateway,
    ...(spec.macs["enp0s3"] === undefined ? {} : { mac: spec.macs["enp0s3"] }),
  }
  const uplinks = plan.nat ? [nat, lan] : [{ ...lan, gateway: `${NETWORK}.1` }]
  const kernel = createMachine(sim, arena, { name: spec.name, uplinks, burntIndexes: plan.burntIndexes })
  kernel.root.install("/usr/bin/kubectl", kubectl(control.api))
  // What the archive of the web holds, once it is unpacked somewhere.
  kernel.processes.binaries.set(CILIUM_BINARY.amd64, ciliumCommand(control.api))
  kernel.processes.binaries.set(HUBBLE_BINARY.amd64, hubbleCommand())
  const tools = [...(options.tools ?? []), ...(index === 0 ? (plan.cni?.tools?.(control.api) ?? []) : [])]
  for (const tool of tools) kernel.root.install(`/usr/local/bin/${tool.name}`, tool)
  // The standard plugins come with the package kubernetes-cni, not with a CNI.
  for (const plugin of (plan.cni ?? flannel()).plugins) kernel.root.install(`/opt/cni/bin/${plugin.name}`, plugin)
  const kubelet = control.addNode({
    name: spec.name,
    ip: spec.ip,
    kernel,
    images,
    controlPlane: index === 0,
    annotations: vtepAnnotations(spec),
    staticPods: index === 0 ? staticPods(kubeadm) : [],
    preloadedImages: kubeadmImages(kubeadm, index === 0),
    prepareRoot: (_pod, container) => mountProc(container.fs, container.sandbox.net),
  })
  return { kernel, kubelet, ip: spec.ip, uplink }
}

/** Flannel keeps the address its node's annotation names: a machine that has been up before. */
function vtepAnnotations(spec: Plan["nodes"][number]): Record<string, string> {
  const vtep = spec.macs["flannel.1"]
  if (vtep === undefined) return {}
  return {
    "flannel.alpha.coreos.com/backend-data": JSON.stringify({ VNI: 1, VtepMAC: vtep }),
    "flannel.alpha.coreos.com/backend-type": "vxlan",
    "flannel.alpha.coreos.com/kube-subnet-manager": "true",
    "flannel.alpha.coreos.com/public-ip": spec.ip,
  }
}

/** Machines know each other by name. */
function writeHosts(nodes: ReadonlyMap<string, ClusterNode>): void {
  const lines = [...nodes].map(([name, node]) => `${node.ip} ${name}`)
  for (const [name, node] of nodes)
    node.kernel.root.writeFile("/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${name}\n${lines.join("\n")}\n`)
}

async function nodesReady(cluster: Cluster, api: ApiServer, cni: CniProvider): Promise<void> {
  const limit = cluster.sim.now + 300e9
  const ready = (): boolean =>
    (api.registry.list(api.registry.resource("nodes")) as Node[]).every((node) =>
      (node.status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True"),
    )
  const connected = (): boolean => cni.ready?.(cluster.nodes.map(({ kernel }) => kernel)) ?? peersKnown(cluster)
  while (cluster.sim.now < limit && !(ready() && connected())) await cluster.sim.advance(50e6)
  if (!ready()) throw new Error("the nodes did not become ready within five minutes of virtual time")
  await cluster.settle()
}

/** Every machine has a route to every other's pods. */
function peersKnown(cluster: Cluster): boolean {
  const ranges = cluster.topology().map((node) => node.podCIDR)
  return cluster.nodes.every((node, i) => {
    const routes = node.kernel.initNet.fib.routes
    return ranges.every(
      (range, j) =>
        i === j ||
        routes.some((route) => route.destination === parsePrefix(range ?? "")?.address && route.prefixLength === 24),
    )
  })
}
