/** The tables of machines, as they stood while a capture ran. */
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const POD = (name: string, node: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { nodeName: ${node}, containers: [{ name: web, image: nginx }] }
---`

test("a neighbour comes, a row of the FDB goes: before, between and after", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.apply(POD("one", "k8s-worker-1") + POD("two", "k8s-worker-2"))
  const [one, two] = ["one", "two"].map((name) => cluster.pod(name))
  await Promise.all([one?.ready(), two?.ready()])
  const worker = cluster.node("k8s-worker-1")
  const printed = async (): Promise<string[]> => {
    const { stdout } = await worker.exec("ip route; echo --; ip neigh; echo --; bridge fdb")
    return stdout.split("--\n")
  }
  const before = await printed()
  const capture = await cluster.capture({ filter: "tcp", tables: true }, async () => {
    await one?.exec(`curl -s -o /dev/null http://${two?.ip}/`)
    await worker.exec("bridge fdb del 5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105")
    await one?.exec(`curl -s -m 1 http://${two?.ip}/`)
  })
  const after = await printed()
  const shown = (time: number): string[] => {
    const { routes, neighbours, fdb } = capture.tables("k8s-worker-1", time)
    return [routes, neighbours, fdb]
  }
  expect(shown(0)).toEqual(before)
  expect(shown(cluster.sim.now)).toEqual(after)
  const [first] = capture.on("one").frames
  const [dropped] = capture.drops
  expect(shown(first?.time ?? 0)[2]).toContain("5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105")
  expect(shown(dropped?.time ?? 0)[2]).not.toContain("5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105")
  expect(capture.tables("one", first?.time ?? 0).neighbours).toContain("lladdr")
  expect(() => capture.tables("three", 0)).toThrow(/nobody listened on "three"; there were: k8s-master, /)
})

test("a capture without tables says how to have them", async () => {
  const cluster = await createCluster({ nodes: ["a"], cni: "none" })
  const capture = await cluster.capture({}, async () => undefined)
  expect(() => capture.tables("a", 0)).toThrow("this capture kept no tables: capture({ tables: true }, …) does")
})
