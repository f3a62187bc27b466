/** Flannel on a cluster: what it leaves in the kernels, how pods come and go, and what heals it. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, createCluster, flannel } from "../../src/index.ts"
import { readGolden } from "../support/golden.ts"
import { normalise } from "../support/normalise.ts"

const pod = (name: string, node: string, image: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    nodeName: node,
    containers: [{ name: "c", image, ...(image === "nginx" ? {} : { command: ["sleep", "36000"] }) }],
  },
})

async function start(cluster: Cluster, ...pods: object[]): Promise<void> {
  for (const manifest of pods) {
    await cluster.apply(manifest)
    await cluster.pod((manifest as { metadata: { name: string } }).metadata.name).ready()
  }
}

const on = async (cluster: Cluster, node: string, command: string): Promise<string> =>
  (await cluster.node(node).exec(command)).output

const sorted = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .sort()

describe("the article's cluster, and the twin that real iproute2 was recorded on", () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await createCluster({ preset: "article" })
    await start(
      cluster,
      pod("client-pod", "k8s-worker-1", "busybox:1.28"),
      pod("sidecar-pod", "k8s-worker-1", "busybox:1.28"),
      pod("backend-pod", "k8s-worker-2", "nginx"),
    )
  })

  const same = (text: string): string =>
    normalise(
      text
        // The runtime's name of a pod's namespace ends in a UUID; the twin's is called after its pod.
        .replace(/link-netns cni-\S+/g, "link-netns cni-X")
        // The CNI plugin announces a pod by gratuitous ARP, from which the bridge learns; nobody announces the twin's.
        .replace(/^ba:5e:00:00:\S+ (dev \S+ )?master cni0 \n/gm, ""),
    )
  /** CoreDNS runs on the control plane, with the bridge that comes with the first pod; the twin's control plane has no pods. */
  const withoutDns = (where: string, text: string): string =>
    where === "k8s-master" ? text.replace(/^10\.244\.0\..* dev cni0 .*\n/gm, "") : text
  /** `bridge fdb show`: rows of all devices, of which the vxlan's have no order to keep. */
  const rows = (command: string, text: string): string =>
    command === "bridge fdb show" ? sorted(same(text)).join("\n") : same(text)

  for (const { where, command, code, output } of readGolden("test/golden/node.txt"))
    test(`${where}: ${command}`, async () => {
      const result = await cluster.node(where).exec(command)
      expect(rows(command, withoutDns(where, result.output))).toBe(rows(command, output))
      expect(result.code).toBe(code)
    })

  test("every row comes from another node's annotations", async () => {
    const nodes = JSON.parse(await on(cluster, "k8s-master", "kubectl get nodes -o json")) as {
      items: { metadata: { name: string; annotations: Record<string, string> }; spec: { podCIDR: string } }[]
    }
    for (const { name } of cluster.nodes) {
      const peers = nodes.items
        .filter((item) => item.metadata.name !== name)
        .map(({ metadata: { annotations }, spec: { podCIDR } }) => ({
          mac: (JSON.parse(annotations["flannel.alpha.coreos.com/backend-data"] as string) as { VtepMAC: string })
            .VtepMAC,
          ip: annotations["flannel.alpha.coreos.com/public-ip"],
          podCIDR,
          network: podCIDR.split("/")[0],
        }))
      expect(sorted(await on(cluster, name, "bridge fdb show dev flannel.1"))).toEqual(
        peers.map(({ mac, ip }) => `${mac} dst ${ip} self permanent`).sort(),
      )
      expect(sorted(await on(cluster, name, "ip neigh show dev flannel.1"))).toEqual(
        peers.map(({ network, mac }) => `${network} lladdr ${mac} PERMANENT`).sort(),
      )
      expect(sorted(await on(cluster, name, "ip route show dev flannel.1"))).toEqual(
        peers.map(({ podCIDR, network }) => `${podCIDR} via ${network} onlink`).sort(),
      )
    }
  })
})

describe("a pod comes and goes", () => {
  const traces = async (cluster: Cluster): Promise<Record<string, string>> => ({
    links: await on(cluster, "worker-1", "ip -br link show master cni0"),
    fdb: await on(cluster, "worker-1", "bridge fdb show br cni0"),
    leases: await on(cluster, "worker-1", "ls /var/lib/cni/networks/cbr0"),
    namespaces: await on(cluster, "worker-1", "ls /var/run/netns 2>/dev/null; ip netns"),
    conntrack: String(cluster.node("worker-1").kernel.initNet.devices.length),
  })

  test("CNI DEL leaves nothing behind: no veth, no FDB row, no lease, no namespace", async () => {
    const cluster = await createCluster({ nodes: 2 })
    await start(cluster, pod("first", "worker-1", "busybox:1.28"))
    const before = await traces(cluster)
    await start(cluster, pod("second", "worker-1", "nginx"))
    const { ip } = cluster.pod("second")
    const during = await traces(cluster)
    expect(during["leases"]).toContain(ip)
    expect(sorted(during["links"] ?? "")).toHaveLength(sorted(before["links"] ?? "").length + 1)
    expect((await cluster.pod("first").exec(`wget -qO- -T 2 http://${ip}/`)).stdout).toContain("Welcome to nginx!")
    await on(cluster, "worker-1", "kubectl delete pod second")
    const after = await traces(cluster)
    // host-local remembers the last address, so that the next pod gets another.
    expect(after).toEqual(before)
    await start(cluster, pod("third", "worker-1", "nginx"))
    expect(cluster.pod("third").ip).not.toBe(ip)
  })

  test("a container that ends and starts again keeps the pod's address and interface", async () => {
    const cluster = await createCluster({ nodes: 2 })
    const manifest = pod("again", "worker-1", "busybox:1.28") as { spec: { containers: { command: string[] }[] } }
    ;(manifest.spec.containers[0] as { command: string[] }).command = ["sh", "-c", "sleep 5; exit 1"]
    await start(cluster, manifest)
    const { ip } = cluster.pod("again")
    const links = await on(cluster, "worker-1", "ip -br link show master cni0")
    await cluster.advance("8s")
    expect(await on(cluster, "worker-1", "kubectl get pod again --no-headers")).toMatch(/again +1\/1 +Running +1 /)
    expect(cluster.pod("again").ip).toBe(ip)
    expect(await on(cluster, "worker-1", "ip -br link show master cni0")).toBe(links)
  })

  test("what fails backs off: CrashLoopBackOff, ErrImagePull, ImagePullBackOff, in the kubelet's words", async () => {
    const cluster = await createCluster({ nodes: 2 })
    const crash = pod("crash", "worker-1", "busybox:1.28") as { spec: { containers: { command: string[] }[] } }
    ;(crash.spec.containers[0] as { command: string[] }).command = ["false"]
    await cluster.apply([crash, pod("nowhere", "worker-1", "nosuch/image:1")])
    const seen = new Set<string>()
    for (let i = 0; i < 60; i++) {
      await cluster.advance("500ms")
      for (const line of sorted(await on(cluster, "worker-1", "kubectl get pods --no-headers")))
        seen.add(line.split(/ +/).slice(0, 3).join(" "))
    }
    for (const status of [
      "crash 0/1 CrashLoopBackOff",
      "crash 0/1 Error",
      "nowhere 0/1 ErrImagePull",
      "nowhere 0/1 ImagePullBackOff",
    ])
      expect(seen).toContain(status)
    const why = (name: string): Promise<string> =>
      on(
        cluster,
        "worker-1",
        `kubectl get pod ${name} -o jsonpath='{.status.containerStatuses[0].state.waiting.message}'`,
      )
    expect(await why("nowhere")).toBe('Back-off pulling image "nosuch/image:1"')
    const uid = await on(cluster, "worker-1", "kubectl get pod crash -o jsonpath='{.metadata.uid}'")
    expect(await why("crash")).toMatch(
      new RegExp(`^back-off \\d+s restarting failed container=c pod=crash_default\\(${uid}\\)$`),
    )
  })
})

describe("without a network plugin", () => {
  test("nodes are NotReady and say why, in the kubelet's words; pods wait", async () => {
    const cluster = await createCluster({ nodes: 2, cni: "none" })
    await cluster.advance("5s")
    const master = "control-plane"
    expect(await on(cluster, master, "kubectl get nodes --no-headers")).toMatch(
      /^control-plane +NotReady .*\nworker-1 +NotReady /,
    )
    expect(
      await on(
        cluster,
        master,
        `kubectl get node worker-1 -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'`,
      ),
    ).toBe(
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    )
    await on(cluster, master, "kubectl run waiting --image=nginx")
    await cluster.advance("2s")
    expect(await on(cluster, master, "kubectl get events --field-selector reason=FailedScheduling")).toContain(
      "0/2 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )
    expect(await on(cluster, "worker-1", "ip -br link show type bridge; ip -br link show type vxlan")).toBe("")
  })
})

describe("host-gw", () => {
  test("routes by the nodes themselves, no tunnel, the wire's whole MTU", async () => {
    const cluster = await createCluster({ nodes: 3, cni: flannel({ backend: "host-gw" }) })
    await start(cluster, pod("client", "worker-1", "busybox:1.28"), pod("web", "worker-2", "nginx"))
    expect(await on(cluster, "worker-1", "ip link show type vxlan")).toBe("")
    expect(
      sorted(await on(cluster, "worker-1", "ip route")).filter((line) => line.includes(" via 192.168.80.10")),
    ).toEqual(["10.244.0.0/24 via 192.168.80.101 dev eth0", "10.244.2.0/24 via 192.168.80.103 dev eth0"])
    expect(await on(cluster, "worker-1", "cat /run/flannel/subnet.env")).toContain("FLANNEL_MTU=1500")
    const capture = await cluster.capture({ on: "worker-1", filter: "tcp port 80" }, async () => {
      expect((await cluster.pod("client").exec(`wget -qO- -T 2 http://${cluster.pod("web").ip}/`)).code).toBe(0)
    })
    expect(String(capture)).toMatch(/IP 10\.244\.1\.\d+\.\d+ > 10\.244\.2\.\d+\.80: Flags \[S\]/)
  })
})

describe("a row is taken away", () => {
  test("the traffic it carried stops; the daemon, started again, puts it back", async () => {
    const cluster = await createCluster({ nodes: 3 })
    await start(cluster, pod("client", "worker-1", "busybox:1.28"), pod("web", "worker-2", "nginx"))
    const fetch = async (): Promise<number> =>
      (await cluster.pod("client").exec(`wget -qO- -T 2 http://${cluster.pod("web").ip}/`)).code
    expect(await fetch()).toBe(0)
    const rows = await on(cluster, "worker-1", "bridge fdb show dev flannel.1")
    const row = rows.split("\n").find((line) => line.includes("192.168.80.103")) as string
    await on(cluster, "worker-1", `bridge fdb del ${row.replace(/ self permanent.*/, "")} dev flannel.1`)
    expect(await on(cluster, "worker-1", "bridge fdb show dev flannel.1")).not.toContain("192.168.80.103")
    expect(await fetch()).toBe(1)
    await cluster.advance("10m")
    // Nothing polls: it stays away until flanneld starts.
    expect(await fetch()).toBe(1)
    const name = await on(
      cluster,
      "worker-1",
      "kubectl get pods -n kube-flannel --field-selector spec.nodeName=worker-1 -o jsonpath='{.items[0].metadata.name}'",
    )
    await on(
      cluster,
      "worker-1",
      `kubectl delete pod -n kube-flannel ${name}; kubectl rollout status -n kube-flannel ds/kube-flannel-ds`,
    )
    await cluster.advance("1s")
    expect(sorted(await on(cluster, "worker-1", "bridge fdb show dev flannel.1"))).toEqual(sorted(rows))
    expect(await fetch()).toBe(0)
  })

  test("a node that is deleted takes its rows with it, everywhere", async () => {
    const cluster = await createCluster({ nodes: 3 })
    expect(await on(cluster, "worker-1", "ip route; bridge fdb; ip neigh")).toContain("10.244.2.0")
    await on(cluster, "control-plane", "kubectl delete node worker-2")
    await cluster.settle()
    const left = await on(cluster, "worker-1", "ip route; bridge fdb show dev flannel.1; ip neigh show dev flannel.1")
    expect(left).not.toContain("10.244.2.0")
    expect(left).not.toContain("192.168.80.103")
    expect(left).toContain("10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink")
  })
})
