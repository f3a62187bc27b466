/** kube-proxy's rules: as the real iptables takes and prints them, and as this kernel's does. */
import { expect, test } from "vitest"
import { endpointHash, serviceHash } from "../../src/kube/proxy/chain-names.ts"
import { parseProxyConfig } from "../../src/kube/proxy/config.ts"
import { Proxier } from "../../src/kube/proxy/proxier.ts"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import { iptablesRestore, iptablesSave } from "../../src/linux/netfilter/xtables/restore.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkUp } from "../../src/linux/rtnetlink/link.ts"
import { routeAdd } from "../../src/linux/rtnetlink/route.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import { readGolden } from "../support/golden.ts"
import { PROXY_CASES, type ProxyCase } from "../support/proxy-cases.ts"
import { proxyText } from "../support/proxy-text.ts"
import { ok, start } from "../support/world.ts"

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

test("datagrams follow their Service to another endpoint: what the kernel remembers of the old one is forgotten", async () => {
  const kernel = machine()
  const { initNet: net, sim } = kernel
  linkUp(net.loopback)
  for (const address of ["10.244.1.2", "10.244.1.3"])
    ok(addrAdd(net.loopback, { address: ipv4(address), prefixLength: 32 }))
  ok(routeAdd(net, { destination: ipv4("10.96.0.0"), prefixLength: 12, dev: net.loopback }))
  const heard: string[] = []
  for (const address of ["10.244.1.2", "10.244.1.3"])
    start(kernel, net, async (proc) => {
      const socket = new UdpSocket(net)
      socket.bind(ipv4(address), 5353)
      for (;;) {
        await socket.receiveFrom(proc)
        heard.push(address)
      }
    })
  const dns = PROXY_CASES.find(({ name }) => name === "named-ports-udp") as ProxyCase
  const moved = JSON.parse(JSON.stringify(dns.slices).replaceAll("10.244.1.2", "10.244.1.3")) as ProxyCase["slices"]
  const proxier = new Proxier(net, "10.244.0.0/16")
  const client = new UdpSocket(net)
  client.bind(0, 4444)
  for (const slices of [dns.slices, moved]) {
    expect(proxier.sync(dns.services, slices, "worker-1")).toBeUndefined()
    client.send(new Uint8Array(1), ipv4("10.96.0.53"), 53)
    await sim.advance(1e9)
  }
  expect(heard).toEqual(["10.244.1.2", "10.244.1.3"])
})

test("a configuration that asks for more is refused by name", () => {
  const text = 'kind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\niptables:\n  masqueradeAll: true\nmode: ""\n'
  expect(parseProxyConfig(text)).toBe("podwire's kube-proxy does not support iptables.masqueradeAll: true")
  expect(parseProxyConfig(text.replace("All: true", "All: false"))).toEqual({ clusterCIDR: "10.244.0.0/16" })
  expect(parseProxyConfig("clusterCIDR: 10.244.0.0/16\nmode: ipvs\n")).toBe(
    "podwire's kube-proxy does not support mode: ipvs",
  )
})
