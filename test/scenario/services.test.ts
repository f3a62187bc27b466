/** Services and names in a kubeadm cluster, by packets: ClusterIP, NodePort, headless, external names, no endpoints, affinity. */
import { beforeAll, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

const MANIFESTS = `
apiVersion: v1
kind: Pod
metadata: { name: client }
spec:
  nodeName: worker-1
  containers: [{ name: busybox, image: "busybox:1.28", command: [sh, -c, sleep 36000] }]
---
apiVersion: v1
kind: Pod
metadata: { name: near, labels: { app: web } }
spec:
  nodeName: worker-3
  hostname: near
  subdomain: headless
  containers:
    - name: nginx
      image: nginx
      ports: [{ name: http, containerPort: 80 }]
      readinessProbe: { httpGet: { path: /ok, port: http }, periodSeconds: 5 }
---
apiVersion: v1
kind: Pod
metadata: { name: far, labels: { app: web } }
spec:
  nodeName: worker-2
  containers:
    - name: nginx
      image: nginx
      ports: [{ name: http, containerPort: 80 }]
---
apiVersion: v1
kind: Pod
metadata: { name: beside, labels: { app: beside } }
spec: { nodeName: worker-1, containers: [{ name: nginx, image: nginx }] }
---
apiVersion: v1
kind: Service
metadata: { name: beside }
spec: { selector: { app: beside }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: NodePort, selector: { app: web }, ports: [{ name: http, port: 8080, targetPort: http, nodePort: 30080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: headless }
spec: { clusterIP: None, selector: { app: web }, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: nobody }
spec: { selector: { app: nobody }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: web.default.svc.cluster.local }
---
apiVersion: v1
kind: Service
metadata: { name: sticky }
spec: { sessionAffinity: ClientIP, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: local }
spec: { type: NodePort, externalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80, nodePort: 30081 }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: outside }
subsets: [{ addresses: [{ ip: 10.244.2.2 }], ports: [{ port: 80 }] }]
`

let cluster: Cluster
const client = (command: string): Promise<string> =>
  cluster
    .pod("client")
    .exec(command)
    .then(({ output }) => output)
const master = (command: string): Promise<string> =>
  cluster
    .node("control-plane")
    .exec(command)
    .then(({ output }) => output)
const on = (node: string, command: string): Promise<string> =>
  cluster
    .node(node)
    .exec(command)
    .then(({ output }) => output)

beforeAll(async () => {
  cluster = await createCluster({ nodes: 4 })
  await cluster.apply(MANIFESTS)
  await cluster.settle()
  await cluster.advance("2s")
  for (const pod of ["near", "far"]) await cluster.pod(pod).exec(`echo ${pod} > /usr/share/nginx/html/name`)
})

test("an unready pod gets no traffic; once its probe succeeds it does", async () => {
  expect(await master("kubectl get endpoints web --no-headers")).toMatch(/^web +10\.244\.2\.2:80 /)
  expect(await master("kubectl get pod near --no-headers")).toMatch(/^near +0\/1 +Running/)
  for (let i = 0; i < 6; i++) expect(await client("wget -qO- http://web:8080/name")).toBe("far\n")
  expect(await master("kubectl get events --field-selector involvedObject.name=near | grep Unhealthy")).toContain(
    "Readiness probe failed: HTTP probe failed with statuscode: 404",
  )
  await cluster.pod("near").exec("touch /usr/share/nginx/html/ok")
  await cluster.advance("12s")
  expect(await master("kubectl get endpoints web --no-headers")).toMatch(/^web +10\.244\.2\.2:80,10\.244\.3\.2:80 /)
  const names = new Set<string>()
  for (let i = 0; i < 20; i++) names.add(await client("wget -qO- http://web:8080/name"))
  expect([...names].sort()).toEqual(["far\n", "near\n"])
})

test("names: search path, namespaces, headless, hostnames, aliases, and what does not exist", async () => {
  const address = async (name: string): Promise<string[]> =>
    (await client(`nslookup ${name}`))
      .split("\n")
      .slice(3)
      .flatMap((line) => /^Address \d+: (\S+)/.exec(line)?.[1] ?? [])
      .sort()
  const web = (await master("kubectl get svc web -o jsonpath={.spec.clusterIP}")).trim()
  for (const name of ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "alias"])
    expect(await address(name), name).toEqual([web])
  expect(await address("headless")).toEqual(["10.244.2.2", "10.244.3.2"])
  expect(await address("near.headless")).toEqual(["10.244.3.2"])
  expect(await address("10-244-2-2.headless")).toEqual(["10.244.2.2"])
  expect(await address("10-244-9-9.default.pod")).toEqual(["10.244.9.9"])
  expect(await address("kube-dns.kube-system")).toEqual(["10.96.0.10"])
  for (const name of ["nothing", "web.nowhere", "x.web", "10-244-9-9.nowhere.pod"])
    expect(await client(`nslookup ${name}`), name).toContain(`can't resolve '${name}'`)
})

test("a Service without endpoints is refused at once", async () => {
  const before = cluster.sim.now
  expect(await client("wget -qO- -T 5 http://nobody/")).toContain("Connection refused")
  expect(cluster.sim.now - before).toBeLessThan(1e9)
})

test("NodePort: by any node, from a node and from a pod; with Local only where a pod is", async () => {
  for (const node of cluster.nodes)
    expect(await on("worker-2", `curl -s http://${node.ip}:30080/name`), node.name).toMatch(/^(near|far)\n$/)
  expect(await client(`wget -qO- -T 5 http://${cluster.node("worker-2").ip}:30080/name`)).toMatch(/^(near|far)\n$/)
  expect(await on("control-plane", `curl -s http://${cluster.node("worker-3").ip}:30081/name`)).toBe("near\n")
  expect(await on("control-plane", `curl -s http://${cluster.node("worker-2").ip}:30081/name`)).toBe("far\n")
  expect(await on("worker-1", `curl -s -m 3 http://${cluster.node("control-plane").ip}:30081/name; echo $?`)).toBe(
    "28\n",
  )
})

test("a client sticks to its endpoint", async () => {
  const names = new Set<string>()
  for (let i = 0; i < 12; i++) names.add(await client("wget -qO- http://sticky/name"))
  expect(names.size).toBe(1)
})

test("hand-written endpoints are reached", async () => {
  expect(await client("wget -qO- http://outside/name")).toBe("far\n")
})

test("a pod reaches itself through its Service", async () => {
  const names = new Set<string>()
  for (let i = 0; i < 12; i++) names.add((await cluster.pod("near").exec("curl -s http://web:8080/name")).output)
  expect([...names].sort()).toEqual(["far\n", "near\n"])
})

test("a pod on the client's own node: its answers cross the bridge, and are translated there", async () => {
  expect(await client("wget -qO- -T 2 http://beside/ | head -1")).toBe("<!DOCTYPE html>\n")
  await on(
    "worker-1",
    "sysctl -w net.bridge.bridge-nf-call-iptables=0 || echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables",
  )
  expect(await client("wget -qO- -T 2 http://beside/")).toBe("wget: download timed out\n")
  await on("worker-1", "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables")
})

test("the API's own Service leads to the control plane", async () => {
  const found = await cluster.node("worker-1").reach("kubernetes")
  expect(found.reached).toBe(true)
  expect((await cluster.pod("client").reach("web")).reached).toBe(true)
  const refused = await cluster.pod("client").reach("nobody:80")
  expect([refused.reached, refused.errno]).toEqual([false, "ECONNREFUSED"])
})
