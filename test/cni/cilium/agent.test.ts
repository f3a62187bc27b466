import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CniConf } from "../../../src/cni/cilium/agent/cni-conf.ts"
import { Ipam, restore } from "../../../src/cni/cilium/agent/ipam.ts"
import { Ipcache } from "../../../src/cni/cilium/agent/ipcache.ts"
import { LocalIdentities } from "../../../src/cni/cilium/agent/local-identities.ts"
import { optionsOf } from "../../../src/cni/cilium/agent/options.ts"
import { namedPorts, podLabels } from "../../../src/cni/cilium/agent/pod-labels.ts"
import { IpcacheMap } from "../../../src/cni/cilium/datapath/maps/ipcache-map.ts"
import type { ApiObject, Pod } from "../../../src/kube/api/types.ts"
import { Vfs } from "../../../src/linux/task/vfs.ts"
import { isIdentityLabel } from "../../../src/policy/identity-labels.ts"
import { PolicyRepository } from "../../../src/policy/repository.ts"
import { Prng } from "../../../src/sim/prng.ts"
import { ipv4, parsePrefix } from "../../../src/wire/address.ts"

const range = (text: string): NonNullable<ReturnType<typeof parsePrefix>> => {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  return prefix
}

describe("ipam", () => {
  test("gives out every address of the range but the first and the last, each once", () => {
    const ipam = new Ipam(range("10.0.1.0/24"), new Prng(1))
    const given = new Set<number>()
    for (let i = 0; i < 254; i++) given.add(ipam.allocate(`p${i}`) as number)
    expect(given.size).toBe(254)
    expect(given.has(ipv4("10.0.1.0"))).toBe(false)
    expect(given.has(ipv4("10.0.1.255"))).toBe(false)
    expect(ipam.allocate("one too many")).toBe("No more IPs available")
    ipam.release(ipv4("10.0.1.7"))
    expect(ipam.allocate("again")).toBe(ipv4("10.0.1.7"))
  })

  test("a former address comes back when it is of the range and free", () => {
    const ipam = new Ipam(range("10.0.1.0/24"), new Prng(1))
    expect(restore(ipam, ipv4("10.0.1.9"), "router")).toBe(ipv4("10.0.1.9"))
    expect(restore(ipam, ipv4("10.0.1.9"), "health")).not.toBe(ipv4("10.0.1.9"))
    expect(ipam.take(ipv4("10.0.2.9"), "x")).toBe(
      "provided IP is not in the valid range. The range of valid IPs is 10.0.1.0/24",
    )
  })
})

describe("labels of a pod", () => {
  const pod = (labels: Record<string, string>, ports: object[] = []): Pod =>
    ({
      metadata: { name: "web", namespace: "shop", labels },
      spec: { serviceAccountName: "", containers: [{ name: "c", ports }] },
    }) as unknown as Pod
  const namespace = { metadata: { name: "shop", labels: { team: "a", "kubernetes.io/metadata.name": "shop" } } }

  test("those of the pod, of its namespace, and Cilium's own", () => {
    expect(
      podLabels(pod({ app: "web", "pod-template-hash": "1" }), namespace as unknown as ApiObject, "kubernetes").labels,
    ).toEqual([
      "k8s:app=web",
      "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=shop",
      "k8s:io.cilium.k8s.namespace.labels.team=a",
      "k8s:io.cilium.k8s.policy.cluster=kubernetes",
      "k8s:io.cilium.k8s.policy.serviceaccount=default",
      "k8s:io.kubernetes.pod.namespace=shop",
    ])
  })

  test("a pod cannot claim another namespace", () => {
    const labels = { "io.cilium.k8s.policy.cluster": "evil", "io.cilium.k8s.namespace.labels.team": "b" }
    const set = podLabels(pod(labels), namespace as unknown as ApiObject, "kubernetes")
    expect(set.get("k8s", "io.cilium.k8s.policy.cluster")).toBe("kubernetes")
    expect(set.get("k8s", "io.cilium.k8s.namespace.labels.team")).toBe("a")
  })

  test.each([
    ["app", true],
    ["app.kubernetes.io/name", true],
    ["io.kubernetes.pod.uid", false],
    ["kubernetes.io/hostname", false],
    ["statefulset.kubernetes.io/pod-name", false],
    ["failure-domain.beta.kubernetes.io/zone", false],
    ["pod-template-hash", false],
    ["controller-revision-hash", false],
    ["my.kubernetes.io/x", true],
  ])("%s counts: %s", (key, counts) => {
    expect(isIdentityLabel(key)).toBe(counts)
  })

  test("named ports, lower case, by protocol", () => {
    const ports = [
      { name: "HTTP", containerPort: 80 },
      { name: "http", containerPort: 8080 },
      { name: "dns", containerPort: 53, protocol: "UDP" },
      { containerPort: 9 },
    ]
    expect([...namedPorts(pod({}, ports))]).toEqual([
      ["http/6", [80, 8080]],
      ["dns/17", [53]],
    ])
  })
})

describe("local identities", () => {
  const world = (): { local: LocalIdentities; map: IpcacheMap; repository: PolicyRepository } => {
    const map = new IpcacheMap()
    const repository = new PolicyRepository()
    return { local: new LocalIdentities(repository, new Ipcache(map)), map, repository }
  }
  const identity = (map: IpcacheMap, address: string): number | undefined => map.lookup(ipv4(address))?.identity

  test("numbered in order from 16777217; everything is the world", () => {
    const { local, map } = world()
    local.setPolicyPrefixes(["0.0.0.0/0", "10.1.0.0/16", "192.0.2.0/24"])
    expect(identity(map, "8.8.8.8")).toBe(2)
    expect(identity(map, "10.1.2.3")).toBe(16777217)
    expect(identity(map, "192.0.2.1")).toBe(16777218)
    expect(local.labels(16777217)?.labels).toEqual(["cidr:10.1.0.0/16", "reserved:world"])
    local.setPolicyPrefixes(["192.0.2.0/24"])
    expect(identity(map, "10.1.2.3")).toBeUndefined()
    expect(identity(map, "192.0.2.1")).toBe(16777218)
  })

  test("a name's address inside a prefix belongs to both", () => {
    const { local, map } = world()
    local.setPolicyPrefixes(["192.0.2.0/24"])
    local.set("dns", "192.0.2.7/32", ["fqdn:example.com"])
    const id = identity(map, "192.0.2.7") as number
    expect(local.labels(id)?.labels).toEqual(["cidr:192.0.2.0/24", "fqdn:example.com", "reserved:world"])
    local.setPolicyPrefixes([])
    const later = identity(map, "192.0.2.7") as number
    expect(local.labels(later)?.labels).toEqual(["fqdn:example.com", "reserved:world"])
  })

  test("whatever comes and goes, the map is as if only the last had been asked for", () => {
    const prefix = fc.constantFrom("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.0.2.0/24", "192.0.2.7/32")
    const seed = 20251018
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(prefix), { minLength: 1, maxLength: 6 }), (steps) => {
        const { local, map } = world()
        for (const step of steps) local.setPolicyPrefixes(step)
        const held = [...map.entries()].map(({ prefixLength }) => prefixLength).sort()
        const wanted = (steps.at(-1) as string[]).map((text) => Number(text.split("/")[1])).sort()
        expect(held).toEqual(wanted)
        expect(new Set(local.list.map(({ id }) => id)).size).toBe(wanted.length)
      }),
      { seed, numRuns: 200 },
    )
  })
})

test("of what several say about an address, the best source wins", () => {
  const map = new IpcacheMap()
  const ipcache = new Ipcache(map)
  ipcache.upsert("10.0.1.5/32", "custom-resource", { identity: 7000, origin: "object" })
  ipcache.upsert("10.0.1.5/32", "local", { identity: 8000, origin: "endpoint" })
  expect(map.lookup(ipv4("10.0.1.5"))?.identity).toBe(8000)
  ipcache.delete("10.0.1.5/32", "local")
  expect(map.lookup(ipv4("10.0.1.5"))?.identity).toBe(7000)
  ipcache.delete("10.0.1.5/32", "custom-resource")
  expect(map.lookup(ipv4("10.0.1.5"))).toBeUndefined()
})

describe("the network's configuration", () => {
  const folder = "/host/etc/cni/net.d"
  const options = (exclusive: boolean): Exclude<ReturnType<typeof optionsOf>, string> => {
    const read = optionsOf(
      new Map([
        ["write-cni-conf-when-ready", `${folder}/05-cilium.conflist`],
        ["cni-exclusive", String(exclusive)],
      ]),
    )
    if (typeof read === "string") throw new Error(read)
    return read
  }

  function start(exclusive: boolean): { fs: Vfs; conf: CniConf; lines: string[] } {
    const fs = new Vfs({ now: 0 })
    fs.mkdir(folder, { recursive: true })
    fs.writeFile(`${folder}/10-flannel.conflist`, "{}")
    fs.writeFile(`${folder}/notes.txt`, "kept")
    const lines: string[] = []
    const conf = new CniConf(fs, (_level, message) => lines.push(message), options(exclusive))
    conf.start()
    return { fs, conf, lines }
  }

  test("exclusive: others are renamed, again and again", () => {
    const { fs, conf, lines } = start(true)
    expect(fs.readdir(folder)).toEqual(["05-cilium.conflist", "10-flannel.conflist.cilium_bak", "notes.txt"])
    expect(lines).toEqual([
      "Generating CNI configuration file",
      "Wrote CNI configuration file",
      "Renaming non-Cilium CNI configuration file",
    ])
    fs.writeFile(`${folder}/10-flannel.conflist`, "{}")
    expect(fs.exists(`${folder}/10-flannel.conflist`)).toBe(false)
    fs.unlink(`${folder}/05-cilium.conflist`)
    expect(fs.exists(`${folder}/05-cilium.conflist`)).toBe(true)
    conf.stop()
    fs.writeFile(`${folder}/10-flannel.conflist`, "{}")
    expect(fs.exists(`${folder}/10-flannel.conflist`)).toBe(true)
  })

  test("not exclusive: others stay; the file is for root alone", () => {
    const { fs } = start(false)
    expect(fs.exists(`${folder}/10-flannel.conflist`)).toBe(true)
    const stat = fs.stat(`${folder}/05-cilium.conflist`)
    expect(typeof stat === "string" ? stat : stat.mode & 0o777).toBe(0o600)
  })
})

test.each([
  ["ipam", "eni", "podwire does not support ipam mode eni"],
  ["routing-mode", "native", "podwire does not support routing-mode=native"],
  ["enable-bpf-masquerade", "true", "podwire does not support enable-bpf-masquerade=true"],
])("an agent refuses %s=%s by name", (key, value, message) => {
  expect(optionsOf(new Map([[key, value]]))).toBe(message)
})
