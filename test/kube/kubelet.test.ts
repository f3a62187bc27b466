/** Kubelets: NotReady, stopped and started again, static pods, heartbeats, probes; and what the control plane makes of it. */
import { beforeEach, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

let cluster: Cluster
beforeEach(async () => {
  cluster = await createCluster({ nodes: ["master", "worker"] })
})

const kubectl = async (command: string): Promise<string> =>
  (await cluster.node("master").exec(`kubectl ${command}`)).output.trim()
const service = (name: string): { start(): void; stop(): void; restart(): void } =>
  cluster.node("worker").kernel.services.get(name) as NonNullable<ReturnType<Map<string, never>["get"]>>
const ready = (node: string): Promise<string> =>
  kubectl(`get node ${node} -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'`)
const pod = (name: string, container: object, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { nodeName: "worker", containers: [{ name: "main", image: "nginx", ...container }], ...more },
})

test("without a CNI configuration a node is not ready, and its pods live on", async () => {
  await cluster.apply(pod("web", {}))
  await cluster.pod("web").ready()
  await cluster.node("worker").exec("mv /etc/cni/net.d/10-flannel.conflist /root/")
  await cluster.advance("2s")
  expect(await kubectl("get node worker -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].message}'")).toBe(
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
  )
  expect(await kubectl("get node worker -o jsonpath='{.spec.taints[*].effect}'")).toBe("NoSchedule NoExecute")
  expect((await cluster.node("worker").exec(`curl -s ${cluster.pod("web").ip} | head -1`)).output).toBe(
    "<!DOCTYPE html>\n",
  )
  await cluster.node("worker").exec("mv /root/10-flannel.conflist /etc/cni/net.d/")
  await cluster.advance("2s")
  expect(await ready("worker")).toBe("True")
  expect(await kubectl("get pod web --no-headers")).toMatch(/^web +1\/1 +Running +0/)
})

test("a node that cannot take pods for five minutes loses those that do not tolerate it", async () => {
  await cluster.apply([
    pod("leaves", {}),
    pod("stays", {}, { tolerations: [{ operator: "Exists", effect: "NoExecute" }] }),
  ])
  for (const name of ["leaves", "stays"]) await cluster.pod(name).ready()
  await cluster.node("worker").exec("mv /etc/cni/net.d/10-flannel.conflist /root/")
  await cluster.advance("4m")
  expect(await kubectl("get pods --no-headers | wc -l")).toBe("2")
  await cluster.advance("2m")
  expect(await kubectl("get pods -o name")).toBe("pod/stays")
  expect(await kubectl("get events | grep TaintManagerEviction")).toContain("Marking for deletion Pod default/leaves")
})

test("a stopped kubelet: the node falls silent, is given up after 40 seconds, and comes back", async () => {
  await cluster.apply(pod("web", {}))
  await cluster.pod("web").ready()
  service("kubelet").stop()
  await cluster.advance("30s")
  expect(await ready("worker")).toBe("True")
  await cluster.advance("20s")
  expect(await kubectl("get node worker --no-headers")).toMatch(/^worker +NotReady/)
  expect(await kubectl("describe node worker")).toMatch(
    /Ready +Unknown .*NodeStatusUnknown +Kubelet stopped posting node status\./,
  )
  // As kubectl shows it on a lost node: the containers' own word stands, the pod's condition does not.
  expect(await kubectl("get pod web --no-headers")).toMatch(/^web +1\/1 +Running/)
  expect(await kubectl("get pod web -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}'")).toBe("False")
  // Nobody looks after a pod that is deleted now; its containers live on.
  await kubectl("delete pod web --wait=false")
  await cluster.advance("60s")
  expect(await kubectl("get pod web --no-headers")).toMatch(/^web +1\/1 +Terminating/)
  service("kubelet").start()
  await cluster.advance("40s")
  expect(await ready("worker")).toBe("True")
  expect(await kubectl("get node worker -o jsonpath='{.spec.taints}'")).toBe("")
  expect(await kubectl("get pods")).toBe("No resources found in default namespace.")
})

test("a restart of the kubelet disturbs no pod", async () => {
  await cluster.apply(pod("web", {}))
  await cluster.pod("web").ready()
  const before = await kubectl("get pod web -o jsonpath={.status.containerStatuses[0].containerID}")
  service("kubelet").restart()
  service("containerd").restart()
  await cluster.advance("60s")
  expect(await ready("worker")).toBe("True")
  expect(await kubectl("get pod web -o jsonpath={.status.containerStatuses[0].containerID}")).toBe(before)
  expect(await kubectl("get events -A | grep -c 'node/worker .*Starting kubelet'")).toBe("1")
})

test("the control plane's pods come from files: a deleted mirror is there again", async () => {
  const names = await kubectl("get pods -n kube-system -l tier=control-plane -o name")
  expect(names.split("\n")).toEqual([
    "pod/etcd-master",
    "pod/kube-apiserver-master",
    "pod/kube-controller-manager-master",
    "pod/kube-scheduler-master",
  ])
  await kubectl("delete pod -n kube-system etcd-master --wait=false")
  await cluster.advance("60s")
  expect(await kubectl("get pod -n kube-system etcd-master --no-headers")).toMatch(/^etcd-master +1\/1 +Running/)
})

test("leases and heartbeats go on, and cost an idle cluster nothing", async () => {
  await cluster.advance("5m")
  const before = cluster.sim.events
  await cluster.advance("3h")
  expect(cluster.sim.events - before).toBeLessThan(5)
  const renewed = await kubectl("get lease -n kube-node-lease worker -o jsonpath={.spec.renewTime}")
  const now = (await cluster.node("master").exec("date -u +%s")).output
  expect(Number(now) - Date.parse(renewed) / 1000).toBeLessThan(11)
})

test("liveness: a container that fails is restarted, again and again ever later", async () => {
  await cluster.apply(
    pod("sick", {
      livenessProbe: { httpGet: { path: "/healthz", port: 80 }, periodSeconds: 5, failureThreshold: 2 },
    }),
  )
  await cluster.advance("20s")
  expect(await kubectl("get pod sick -o jsonpath={.status.containerStatuses[0].restartCount}")).toMatch(/^[12]$/)
  const events = await kubectl("get events --field-selector involvedObject.name=sick")
  expect(events).toContain("Liveness probe failed: HTTP probe failed with statuscode: 404")
  expect(events).toContain("Container main failed liveness probe, will be restarted")
})

test("exec and TCP probes, startup first", async () => {
  await cluster.apply(
    pod("slow", {
      startupProbe: { exec: { command: ["cat", "/tmp/started"] }, periodSeconds: 2, failureThreshold: 100 },
      readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2 },
    }),
  )
  await cluster.advance("15s")
  expect(await kubectl("get pod slow --no-headers")).toMatch(/^slow +0\/1 +Running/)
  expect(await kubectl("get events --field-selector involvedObject.name=slow")).toContain("Startup probe failed: cat: ")
  await cluster.pod("slow").exec("touch /tmp/started")
  await cluster.advance("6s")
  expect(await kubectl("get pod slow --no-headers")).toMatch(/^slow +1\/1 +Running/)
})

test("a readiness that stood is looked at again when something happened", async () => {
  await cluster.apply(
    pod("web", { readinessProbe: { httpGet: { path: "/", port: 80 }, periodSeconds: 5, failureThreshold: 1 } }),
  )
  await cluster.pod("web").ready()
  await cluster.advance("1h")
  await cluster.pod("web").exec("rm /usr/share/nginx/html/index.html")
  await cluster.advance("6s")
  expect(await kubectl("get pod web --no-headers")).toMatch(/^web +0\/1 +Running/)
})

test("hooks: after the start, before the end, and what a failed one does", async () => {
  const hooks = {
    postStart: { exec: { command: ["sh", "-c", "echo hello > /usr/share/nginx/html/hello"] } },
    preStop: { exec: { command: ["sleep", "7"] } },
  }
  await cluster.apply([
    pod("polite", { lifecycle: hooks }),
    pod("rude", { lifecycle: { postStart: { exec: { command: ["false"] } } } }),
  ])
  await cluster.pod("polite").ready()
  expect((await cluster.pod("polite").exec("curl -s localhost/hello")).output).toBe("hello\n")
  await kubectl("delete pod polite --wait=false")
  await cluster.advance("6s")
  expect(await kubectl("get pod polite --no-headers")).toMatch(/^polite +1\/1 +Terminating/)
  await cluster.advance("3s")
  expect(await kubectl("get pod polite")).toBe('Error from server (NotFound): pods "polite" not found')
  expect(await kubectl("get events --field-selector involvedObject.name=rude")).toContain("PostStartHook failed")
})
