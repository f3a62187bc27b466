/** Hubble Relay: switched on by the CLI, forwarded to a machine, asked by the hubble that Hubble's releases bring. Words: cilium-cli 0.18.6, hubble 1.18. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"

const on = async (cluster: Cluster, line: string): Promise<string> =>
  (await cluster.exec("control-plane", line)).output.trimEnd()
const REFUSED =
  'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:4245: connect: connection refused"'

describe("on a cluster with three nodes", () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await createCluster({ nodes: 3, cni: cilium() })
    const pod = (name: string, nodeName: string): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: { nodeName, containers: [{ name: "c", image: "nginx" }] },
    })
    await cluster.apply([pod("a", "worker-1"), pod("b", "worker-2")])
    for (const name of ["a", "b"]) await cluster.pod(name).ready()
  })

  test("without a relay nothing answers", async () => {
    expect((await on(cluster, "cilium hubble port-forward")).trim()).toBe(
      'Error: Unable to port forward: failed to port forward: failed to get service "hubble-relay": services "hubble-relay" not found',
    )
    expect(await on(cluster, "hubble status; echo $?")).toBe(`failed getting status: ${REFUSED}\n1`)
    expect(await on(cluster, "hubble observe; echo $?")).toBe(`${REFUSED}\n1`)
  })

  test("enabled and forwarded, it knows the flows of all nodes", async () => {
    expect(await on(cluster, "cilium hubble enable && cilium status --wait >/dev/null; echo $?")).toBe("0")
    await on(cluster, "cilium hubble port-forward > /tmp/forward &")
    await cluster.advance("1s")
    expect(await on(cluster, "cat /tmp/forward")).toBe("ℹ️  Hubble Relay is available at 127.0.0.1:4245")
    await cluster.pod("a").exec(`curl -s -o /dev/null http://${cluster.pod("b").ip}/`)
    expect(await on(cluster, "hubble status")).toMatch(
      /^Healthcheck \(via localhost:4245\): Ok\nCurrent\/Max Flows: \d+\/12,285 \(\d+\.\d\d%\)\nFlows\/s: \d+\.\d\d\nConnected Nodes: 3\/3$/,
    )
    const nodes = await on(cluster, "hubble list nodes")
    expect(nodes.split("\n").map((line) => line.split(/\s+/)[0])).toEqual([
      "NAME",
      "kubernetes/control-plane",
      "kubernetes/worker-1",
      "kubernetes/worker-2",
    ])
    // One exchange, seen by both nodes, in order of time.
    const lines = await on(cluster, "hubble observe --pod a --protocol tcp --print-node-name --last 100")
    const seen = lines.split("\n").filter((line) => line.includes("default/b:80"))
    expect(seen[0]).toMatch(
      /\[kubernetes\/worker-1\]: default\/a:\d+ .* -> default\/b:80 .* to-overlay FORWARDED \(TCP Flags: SYN\)$/,
    )
    expect(seen[1]).toMatch(
      /\[kubernetes\/worker-2\]: default\/a:\d+ .* -> default\/b:80 .* to-endpoint FORWARDED \(TCP Flags: SYN\)$/,
    )
    expect(await on(cluster, "cilium hubble port-forward")).toContain(
      "unable to listen on any of the requested ports: [{4245 4245}]",
    )
  })

  test("an agent alone is no relay", async () => {
    const inAgent = "kubectl -n kube-system exec ds/cilium -c cilium-agent -- hubble"
    expect(await on(cluster, `${inAgent} list nodes`)).toContain(
      "rpc error: code = Unimplemented desc = GetNodes not implemented",
    )
    expect(await on(cluster, `${inAgent} status`)).toContain("Healthcheck (via unix:///var/run/cilium/hubble.sock): Ok")
  })

  test("what podwire's hubble does not have is refused by name", async () => {
    expect(await on(cluster, "hubble watch peers; echo $?")).toBe('podwire\'s hubble has no command "watch peers"\n1')
    expect(await on(cluster, "hubble config view; echo $?")).toBe('podwire\'s hubble has no command "config view"\n1')
    expect(await on(cluster, "hubble bogus; echo $?")).toBe('unknown command "bogus" for "hubble"\n1')
  })
})

test("the download block of Hubble's documentation", async () => {
  const cluster = await createCluster({ nodes: 1, cni: "none" })
  const out = await on(
    cluster,
    `HUBBLE_VERSION=$(curl -s https://raw.githubusercontent.com/cilium/hubble/main/stable.txt)
HUBBLE_ARCH=amd64
if [ "$(uname -m)" = "aarch64" ]; then HUBBLE_ARCH=arm64; fi
curl -sL --fail --remote-name-all https://github.com/cilium/hubble/releases/download/$HUBBLE_VERSION/hubble-linux-\${HUBBLE_ARCH}.tar.gz{,.sha256sum}
sha256sum --check hubble-linux-\${HUBBLE_ARCH}.tar.gz.sha256sum
sudo tar xzvfC hubble-linux-\${HUBBLE_ARCH}.tar.gz /usr/local/bin
rm hubble-linux-\${HUBBLE_ARCH}.tar.gz{,.sha256sum}
hubble version`,
  )
  expect(out).toBe("hubble-linux-amd64.tar.gz: OK\nhubble\nhubble v1.18.0 compiled with go1.24.5 on linux/amd64")
})
