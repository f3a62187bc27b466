/** The packets of a page's cells: what the view asks, and what it is told. */

import * as podwire from "podwire"
import { expect, test } from "vitest"
import { flowOf } from "../../site/packets/flow.ts"
import type { PacketDetail, PacketList, PacketQuestion } from "../../site/packets/protocol.ts"
import { Recorder } from "../../site/packets/recorder.ts"
import { readPcap } from "../../src/capture/file/savefile.ts"

const POD = (name: string, node: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { nodeName: ${node}, containers: [{ name: web, image: nginx }] }
---`
const DENY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny }
spec: { podSelector: {}, policyTypes: [Ingress] }
`

async function denied(): Promise<Recorder> {
  const recorder = new Recorder(podwire)
  const cluster = await recorder.during("cluster", async () => {
    const cluster = await recorder.module.createCluster({ preset: "article", cni: podwire.cilium() })
    await cluster.apply(POD("one", "k8s-worker-1") + POD("two", "k8s-worker-2"))
    await Promise.all(["one", "two"].map((name) => cluster.pod(name).ready()))
    return cluster
  })
  await cluster.apply(DENY)
  await recorder.during("fetch", () => cluster.pod("one").exec(`curl -s -m 1 http://${cluster.pod("two").ip}/`))
  return recorder
}

test("a denied connection: the list, why it died, the line of the manifest, the file", async () => {
  const recorder = await denied()
  const ask = <T>(question: object): Promise<T> =>
    recorder.answer({ cell: "fetch", cluster: 0, ...question } as PacketQuestion) as Promise<T>
  const list = await ask<PacketList>({ kind: "list", filter: "tcp port 80" })
  expect(list.clusters).toEqual([expect.any(Number)])
  expect(list.rows.map(({ place, frames, dropped }) => [place, frames, dropped])).toEqual([
    ["one eth0", 6, "SKB_DROP_REASON_TC_INGRESS: Policy denied"],
  ])
  const { stops, policy } = await ask<PacketDetail>({ kind: "packet", packet: list.rows[0]?.packet })
  expect(stops.map(({ where, device, action }) => `${where ?? "wire"} ${device} ${action}`)).toMatchInlineSnapshot(`
    [
      "one eth0 sent",
      "k8s-worker-1 lxc05434ff4ff14 redirected",
      "k8s-worker-1 cilium_vxlan encapsulated",
      "k8s-worker-1 enp0s8 sent",
      "wire wire wire",
      "k8s-worker-2 enp0s8 decapsulated",
      "k8s-worker-2 cilium_vxlan received",
      "k8s-worker-2 cilium_vxlan dropped",
    ]
  `)
  expect(stops.at(-1)?.detail).toBe("SKB_DROP_REASON_TC_INGRESS: Policy denied")
  const tunnelled = stops.filter(({ layers }) => layers?.some(({ protocol }) => protocol === "vxlan"))
  expect(tunnelled.length).toBe(2)
  for (const { bytes, layers } of stops.filter((stop) => stop.bytes !== undefined))
    expect(layers?.reduce((sum, { length }) => sum + length, 0)).toBe(bytes?.length)
  expect(policy).toContain("isolated by NetworkPolicy default/deny spec")
  const file = await ask<Uint8Array>({ kind: "file", filter: "udp port 8472" })
  expect(readPcap(file)).toMatchObject({ frames: { length: 2 } })
})

test("a filter that libpcap refuses, and a cell that has not run", async () => {
  const recorder = await denied()
  const list = (await recorder.answer({ cell: "fetch", cluster: 0, kind: "list", filter: "tcp prot" })) as PacketList
  expect([list.rows, list.error]).toEqual([[], expect.stringContaining("syntax error")])
  await expect(recorder.answer({ cell: "later", cluster: 0, kind: "list", filter: "" })).rejects.toThrow(
    "cell later has not run; those that have: cluster, fetch",
  )
})

test("listening changes nothing: the same time, the same outputs, nested captures too", async () => {
  const run = async (createCluster: typeof podwire.createCluster, during: Recorder["during"]): Promise<string[]> => {
    const cluster = await createCluster({ preset: "article" })
    const out: string[] = []
    await during("pods", async () => {
      await cluster.apply(POD("one", "k8s-worker-1") + POD("two", "k8s-worker-2"))
      await Promise.all(["one", "two"].map((name) => cluster.pod(name).ready()))
    })
    await during("ping", async () => {
      out.push(String(await cluster.pod("one").exec(`curl -s http://${cluster.pod("two").ip}:81/`)))
      const capture = await cluster.capture({ filter: "tcp" }, () =>
        cluster.pod("one").exec(`curl -s http://${cluster.pod("two").ip}:82/`),
      )
      out.push(String(capture), JSON.stringify(capture.drops))
    })
    return [...out, String(cluster.sim.now)]
  }
  const recorder = new Recorder(podwire)
  const heard = await run(recorder.module.createCluster, recorder.during.bind(recorder))
  expect(heard).toEqual(await run(podwire.createCluster, (_, work) => work()))
  expect(heard[2]).toContain("SKB_DROP_REASON_NO_SOCKET")
})

test("a flow is the innermost one, the same in both directions", async () => {
  const recorder = await denied()
  const list = (await recorder.answer({ cell: "fetch", cluster: 0, kind: "list", filter: "tcp" })) as PacketList
  const { stops } = (await recorder.answer({
    cell: "fetch",
    cluster: 0,
    kind: "packet",
    packet: list.rows[0]?.packet ?? 0,
  })) as PacketDetail
  const keys = stops.flatMap(({ layers }) => (layers === undefined ? [] : [flowOf(layers)?.key]))
  expect(new Set(keys).size).toBe(1)
})
