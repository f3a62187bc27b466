/** A cluster that was made with Cilium: what pods reach, what policies change, and what an agent is needed for. */
import { beforeAll, describe, expect, test } from "vitest"
import { agentOf } from "../../../src/cni/cilium/agent/registry.ts"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"

const pod = (name: string, node: string, image = "busybox:1.28"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    nodeName: node,
    containers: [{ name: "c", image, ...(image === "nginx" ? {} : { command: ["sleep", "3600"] }) }],
  },
})
const DENY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "default-deny-ingress" },
  spec: { podSelector: {}, policyTypes: ["Ingress"] },
}
const http = (name: string, from: object, rule: object): object => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name },
  spec: {
    endpointSelector: { matchLabels: { app: "backend" } },
    ingress: [
      {
        fromEndpoints: [{ matchLabels: from }],
        toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [rule] } }],
      },
    ],
  },
})

async function shop(nodes = 2): Promise<Cluster> {
  const cluster = await createCluster({ nodes, cni: cilium() })
  await cluster.apply([pod("backend", "worker-1", "nginx"), pod("near", "worker-1"), pod("far", "control-plane")])
  for (const name of ["backend", "near", "far"]) await cluster.pod(name).ready()
  return cluster
}

const on = async (cluster: Cluster, line: string, node = "control-plane"): Promise<string> =>
  (await cluster.exec(node, line)).output.trimEnd()
const get = (cluster: Cluster, from: string, path = "/"): Promise<string> =>
  on(cluster, `kubectl exec ${from} -- wget -q -O - --timeout=2 http://${cluster.pod("backend").ip}${path} | head -1`)
const TIMEOUT = "wget: download timed out"

describe("without a policy", () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await shop()
  })

  test("pods reach each other on one node and across nodes, and the nodes reach them", async () => {
    expect(await get(cluster, "near")).toBe("<!DOCTYPE html>")
    expect(await get(cluster, "far")).toBe("<!DOCTYPE html>")
    const { ip } = cluster.pod("backend")
    expect(await on(cluster, `curl -s -m 2 ${ip} | head -1`)).toBe("<!DOCTYPE html>")
    expect(await on(cluster, `curl -s -m 2 ${ip} | head -1`, "worker-1")).toBe("<!DOCTYPE html>")
  })

  test("every peer sees a TTL of 63: one hop, wherever it is", async () => {
    for (const from of ["near", "far"])
      expect(await on(cluster, `kubectl exec ${from} -- ping -c 1 ${cluster.pod("backend").ip}`)).toContain("ttl=63")
  })

  test("the objects say who is who", async () => {
    const [backend] = (await on(cluster, "kubectl get cep backend --no-headers")).split("\n")
    const [, identity = "", state, address] = (backend as string).split(/\s+/)
    expect(state).toBe("ready")
    expect(address).toBe(cluster.pod("backend").ip)
    expect(Number(identity)).toBeGreaterThanOrEqual(256)
    expect(await on(cluster, `kubectl get ciliumid ${identity} -o jsonpath='{.security-labels.k8s:app}'`)).toBe(
      "backend",
    )
    const nodes = await on(cluster, "kubectl get ciliumnodes -o jsonpath='{.items[*].spec.ipam.podCIDRs}'")
    expect(nodes).toContain("10.0.0.0/24")
    expect(nodes).toContain("10.0.1.0/24")
    const condition = '{.status.conditions[?(@.type=="NetworkUnavailable")].reason}'
    expect(await on(cluster, `kubectl get node worker-1 -o jsonpath='${condition}'`)).toBe("CiliumIsUp")
  })

  test("the agent's log says what it did, in slog's form", async () => {
    const log = await on(cluster, "kubectl logs -n kube-system ds/cilium")
    expect(log).toMatch(
      /^time=2025-10-18T06:17:\d\d(\.\d+)?Z level=info msg="Wrote CNI configuration file" module=agent\.infra\.cni-config path=\/host\/etc\/cni\/net\.d\/05-cilium\.conflist$/m,
    )
  })

  test("an agent's container observes flows", async () => {
    await get(cluster, "near")
    const agent = await on(
      cluster,
      "kubectl get pods -n kube-system -l k8s-app=cilium -o wide | awk '$7 == \"worker-1\" { print $1 }'",
    )
    const flows = await on(
      cluster,
      `kubectl exec -n kube-system ${agent} -c cilium-agent -- hubble observe --pod default/near`,
    )
    expect(flows).toMatch(
      /default\/near:\d+ \(ID:\d+\) -> default\/backend:80 \(ID:\d+\) to-endpoint FORWARDED \(TCP Flags: SYN\)/,
    )
  })
})

describe("policies", () => {
  test("default deny: a timeout, except from the pod's own node; deleting it opens again", async () => {
    const cluster = await shop()
    await cluster.apply(DENY)
    expect(await get(cluster, "near")).toContain(TIMEOUT)
    expect(await get(cluster, "far")).toContain(TIMEOUT)
    const { ip } = cluster.pod("backend")
    expect(await on(cluster, `curl -s -m 2 ${ip} | head -1`, "worker-1")).toBe("<!DOCTYPE html>")
    expect(await on(cluster, `curl -s -m 2 ${ip} >/dev/null; echo $?`)).toBe("28")
    await on(cluster, "kubectl delete networkpolicy default-deny-ingress")
    expect(await get(cluster, "far")).toBe("<!DOCTYPE html>")
  })

  test("an HTTP rule: 200 for what it names, 403 for the rest, nothing for others", async () => {
    const cluster = await shop()
    await cluster.apply(http("l7", { app: "far" }, { method: "GET", path: "/allowed" }))
    await on(cluster, "kubectl exec backend -- sh -c 'echo 200 > /usr/share/nginx/html/allowed'")
    expect(await get(cluster, "far", "/allowed")).toBe("200")
    expect(await get(cluster, "far", "/denied")).toContain("wget: server returned error: HTTP/1.1 403 Forbidden")
    expect(await get(cluster, "near", "/allowed")).toContain(TIMEOUT)
    expect(await on(cluster, "kubectl get cnp l7 -o jsonpath='{.status.conditions[0].status}'")).toBe("True")
  })

  test("a policy that agents refuse is created, says so, and changes nothing", async () => {
    const cluster = await shop()
    await cluster.apply({
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "both" },
      spec: {
        endpointSelector: {},
        ingress: [{ fromEndpoints: [{}], fromEntities: ["world"] }],
      },
    })
    expect(await on(cluster, "kubectl get cnp both -o jsonpath='{.status.conditions[0].message}'")).toMatch(
      /^combining From(Endpoints and FromEntities|Entities and FromEndpoints) is not supported yet$/,
    )
    expect(await on(cluster, "kubectl get cnp both --no-headers")).toMatch(/False$/)
    expect(await get(cluster, "far")).toBe("<!DOCTYPE html>")
  })

  test("a pod's new label is a new identity, five seconds later", async () => {
    const cluster = await shop()
    await cluster.apply(http("labelled", { tier: "web" }, {}))
    expect(await get(cluster, "far")).toContain(TIMEOUT)
    const before = await on(cluster, "kubectl get cep far -o jsonpath='{.status.identity.id}'")
    await on(cluster, "kubectl label pod far tier=web")
    await cluster.advance("2s")
    expect(await on(cluster, "kubectl get cep far -o jsonpath='{.status.identity.id}'")).toBe(before)
    await cluster.advance("6s")
    expect(await on(cluster, "kubectl get cep far -o jsonpath='{.status.identity.id}'")).not.toBe(before)
    expect(await get(cluster, "far")).toBe("<!DOCTYPE html>")
  })

  test.each(["required", "test-always-fail"])(
    "authentication.mode %s: the packet waits for it, in vain",
    async (mode) => {
      const cluster = await shop()
      await cluster.apply({
        apiVersion: "cilium.io/v2",
        kind: "CiliumNetworkPolicy",
        metadata: { name: "auth" },
        spec: {
          endpointSelector: { matchLabels: { app: "backend" } },
          ingress: [{ fromEndpoints: [{ matchLabels: { app: "near" } }], authentication: { mode } }],
        },
      })
      await cluster.advance("1s")
      expect(await get(cluster, "near")).toContain(TIMEOUT)
      const { verdict, reason } = await cluster.lookup("near", "backend:80")
      expect([verdict, reason]).toEqual(["deny", "Authentication required"])
    },
  )

  test("rules that cannot be merged: the agent keeps the policy it had, and a lookup says that there is no answer", async () => {
    const cluster = await shop()
    const dns = (name: string, rules: object): object => ({
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name },
      spec: {
        endpointSelector: { matchLabels: { app: "near" } },
        egress: [{ toEndpoints: [{}], toPorts: [{ ports: [{ port: "53", protocol: "TCP" }], rules }] }],
      },
    })
    await cluster.apply(dns("one", { http: [{}] }))
    await cluster.advance("1s")
    await cluster.apply(dns("two", { dns: [{ matchPattern: "*" }] }))
    await cluster.advance("1s")
    expect(await get(cluster, "near")).toContain(TIMEOUT)
    const why =
      "cannot merge conflicting L7 parsers (dns/http): the endpoint keeps the policy that it had before, so the order of application decides"
    await expect(cluster.lookup("near", "backend:53")).rejects.toThrow(why)
    const grid = await cluster.reachability({ port: 80, namespace: "default" })
    expect([...grid.conflicts]).toEqual([["near", why]])
    expect(grid.get("near", "backend")).toBe("none")
    expect(grid.cells.find(({ from, to }) => from === "near" && to === "backend")?.reason).toBe(`near: ${why}`)
    const lines = `${grid}`.split("\n")
    expect(lines.at(-1)).toBe(`? near: ${why}`)
    for (const line of lines.slice(1, -1)) {
      const [from, ...marks] = line.split(/\s+/)
      const others = grid.pods.filter((to) => to !== from)
      const torn = others.filter((to) => marks[grid.pods.indexOf(to)] === "?")
      expect(torn).toEqual(from === "near" ? others : ["near"])
    }
    await cluster.nodes[0]?.exec("kubectl delete cnp two")
    expect((await cluster.reachability({ port: 80, namespace: "default" })).conflicts.size).toBe(0)
  })

  test("mode always: a pod's own node still comes in, so that probes work; other nodes do not (spec 5.3)", async () => {
    const cluster = await createCluster({ nodes: 2, cni: cilium({ values: { policyEnforcementMode: "always" } }) })
    await cluster.apply(pod("backend", "worker-1", "nginx"))
    await cluster.pod("backend").ready()
    const { ip } = cluster.pod("backend")
    const ask = `curl -s -m 2 -o /dev/null -w '%{http_code}' ${ip}`
    expect(await on(cluster, ask, "worker-1")).toBe("200")
    expect(await on(cluster, ask)).toBe("000")
  })

  test("enforcement mode always needs no policy; never ignores one", async () => {
    const always = await createCluster({ nodes: 1, cni: cilium({ set: ["policyEnforcementMode=always"] }) })
    const never = await createCluster({ nodes: 1, cni: cilium({ values: { policyEnforcementMode: "never" } }) })
    for (const cluster of [always, never]) {
      const untainted = "kubectl taint nodes control-plane node-role.kubernetes.io/control-plane-"
      await on(cluster, untainted)
      await cluster.apply([pod("backend", "control-plane", "nginx"), pod("near", "control-plane"), DENY])
      for (const name of ["backend", "near"]) await cluster.pod(name).ready()
    }
    await on(always, "kubectl delete networkpolicy default-deny-ingress")
    expect(await get(always, "near")).toContain(TIMEOUT)
    expect(await get(never, "near")).toBe("<!DOCTYPE html>")
  })
})

describe("agents", () => {
  test("without one, what runs goes on and nothing new comes; the next takes over", async () => {
    const cluster = await shop()
    await cluster.apply(DENY)
    const kernel = cluster.node("worker-1").kernel
    const before = await on(cluster, "kubectl get cep -o jsonpath='{.items[*].status.id}'")
    const addresses = "kubectl get ciliumnode worker-1 -o jsonpath='{.spec.addresses[*].ip} {.spec.health.ipv4}'"
    const known = await on(cluster, addresses)
    const selector = '{"spec":{"template":{"spec":{"nodeSelector":{"nowhere":"x"}}}}}'
    await on(cluster, `kubectl patch ds -n kube-system cilium -p '${selector}'`)
    await cluster.advance("60s")
    expect(agentOf(kernel)).toBeUndefined()
    // What answers health checks lives with the agent; the data path's own devices stay.
    expect(await on(cluster, "ip -br link | awk '{ print $1 }'", "worker-1")).not.toContain("lxc_health")
    expect(await on(cluster, "ip -br link", "worker-1")).toContain("cilium_vxlan")
    expect(await get(cluster, "near")).toContain(TIMEOUT)
    await cluster.apply(pod("late", "worker-1"))
    await cluster.advance("40s")
    expect(await on(cluster, "kubectl describe pod late")).toContain("Is the agent running?")
    const back = '[{"op":"remove","path":"/spec/template/spec/nodeSelector/nowhere"}]'
    await on(cluster, `kubectl patch ds -n kube-system cilium --type json -p '${back}'`)
    await cluster.advance("60s")
    await cluster.pod("late").ready()
    expect(await on(cluster, addresses)).toBe(known)
    expect(await on(cluster, "ip -br link", "worker-1")).toContain("lxc_health")
    expect(await on(cluster, "kubectl get cep -o jsonpath='{.items[*].status.id}'")).toContain(before.split(" ")[0])
    await on(cluster, "kubectl delete networkpolicy default-deny-ingress")
    expect(await get(cluster, "late")).toBe("<!DOCTYPE html>")
  })

  test("a deleted pod leaves nothing behind", async () => {
    const cluster = await shop()
    const agent = agentOf(cluster.node("worker-1").kernel)
    const allocated = agent?.ipam.allocated ?? 0
    await on(cluster, "kubectl delete pod near --now")
    await cluster.settle()
    expect(agent?.endpoints.byPod({ namespace: "default", name: "near" })).toBeUndefined()
    expect(agent?.ipam.allocated).toBe(allocated - 1)
    expect(await on(cluster, "kubectl get cep near")).toContain("not found")
  })

  test("the same seed makes the same cluster", async () => {
    const said = async (): Promise<string> => {
      const cluster = await shop()
      return on(cluster, "kubectl get cep,ciliumid,ciliumnodes -A -o wide; ip addr; ip route")
    }
    expect(await said()).toBe(await said())
  })
})
