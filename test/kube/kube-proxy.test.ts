/** kube-proxy's rules: as the real iptables takes and prints them, and as this kernel's does. */
import { expect, test } from "vitest"
import { endpointHash, serviceHash } from "../../src/kube/proxy/chain-names.ts"
import { parseProxyConfig } from "../../src/kube/proxy/config.ts"
import { Proxier } from "../../src/kube/proxy/proxier.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import { iptablesRestore, iptablesSave } from "../../src/linux/netfilter/xtables/restore.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { readGolden } from "../support/golden.ts"
import { PROXY_CASES } from "../support/proxy-cases.ts"
import { proxyText } from "../support/proxy-text.ts"

const golden = readGolden("test/golden/kube-proxy.txt")
const machine = (): Kernel => new Kernel(new Simulation({ seed: 1 }), { hostname: "worker-1", arena: new Arena() })
const saved = (kernel: Kernel): string => iptablesSave(kernel.initNet).replace(/^# .*\n/gm, "")

test("names of chains are the well-known ones", () => {
  expect(serviceHash("default/kubernetes:https", "tcp")).toBe("NPX46M4PTMTKRN6Y")
  expect(serviceHash("kube-system/kube-dns:dns", "udp")).toBe("TCOU7JCQXEZGVUNU")
  // The chains of the twin's recording.
  expect(serviceHash("default/backend", "tcp")).toBe("NU7AD2CJVNXKF2GF")
  expect(endpointHash("default/backend", "tcp", "10.244.2.2:80")).toBe("BS46TXKM67Y6ROAJ")
})

test("every case is recorded", () => {
  expect(golden.map(({ command }) => command)).toEqual(PROXY_CASES.map(({ name }) => name))
})

for (const proxyCase of PROXY_CASES)
  test(`rules as the real iptables saves them: ${proxyCase.name}`, () => {
    const kernel = machine()
    const result = iptablesRestore(kernel.initNet, proxyText(proxyCase), { noflush: true })
    expect(result.error).toBe("")
    expect(saved(kernel)).toBe(golden.find(({ command }) => command === proxyCase.name)?.output)
  })

test("a proxier comes to the same rules from any other, and takes chains away that nothing needs", () => {
  const cases = PROXY_CASES.filter(({ name }) => name !== "affinity")
  const one = machine()
  const proxier = new Proxier(one.initNet, "10.244.0.0/16")
  for (const { services, slices, node } of [...cases, ...cases.toReversed()]) {
    expect(proxier.sync(services, slices, node)).toBeUndefined()
    const fresh = machine()
    new Proxier(fresh.initNet, "10.244.0.0/16").sync(services, slices, node)
    expect(saved(one)).toBe(saved(fresh))
  }
})

test("a proxier that starts anew finds its jumps, and removes what the last one left", () => {
  const kernel = machine()
  const [, web] = PROXY_CASES
  const { services = [], slices = [], node = "" } = web ?? {}
  new Proxier(kernel.initNet, "10.244.0.0/16").sync(services, slices, node)
  new Proxier(kernel.initNet, "10.244.0.0/16").sync([], [], node)
  const text = saved(kernel)
  expect(text).not.toMatch(/KUBE-(SVC|SEP)-/)
  expect(text.match(/-j KUBE-PROXY-FIREWALL/g)?.length).toBe(3)
})

test("a configuration that asks for more is refused by name", () => {
  const text = 'kind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\niptables:\n  masqueradeAll: true\nmode: ""\n'
  expect(parseProxyConfig(text)).toBe("podwire's kube-proxy does not support iptables.masqueradeAll: true")
  expect(parseProxyConfig(text.replace("All: true", "All: false"))).toEqual({ clusterCIDR: "10.244.0.0/16" })
  expect(parseProxyConfig("clusterCIDR: 10.244.0.0/16\nmode: ipvs\n")).toBe(
    "podwire's kube-proxy does not support mode: ipvs",
  )
})
