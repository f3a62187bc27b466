/** host-local by the CNI protocol: environment and configuration in, a result or an error out, files on the node as its memory. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { runToEnd } from "../../src/cluster/command.ts"
import { createMachine } from "../../src/cluster/machine.ts"
import { hostLocal } from "../../src/cni/ipam/host-local.ts"
import type { Kernel } from "../../src/linux/kernel.ts"
import { Segment } from "../../src/linux/link/segment.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Simulation } from "../../src/sim/simulation.ts"

const FOLDER = "/var/lib/cni/networks/cbr0"

class Node {
  readonly kernel: Kernel

  constructor() {
    const sim = new Simulation({ seed: 1 })
    const uplinks = [{ name: "eth0", address: "192.168.80.101/24", segment: new Segment(sim, "lan") }]
    this.kernel = createMachine(sim, new Arena(), { name: "worker", uplinks })
    this.kernel.root.install("/opt/cni/bin/host-local", hostLocal)
  }

  async call(
    command: string,
    containerId: string,
    ipam: object,
  ): Promise<{ code: number; json: Record<string, unknown> }> {
    const env = new Map([
      ["CNI_COMMAND", command],
      ["CNI_CONTAINERID", containerId],
      ["CNI_NETNS", "/var/run/netns/x"],
      ["CNI_IFNAME", "eth0"],
      ["CNI_PATH", "/opt/cni/bin"],
    ])
    const stdin = JSON.stringify({
      cniVersion: "0.3.1",
      name: "cbr0",
      type: "bridge",
      ipam: { type: "host-local", ...ipam },
    })
    const result = await runToEnd(this.kernel, ["host-local"], { tool: hostLocal, env, cwd: "/" }, { stdin })
    return {
      code: result.code,
      json: result.stdout === "" ? {} : (JSON.parse(result.stdout) as Record<string, unknown>),
    }
  }

  /** The address that a container gets, or the error. */
  async add(containerId: string, ipam: object): Promise<string> {
    const { json } = await this.call("ADD", containerId, ipam)
    const ips = json["ips"] as { address: string }[] | undefined
    return ips?.[0]?.address ?? String(json["msg"])
  }

  /** The reservations: address to container. */
  get leases(): Record<string, string> {
    const names = this.kernel.root.readdir(FOLDER)
    if (typeof names === "string") return {}
    return Object.fromEntries(
      names
        .filter((name) => /^\d+(\.\d+){3}$/.test(name))
        .map((name) => {
          const file = this.kernel.root.readText(`${FOLDER}/${name}`)
          return [name, "text" in file ? file.text.replace("\r\neth0", "") : ""]
        }),
    )
  }
}

const SUBNET = { subnet: "10.244.1.0/24", routes: [{ dst: "10.244.0.0/16" }] }

describe("host-local", () => {
  test("as flannel delegates it: the result, the lease file, the last address", async () => {
    const node = new Node()
    const { json, code } = await node.call("ADD", "abc", {
      ranges: [[{ subnet: "10.244.1.0/24" }]],
      routes: SUBNET.routes,
    })
    expect(code).toBe(0)
    expect(json).toEqual({
      cniVersion: "0.3.1",
      ips: [{ version: "4", address: "10.244.1.2/24", gateway: "10.244.1.1" }],
      routes: [{ dst: "10.244.0.0/16" }],
      dns: {},
    })
    expect(node.leases).toEqual({ "10.244.1.2": "abc" })
    expect(node.kernel.root.readText(`${FOLDER}/last_reserved_ip.0`)).toMatchObject({ text: "10.244.1.2" })
  })

  test("round robin: an address that came free is the last to be taken again", async () => {
    const node = new Node()
    expect(await node.add("a", SUBNET)).toBe("10.244.1.2/24")
    await node.call("DEL", "a", SUBNET)
    expect(await node.add("b", SUBNET)).toBe("10.244.1.3/24")
  })

  test("a range that is used up, and what it says", async () => {
    const node = new Node()
    const small = { subnet: "10.0.0.0/29" }
    for (const [i, last] of ["2", "3", "4", "5", "6"].entries())
      expect(await node.add(`c${i}`, small)).toBe(`10.0.0.${last}/29`)
    expect(await node.add("more", small)).toBe(
      "failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.6",
    )
    await node.call("DEL", "c1", small)
    expect(await node.add("more", small)).toBe("10.0.0.3/29")
  })

  test("bad configuration is refused, and nothing is written", async () => {
    const node = new Node()
    expect(await node.add("a", { subnet: "10.0.0.0/31" })).toContain("Network 10.0.0.0/31 too small to allocate from")
    expect(await node.add("a", { subnet: "10.0.0.1/24" })).toContain("Network has host bits set")
    expect(await node.add("a", {})).toContain("no IP ranges specified")
    expect(node.leases).toEqual({})
  })

  test("property: whatever comes and goes, no two hold the same address, all are in the range, none is the gateway", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 })), { maxLength: 40 }),
        async (steps) => {
          const node = new Node()
          const held = new Map<string, string>()
          for (const [isAdd, n] of steps) {
            const id = `pod${n}`
            if (!isAdd) {
              await node.call("DEL", id, { subnet: "10.0.0.0/29" })
              held.delete(id)
            } else if (!held.has(id)) {
              const got = await node.add(id, { subnet: "10.0.0.0/29" })
              if (held.size === 5) expect(got).toContain("no IP addresses available")
              else held.set(id, got)
            }
            const addresses = [...held.values()].map((text) => text.replace("/29", ""))
            expect(new Set(addresses).size).toBe(held.size)
            for (const address of addresses) expect(address).toMatch(/^10\.0\.0\.[2-6]$/)
            expect(node.leases).toEqual(
              Object.fromEntries([...held].map(([id_, text]) => [text.replace("/29", ""), id_])),
            )
          }
        },
      ),
      { seed: 1, numRuns: 50 },
    )
  })
})
