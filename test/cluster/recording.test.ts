/** Frames of pods that come while frames are being taken. */
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const pod = (name: string, node: string, namespace = "default"): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace} }
spec: { nodeName: ${node}, containers: [{ name: web, image: nginx }] }
---`

test("a pod that starts meanwhile is listened to, from the first packet on", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.apply(pod("old", "k8s-worker-1"))
  const old = cluster.pod("old")
  await old.ready()
  const recording = await cluster.record({ tables: true })
  await cluster.apply(pod("new", "k8s-worker-2"))
  const fresh = cluster.pod("new")
  await fresh.ready()
  await old.exec(`curl -s -o /dev/null http://${fresh.ip}/`)
  const capture = recording.stop()
  const syn = capture.filter("tcp[tcpflags] == tcp-syn").frames[0]
  const places = capture.journey(syn).map(({ node, pod, device }) => `${pod ?? node ?? ""} ${device}`)
  expect(places.at(0)).toBe("old eth0")
  expect(places.at(-1)).toBe("new eth0")
  expect(capture.journey(syn).at(-1)?.action).toBe("delivered")
  expect(capture.tables("new", cluster.sim.now).routes).toContain("default via 10.244.2.1 dev eth0")

  // Once it has ended it hears nothing.
  await cluster.apply(pod("later", "k8s-worker-3"))
  await cluster.pod("later").ready()
  expect(() => capture.on("later")).toThrow(RangeError)
})

test("a pod that comes again under its name: each packet's decisions are those of the pod that it met", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.apply(pod("client", "k8s-worker-1") + pod("server", "k8s-worker-2"))
  const client = cluster.pod("client")
  await Promise.all([client.ready(), cluster.pod("server").ready()])
  const first = cluster.pod("server").ip
  const recording = await cluster.record({ filter: "tcp port 80", tables: true })
  await client.exec(`curl -s -o /dev/null http://${first}/`)
  const between = cluster.sim.now
  await cluster.node("k8s-master").exec("kubectl delete pod server")
  await cluster.apply(pod("server", "k8s-worker-2"))
  await cluster.pod("server").ready()
  const second = cluster.pod("server").ip
  await client.exec(`curl -s -o /dev/null http://${second}/`)
  const capture = recording.stop()
  expect(second).not.toBe(first)
  for (const address of [first, second]) {
    const syn = capture.filter(`tcp[tcpflags] == tcp-syn and dst host ${address}`).frames[0]
    expect(capture.journey(syn).at(-1)).toMatchObject({ pod: "server", device: "eth0", action: "delivered" })
  }
  const source = (time: number): string | undefined => / src (\S+)/.exec(capture.tables("server", time).routes)?.[1]
  expect([source(between), source(cluster.sim.now)]).toEqual([first, second])
})

test("two pods of one name, in two namespaces", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.node("k8s-master").exec("kubectl create namespace other")
  await cluster.settle()
  await cluster.apply(pod("web", "k8s-worker-1") + pod("web", "k8s-worker-2", "other"))
  await Promise.all([cluster.pod("web").ready(), cluster.pod("other/web").ready()])
  const capture = await cluster.capture({}, () =>
    cluster.pod("web").exec(`curl -s -o /dev/null http://${cluster.pod("other/web").ip}/`),
  )
  const hops = capture.journey(capture.filter("tcp[tcpflags] == tcp-syn").frames[0])
  expect(hops.at(-1)).toMatchObject({ node: "k8s-worker-2", action: "delivered" })
})

test("a capture of one place, or of one device, is of that", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.apply(pod("one", "k8s-worker-1"))
  await cluster.pod("one").ready()
  const capture = await cluster.capture({ on: "one" }, async () => {
    await cluster.apply(pod("two", "k8s-worker-2"))
    await cluster.pod("two").ready()
    await cluster.pod("two").exec(`curl -s -o /dev/null http://${cluster.pod("one").ip}/`)
  })
  expect([...new Set(capture.frames.map(({ where }) => where))]).toEqual(["one"])
})

test("a device that is not there leaves nothing behind", async () => {
  const cluster = await createCluster({ nodes: ["a"], cni: "none" })
  await expect(cluster.record({ device: "eth9" })).rejects.toThrow('no device "eth9" on a; there are: ')
  expect(cluster.sim.trace.on).toBe(0)
})
