/** busybox's nslookup against a small DNS server, as it was recorded. */
import { expect, test } from "vitest"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkUp } from "../../src/linux/rtnetlink/link.ts"
import { Arena } from "../../src/linux/skb.ts"
import { type OpenFile, SinkFile } from "../../src/linux/task/file.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { busyboxNslookup } from "../../src/tools/busybox-nslookup.ts"
import { ipv4 } from "../../src/wire/address.ts"
import { type DnsMessage, emitDns, parseDns } from "../../src/wire/dns.ts"
import { answerZone, NAMESERVER, NSLOOKUPS, RESOLV_CONF } from "../support/dns-zone.ts"
import { readGolden } from "../support/golden.ts"
import { ok, start } from "../support/world.ts"

const golden = readGolden("test/golden/nslookup.txt")

/** A machine that is its own DNS server. */
function machine(): Kernel {
  const kernel = new Kernel(new Simulation({ seed: 1 }), { hostname: "pod", arena: new Arena() })
  const { loopback } = kernel.initNet
  linkUp(loopback)
  ok(addrAdd(loopback, { address: ipv4(NAMESERVER), prefixLength: 32 }))
  kernel.root.writeFile("/etc/resolv.conf", RESOLV_CONF)
  kernel.root.writeFile("/etc/hosts", "127.0.0.1\tlocalhost\n")
  start(kernel, kernel.initNet, async (proc) => {
    const socket = new UdpSocket(proc.net)
    socket.bind(ipv4(NAMESERVER), 53)
    for (;;) {
      const got = await socket.receiveFrom(proc)
      if (typeof got !== "string")
        socket.send(emitDns(answerZone(parseDns(got.data) as DnsMessage)), got.address, got.port)
    }
  })
  return kernel
}

async function run(command: string): Promise<{ output: string; code: number | undefined }> {
  const kernel = machine()
  let output = ""
  const sink = (): OpenFile => new SinkFile((data) => (output += new TextDecoder().decode(data)))
  const fds = new Map([1, 2].map((fd) => [fd, sink()] as const))
  const proc = kernel.processes.run(command.split(" "), { tool: busyboxNslookup, fds })
  if (typeof proc === "string") throw new Error(proc)
  await kernel.sim.until(() => proc.status !== undefined)
  return { output, code: proc.status?.code }
}

test("every command is recorded", () => {
  expect(golden.map(({ command }) => command)).toEqual(NSLOOKUPS)
})

for (const { command, output, code } of golden)
  test(command, async () => {
    const result = await run(command)
    expect(result.output.replace(/\(\d{4}-.* [A-Z]+\)/, "(DATE)")).toBe(output)
    expect(result.code).toBe(code)
  })
