/** flanneld's rules: what stands in the tables, what puts them back, and what they do to packets. Rules as recorded in the flannel twin. */
import { beforeAll, describe, expect, test } from "vitest"
import { formatFlags, parseFlags } from "../../src/cni/flannel/flags.ts"
import { type Cluster, createCluster } from "../../src/index.ts"

/** iptables-save of the twin's k8s-worker-1, flannel's part. */
const NAT = `-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
`
const FILTER = `-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
`
const RESYNC = "Some iptables rules are missing; deleting and recreating rules"

let cluster: Cluster
const on = async (node: string, line: string): Promise<string> => (await cluster.node(node).exec(line)).output
const rules = (table: string): Promise<string> => on("k8s-worker-1", `iptables-save -t ${table} | grep flanneld`)
const log = (pattern: string): Promise<string> =>
  on(
    "k8s-master",
    `kubectl logs -n kube-flannel $(kubectl get pods -n kube-flannel -o wide | awk '$7 == "k8s-worker-1" { print $1 }') | grep -c '${pattern}'`,
  )

beforeAll(async () => {
  cluster = await createCluster({ preset: "article" })
  await cluster.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web" },
    spec: { nodeName: "k8s-worker-1", containers: [{ name: "web", image: "nginx" }] },
  })
  await cluster.pod("web").ready()
})

describe("rules", () => {
  test("are those of the recording", async () => {
    expect(await rules("nat")).toBe(NAT)
    expect(await rules("filter")).toBe(FILTER)
  })

  test("that somebody takes away are back at the next look, after kube-proxy's", async () => {
    await on(
      "k8s-worker-1",
      "iptables -t nat -F FLANNEL-POSTRTG; iptables -D FORWARD -m comment --comment 'flanneld forward' -j FLANNEL-FWD",
    )
    expect(await rules("nat")).not.toBe(NAT)
    await cluster.advance("6s")
    expect(await rules("nat")).toBe(NAT)
    expect(await rules("filter")).toBe(FILTER)
    expect(await log(RESYNC)).toMatch(/\b2\n$/)
    const jumps = await on("k8s-worker-1", "iptables-save -t nat | grep '^-A POSTROUTING' | sed 's/.*-j //'")
    expect(jumps).toBe("KUBE-POSTROUTING\nFLANNEL-POSTRTG\n")
  })

  test("are not looked at while nothing changes: an hour costs no more than a minute", async () => {
    const { sim } = cluster
    await cluster.advance("60s")
    const before = sim.events
    await cluster.advance("3600s")
    expect(sim.events - before).toBeLessThan(2000)
  })

  test("after a restart with the same subnet nothing is recycled", async () => {
    await on("k8s-master", "kubectl rollout restart -n kube-flannel ds/kube-flannel-ds")
    await on("k8s-master", "kubectl rollout status -n kube-flannel ds/kube-flannel-ds --timeout=120s")
    expect(await log("trying to recycle old iptables rules")).toMatch(/\b0\n$/)
    expect(await rules("nat")).toBe(NAT)
  })
})

describe("packets", () => {
  test("of a pod to the outside have the node's address", async () => {
    const capture = await cluster.capture({ filter: "tcp port 80", on: "k8s-worker-1" }, () =>
      cluster.pod("web").exec("curl -s http://140.82.112.3/"),
    )
    expect(capture.on("k8s-worker-1", "enp0s3").toString()).toMatch(
      /IP 10\.0\.2\.15\.\d+ > 140\.82\.112\.3\.80: Flags \[S\]/,
    )
    expect(capture.on("k8s-worker-1", "cni0").toString()).toMatch(
      /IP 10\.244\.1\.\d+\.\d+ > 140\.82\.112\.3\.80: Flags \[S\]/,
    )
  })

  test("with the FORWARD policy DROP pass by flannel's rules, and not without them", async () => {
    const fetch =
      "curl -s -o /dev/null -m 2 -w '%{http_code}' http://$(kubectl get pod web -o jsonpath={.status.podIP})/"
    await on("k8s-worker-1", "iptables -P FORWARD DROP")
    expect(await on("k8s-master", fetch)).toBe("200")
    await on("k8s-worker-1", "iptables -F FLANNEL-FWD")
    expect(await on("k8s-master", fetch)).toBe("000")
    await cluster.advance("6s")
    expect(await on("k8s-master", fetch)).toBe("200")
  })
})

describe("flags", () => {
  test("of the rules are read, and printed as Go prints them", () => {
    const flags = parseFlags([
      "--ip-masq",
      "--iptables-resync=30",
      "--iptables-forward-rules=false",
      "--ip-masq-random-fully-disable",
    ])
    expect(typeof flags === "string" ? flags : formatFlags(flags)).toMatch(
      /ipMasq:true ipMasqRandomFullyDisable:true .* iptablesResyncSeconds:30 iptablesForwardRules:false /,
    )
    expect(parseFlags(["--iptables-resync=soon"])).toBe('invalid value "soon" for flag -iptables-resync: parse error')
  })
})
