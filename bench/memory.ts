/** Bytes an idle pod costs: the heap's and the arena's growth over many of them. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { createCluster } from "../src/index.ts"
import { createPod, createWorld } from "../test/support/world.ts"
import { type Result, ROUNDS, ratio, summary, wall } from "./measure.ts"
import type { KernelPeer } from "./peer/kernel.ts"

/** Of bench/README: performance.md's goal for one pod with everything in struct of arrays. */
const GOAL = 1000
const NETWORKS = 200
/** The kernel's take milliseconds each. */
const KERNEL_NETWORKS = 40
const PODS = 40

export const conditions =
  `pod network: namespace, veth pair on the bridge, address, default route (${NETWORKS} of them); pod: applied through the API and running ` +
  `sleep (${PODS} of them, everything included: objects, sandbox, processes); goal: ${GOAL} bytes a pod in a world of 150,000; kernel: ` +
  `${KERNEL_NETWORKS} of the same pod networks by iproute2, what MemAvailable lost`

/** A full collection on demand, without a flag on the command line. */
function collector(): () => void {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as () => void
}

function held(collect: () => void): number {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

interface Samples {
  bytes: number[]
  milliseconds: number[]
}

export async function run(peer: KernelPeer | undefined): Promise<Result[]> {
  const collect = collector()
  const ours: Samples = { bytes: [], milliseconds: [] }
  const theirs: Samples = { bytes: [], milliseconds: [] }
  const pods: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const own = podNetworks(collect)
    const kernel = peer?.podNetworks(KERNEL_NETWORKS)
    const pod = await podBytes(collect)
    if (round === 0) continue
    pods.push(pod)
    for (const [samples, sample] of [
      [ours, own],
      [theirs, kernel],
    ] as const) {
      if (sample === undefined) continue
      samples.bytes.push(sample.bytes)
      samples.milliseconds.push(sample.milliseconds)
    }
  }
  return [...networkResults(ours, theirs), summary("memory", "running pod", "bytes", pods)]
}

function networkResults(ours: Samples, theirs: Samples): Result[] {
  const own = [
    summary("memory", "pod network", "bytes", ours.bytes),
    summary("memory", "pod network, building it", "ms", ours.milliseconds),
  ]
  if (theirs.bytes.length === 0) return own
  return [
    ...own,
    summary("memory", "kernel pod network", "bytes", theirs.bytes),
    summary("memory", "kernel pod network, building it", "ms", theirs.milliseconds),
    ratio("memory", "kernel / pod network, bytes", theirs.bytes, ours.bytes),
    ratio("memory", "kernel / pod network, time", theirs.milliseconds, ours.milliseconds),
  ]
}

function podNetworks(collect: () => void): { bytes: number; milliseconds: number } {
  const world = createWorld()
  const [{ kernel, bridge }] = world.machines
  const before = held(collect)
  const start = wall()
  for (let i = 0; i < NETWORKS; i++) createPod(kernel, bridge, "10.244.1", 3 + i)
  const milliseconds = (wall() - start) / NETWORKS
  const after = held(collect)
  if (kernel.namespaces.length < NETWORKS) throw new Error("the pods are gone: nothing was measured")
  return { bytes: (after - before) / NETWORKS, milliseconds }
}

const podManifest = (i: number): string => `apiVersion: v1
kind: Pod
metadata: { name: p${i} }
spec: { containers: [{ name: c, image: "busybox:1.28", command: [sleep, "3600"] }] }
`

async function podBytes(collect: () => void): Promise<number> {
  const cluster = await createCluster()
  await apply(0, 4)
  const before = held(collect)
  await apply(4, 4 + PODS)
  const after = held(collect)
  return (after - before) / PODS

  async function apply(from: number, to: number): Promise<void> {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i)
    await cluster.apply(numbers.map(podManifest).join("---\n"))
    for (const i of numbers) await cluster.pod(`p${i}`).ready()
  }
}
