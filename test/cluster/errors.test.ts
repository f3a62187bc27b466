/** What a user gets wrong: the message names it, and what there is instead. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, type ClusterOptions, createCluster } from "../../src/index.ts"

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ nodes: ["alpha", "beta"] })
  await cluster.apply(pod("web", { nodeName: "beta" }))
})

const pod = (name: string, spec: object = {}, image = "busybox:1.28"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image, command: ["sleep", "3600"] }], ...spec },
})

describe("options of createCluster", () => {
  test.each([
    [
      { node: 3 },
      'createCluster has no option "node"; there are: preset, nodes, podCIDR, cni, seed, epoch, images, tools',
    ],
    [{ preset: "artikel" }, 'preset "artikel": there is "article"'],
    [{ preset: "article", nodes: 3 }, 'preset "article" has its own nodes: leave out "nodes"'],
    [{ nodes: 0 }, "nodes 0: expected 1 to 150"],
    [{ nodes: 1.5 }, "nodes 1.5: expected 1 to 150"],
    [{ nodes: 151 }, "nodes 151: expected 1 to 150"],
    [{ nodes: [] }, "nodes: at least one machine"],
    [{ nodes: ["a", "a"] }, 'nodes: the name "a" is used twice'],
    [{ nodes: ["Big_Name"] }, 'nodes: "Big_Name" is no machine\'s name: expected for example "worker-1"'],
    [{ nodes: [{ name: "a", ipp: "1.2.3.4" }] }, 'nodes: a machine has no "ipp"; there are: name, ip, macs'],
    [{ nodes: [{ name: "a", ip: "10.1" }] }, 'nodes: a: ip "10.1": expected for example "192.168.80.103"'],
    [{ nodes: [{ name: "a", ip: "10.1.1.1" }] }, 'nodes: a: ip "10.1.1.1": the machines\' network is 192.168.80.0/24'],
    [{ nodes: [{ name: "a", ip: "192.168.80.102" }, "b"] }, 'nodes: 192.168.80.102 is used twice: by "a" and "b"'],
    [
      { nodes: [{ name: "a", macs: { eth0: "xx" } }] },
      'nodes: a: macs.eth0 "xx": expected for example "08:00:27:80:00:67"',
    ],
    [{ podCIDR: "10.244.0.0" }, 'podCIDR "10.244.0.0": expected for example "10.244.0.0/16"'],
    [{ podCIDR: "10.244.0.0/28" }, 'podCIDR "10.244.0.0/28": every machine takes a /24 of it'],
    [{ nodes: 5, podCIDR: "10.244.0.0/22" }, 'podCIDR "10.244.0.0/22" has room for 4 machines of /24 each, not for 5'],
    [{ seed: "1" }, 'seed "1": expected a whole number'],
    [{ epoch: "2025" }, 'epoch "2025": expected seconds since 1970'],
    [{ epoch: -1 }, "epoch -1: expected seconds since 1970"],
    [{ seed: 1.5 }, "seed 1.5: expected a whole number"],
    [{ cni: "calico" }, 'cni "calico": expected flannel(), cilium() or "none"'],
    [{ cni: {} }, 'cni {}: expected flannel(), cilium() or "none"'],
  ])("%j", async (options, message) => {
    const error = await createCluster(options as ClusterOptions).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toBe(message)
  })
})

describe("names", () => {
  test("a node: those there are", () => {
    expect(() => cluster.node("gamma")).toThrow(new RangeError('no node "gamma"; there are: alpha, beta'))
  })

  test("a pod may come later; asked for anything before, it names those there are", async () => {
    const later = cluster.pod("later")
    expect(() => later.ip).toThrow(new RangeError('no pod "later" in namespace default; there are: web'))
    await expect(later.exec("true")).rejects.toThrow('no pod "later" in namespace default; there are: web')
    await expect(later.nsenter("true")).rejects.toThrow('no pod "later"')
    await expect(later.ready()).rejects.toThrow('no pod "later"')
    await expect(cluster.pod("nowhere/later").exec("true")).rejects.toThrow("in namespace nowhere; there are: none")
  })

  test("a capture's place and device", async () => {
    const nothing = async (): Promise<void> => undefined
    await expect(cluster.capture({ on: "gamma" }, nothing)).rejects.toThrow(
      /^no node or pod "gamma"; there are: alpha, coredns-\S+, coredns-\S+, beta/,
    )
    await expect(cluster.capture({ on: "alpha", device: "eth7" }, nothing)).rejects.toThrow(
      /^no device "eth7" on alpha; there are: lo, eth0, flannel\.1/,
    )
    const capture = await cluster.capture({}, () => cluster.node("alpha").exec("ping -c 1 beta"))
    expect(() => capture.on("gamma")).toThrow('nothing was captured on "gamma"; there are frames on: alpha, beta')
    expect(() => capture.on("alpha", "eth7")).toThrow(
      'nothing was captured on "eth7" of "alpha"; there are frames on: eth0',
    )
  })

  test("options of a capture and of exec that do not exist", async () => {
    const nothing = async (): Promise<void> => undefined
    await expect(cluster.capture({ filters: "udp" } as object, nothing)).rejects.toThrow(
      'capture has no option "filters"; there are: filter, on, device',
    )
    await expect(cluster.node("alpha").exec("true", { time: 1 } as object)).rejects.toThrow(
      'exec has no option "time"; there are: timeout, stdin, env, onOutput',
    )
  })

  test("a filter that is none", async () => {
    await expect(cluster.capture({ filter: "udp prot 1" }, async () => undefined)).rejects.toThrow(SyntaxError)
    await expect(cluster.capture({ filter: "udp prot 1" }, async () => undefined)).rejects.toThrow(
      'capture filter "udp prot 1": ',
    )
  })
})

describe("time", () => {
  test.each(["soon", "5 parsecs", "", "-1s"])("%j is no duration", async (duration) => {
    await expect((async () => cluster.advance(duration))()).rejects.toThrow(
      `not a duration: ${JSON.stringify(duration)}; expected for example "500ms", "30s", "5m"`,
    )
  })

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("%d s cannot pass", async (seconds) => {
    await expect((async () => cluster.advance(seconds))()).rejects.toThrow(`not a duration: ${seconds}`)
  })

  test("a timeout is said by the exit code, not thrown", async () => {
    const before = cluster.sim.now
    const result = await cluster.node("alpha").exec("sleep 3600", { timeout: "2s" })
    expect([result.code, cluster.sim.now - before]).toEqual([143, 2e9])
  })

  test("a command that never ends is an error, and is gone then", async () => {
    const alpha = cluster.node("alpha")
    await expect(alpha.exec("tcpdump -i eth0 tcp port 1")).rejects.toThrow(
      /^(a year of virtual time went by, and the command has not ended: tcpdump -i eth0 tcp port 1|the simulation came to rest)/,
    )
  })

  test("ready() says what is the matter", async () => {
    await cluster.apply(pod("stuck", { nodeName: "beta" }, "no-such-image:1"))
    await expect(cluster.pod("stuck").ready("30s")).rejects.toThrow(
      /^pod default\/stuck is not Ready after 30s: Pending \(.*no-such-image/,
    )
    await expect(cluster.pod("stuck").exec("true")).rejects.toThrow(
      /^pod default\/stuck has no running container: Pending/,
    )
  })
})

describe("manifests", () => {
  test.each([
    ["kind: Pod\n", 'error: error validating "STDIN"'],
    ["apiVersion: v1\nkind: Nosuch\nmetadata: { name: x }\n", 'no matches for kind "Nosuch" in version "v1"'],
    ["{", "error"],
  ])("%j is refused in kubectl's words", async (manifest, words) => {
    await expect(cluster.apply(manifest)).rejects.toThrow(words)
  })
})

describe("results", () => {
  test("a non-zero exit is data; no JSON is an error that shows what was printed", async () => {
    const result = await cluster.node("alpha").exec("echo plain; exit 3")
    expect([result.ok, result.code, result.text, result.lines]).toEqual([false, 3, "plain", ["plain"]])
    expect(() => result.json()).toThrow('the command printed no JSON (exit code 3): "plain\\n"')
    expect(String(result)).toBe("plain\n[exit code 3]")
    expect((await cluster.node("alpha").exec("ip -j link show lo")).json()).toMatchObject([{ ifname: "lo" }])
  })

  test("a cluster prints as kubectl get nodes -o wide", async () => {
    const { text } = await cluster.node("alpha").exec("kubectl get nodes -o wide")
    expect(String(cluster)).toBe(text)
  })

  test("values in a template are quoted", async () => {
    const value = "a b; echo 'no' $HOME"
    expect((await cluster.node("alpha").exec`printf %s ${value}`).stdout).toBe(value)
    expect((await cluster.node("alpha").exec`echo ${5} ${""} ${"x"}`).stdout).toBe("5  x\n")
  })
})
