/** Connections that a proxy of the node takes over, by the marks, rules and TPROXY of the real thing. */
import { describe, expect, test } from "vitest"
import { CtDirection, CtFlag } from "../../../../src/cni/cilium/datapath/maps/ct-map.ts"
import { identityMark, Mark } from "../../../../src/cni/cilium/datapath/mark.ts"
import { TcpListener, TcpSocket } from "../../../../src/linux/inet/tcp-socket.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"
import { addPod, createCiliumWorld, eventsOf, type Node, type Pod, setPolicy } from "../../../support/cilium-world.ts"
import { start } from "../../../support/world.ts"

const text = (data: Uint8Array | string): string => (typeof data === "string" ? data : new TextDecoder().decode(data))
const bytes = (word: string): Uint8Array => new TextEncoder().encode(word)

/** Answers with whom it believes to talk to. */
function serve(pod: Pod, port: number): void {
  start(pod.node.kernel, pod.net, async (proc) => {
    const listener = TcpListener.listen(proc.net, 0, port)
    if (typeof listener === "string") return 1
    for (;;) {
      const socket = await listener.accept(proc)
      const data = await socket.read(proc)
      await socket.write(proc, bytes(`${text(data)} from ${formatIpv4(socket.sock.remoteAddress)}`))
      socket.close()
    }
  })
}

/** A proxy that asks the pod in its client's name: `source` 0 is the router's address. Every `word` it takes is noted. */
function proxy(node: Node, port: number, ingress: boolean, identity: number): string[] {
  const seen: string[] = []
  start(node.kernel, node.net, async (proc) => {
    const listener = TcpListener.listen(proc.net, ipv4("127.0.0.1"), port, {
      transparent: true,
      mark: ingress ? Mark.PROXY_INGRESS : Mark.PROXY_EGRESS,
    })
    if (typeof listener === "string") throw new Error(listener)
    for (;;) {
      const socket = await listener.accept(proc)
      const { localAddress, localPort, remoteAddress } = socket.sock
      seen.push(`${formatIpv4(remoteAddress)} -> ${formatIpv4(localAddress)}:${localPort}`)
      const data = await socket.read(proc)
      const upstream = await TcpSocket.connect(proc, localAddress, localPort, {
        timeout: 2 * SECOND,
        mark: identityMark(identity, ingress ? Mark.PROXY_INGRESS : Mark.PROXY_EGRESS),
      })
      if (typeof upstream === "string") {
        seen.push(upstream)
        socket.close()
        continue
      }
      await upstream.write(proc, bytes(text(data)))
      await socket.write(proc, bytes(text(await upstream.read(proc))))
      upstream.close()
      socket.close()
    }
  })
  return seen
}

function ask(pod: Pod, address: number, port: number): { answer: string } {
  const result = { answer: "" }
  start(pod.node.kernel, pod.net, async (proc) => {
    const socket = await TcpSocket.connect(proc, address, port, { timeout: 2 * SECOND })
    if (typeof socket === "string") {
      result.answer = socket
      return 1
    }
    await socket.write(proc, bytes("hello"))
    socket.receiveTimeout = 2 * SECOND
    result.answer = text(await socket.read(proc))
    socket.close()
    return 0
  })
  return result
}

const short = (line: string): string =>
  line
    .replaceAll("10.0.0.5", "client")
    .replaceAll("10.0.1.6", "web")
    .replaceAll("10.0.1.227", "router")
    .replace(/(client|router|10\.0\.0\.227):\d+/, "$1")

describe("an ingress redirect", () => {
  test("hands a remote client's connection to the proxy, which asks the pod as the router with the client's identity", async () => {
    const world = createCiliumWorld(2)
    const [w0, w1] = world.nodes as [Node, Node]
    const client = addPod(world, w0, 5, 5021)
    const web = addPod(world, w1, 6, 38211)
    const { port } = w1.datapath.proxyPorts.register(true, "http")
    setPolicy(web, [
      { direction: "egress" },
      { identity: 5021, direction: "ingress", protocol: 6, port: 80, proxyPort: port },
    ])
    serve(web, 80)
    const seen = proxy(w1, port, true, 5021)
    const asked = ask(client, web.ip, 80)
    await world.sim.advance(3 * SECOND)
    expect(seen).toEqual(["10.0.0.5 -> 10.0.1.6:80"])
    expect(asked.answer).toBe("hello from 10.0.1.227")
    const lines = eventsOf(w1).map(short)
    expect(lines.slice(0, 2)).toEqual([
      "policy-verdict:L3-L4 INGRESS redirect 5021->38211 client -> web:80 SYN",
      "to-proxy new 5021->38211 client -> web:80 SYN",
    ])
    expect(lines).toContain("to-endpoint new 5021->38211 router -> web:80 SYN")
    expect(lines).toContain("to-stack reply 38211->1 web:80 -> router SYN,ACK")
    const redirected = [...w1.datapath.ct.entries(world.sim.now)].filter(
      (entry) => entry.direction === CtDirection.IN && !entry.related && entry.protocol === 6,
    )
    expect(redirected.map((entry) => [formatIpv4(entry.source), (entry.flags & CtFlag.PROXY_REDIRECT) !== 0])).toEqual([
      ["10.0.0.5", true],
      ["10.0.1.227", false],
    ])
    expect(world.arena.inUse).toBe(0)
  })

  test("works for a client of the same node, and for the host itself", async () => {
    const world = createCiliumWorld(1)
    const [w0] = world.nodes as [Node]
    const client = addPod(world, w0, 5, 5021)
    const web = addPod(world, w0, 6, 38211)
    const { port } = w0.datapath.proxyPorts.register(true, "http")
    setPolicy(web, [{ direction: "egress" }, { direction: "ingress", protocol: 6, port: 80, proxyPort: port }])
    serve(web, 80)
    const seen = proxy(w0, port, true, 5021)
    const asked = ask(client, web.ip, 80)
    await world.sim.advance(2 * SECOND)
    expect(seen).toEqual(["10.0.0.5 -> 10.0.0.6:80"])
    expect(asked.answer).toBe("hello from 10.0.0.227")
    const host = ask({ ...client, net: w0.net }, web.ip, 80)
    await world.sim.advance(2 * SECOND)
    expect(seen.at(-1)).toBe("10.0.0.227 -> 10.0.0.6:80")
    expect(host.answer).toBe("hello from 10.0.0.227")
    expect(world.arena.inUse).toBe(0)
  })
})

describe("an egress redirect", () => {
  test("takes the connection at home; answers go back to the client as the server's", async () => {
    const world = createCiliumWorld(2)
    const [w0, w1] = world.nodes as [Node, Node]
    const client = addPod(world, w0, 5, 5021)
    const web = addPod(world, w1, 6, 38211)
    const { port } = w0.datapath.proxyPorts.register(false, "http")
    setPolicy(client, [{ direction: "ingress" }, { direction: "egress", protocol: 6, port: 80, proxyPort: port }])
    serve(web, 80)
    const seen = proxy(w0, port, false, 5021)
    const asked = ask(client, web.ip, 80)
    await world.sim.advance(3 * SECOND)
    expect(seen).toEqual(["10.0.0.5 -> 10.0.1.6:80"])
    expect(asked.answer).toBe("hello from 10.0.0.227")
    expect(eventsOf(w0).map(short).slice(0, 2)).toEqual([
      "policy-verdict:L4-Only EGRESS redirect 5021->38211 client -> web:80 SYN",
      "to-proxy new 5021->0 client -> web:80 SYN",
    ])
    expect(eventsOf(w1).map(short)).toContain("to-endpoint new 5021->38211 10.0.0.227 -> web:80 SYN")
    expect(world.arena.inUse).toBe(0)
  })
})
