import { describe, expect, test } from "vitest"
import { TcpListener, TcpSocket } from "../../../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../../../src/linux/inet/udp-socket.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { addPod, createCiliumWorld, eventsOf, type Node, type Pod, setPolicy } from "../../../support/cilium-world.ts"
import { start } from "../../../support/world.ts"

/** Answers every read with as many bytes, until the client closes. */
function serve(pod: Pod, port: number): void {
  start(pod.node.kernel, pod.net, async (proc) => {
    const listener = TcpListener.listen(proc.net, 0, port)
    if (typeof listener === "string") return 1
    for (;;) {
      const socket = await listener.accept(proc)
      for (;;) {
        const data = await socket.read(proc)
        if (typeof data === "string" || data.length === 0) break
        await socket.write(proc, data)
      }
      socket.close()
    }
  })
}

interface Client {
  /** What happened, in order. */
  log: string[]
  say(text: string): void
  close(): void
}

/** Connects and sends what it is told to. */
function connect(pod: Pod, address: number, port: number): Client {
  const log: string[] = []
  const words: string[] = []
  let closing = false
  start(pod.node.kernel, pod.net, async (proc) => {
    const socket = await TcpSocket.connect(proc, address, port, { timeout: 2 * SECOND })
    if (typeof socket === "string") {
      log.push(socket)
      return 1
    }
    log.push("connected")
    for (;;) {
      const word = words.shift()
      if (word !== undefined) {
        await socket.write(proc, new TextEncoder().encode(word))
        socket.receiveTimeout = SECOND
        const answer = await socket.read(proc)
        log.push(typeof answer === "string" ? answer : new TextDecoder().decode(answer))
      } else if (closing) break
      await proc.sleep(SECOND / 10)
    }
    socket.close()
    return 0
  })
  return { log, say: (text) => void words.push(text), close: () => (closing = true) }
}

const two = (): { world: ReturnType<typeof createCiliumWorld>; w0: Node; w1: Node; client: Pod; web: Pod } => {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  const client = addPod(world, w0, 5, 5021)
  const web = addPod(world, w1, 6, 38211)
  return { world, w0, w1, client, web }
}

const OPEN = [{ direction: "egress" as const }]
/** The client's port changes from test to test; the addresses are short. */
const short = (line: string): string =>
  line
    .replaceAll("10.0.0.5", "client")
    .replaceAll("10.0.1.6", "web")
    .replace(/client:\d+/, "client")

describe("a connection under an ingress policy", () => {
  test("tells its verdict once, then each new flag of a direction once", async () => {
    const { world, w0, w1, client, web } = two()
    setPolicy(web, [...OPEN, { identity: 5021, direction: "ingress", protocol: 6, port: 80 }])
    serve(web, 80)
    const socket = connect(client, web.ip, 80)
    socket.say("hello")
    await world.sim.advance(SECOND)
    socket.close()
    await world.sim.advance(SECOND)
    expect(socket.log).toEqual(["connected", "hello"])
    expect(eventsOf(w0).map(short)).toEqual([
      "to-overlay new 5021->38211 client -> web:80 SYN",
      "to-endpoint reply 38211->5021 web:80 -> client SYN,ACK",
      "to-overlay established 5021->38211 client -> web:80 ACK",
      "to-overlay established 5021->38211 client -> web:80 PSH,ACK",
      "to-endpoint reply 38211->5021 web:80 -> client PSH,ACK",
      "to-overlay established 5021->38211 client -> web:80 FIN,ACK",
      "to-endpoint reply 38211->5021 web:80 -> client FIN,ACK",
    ])
    expect(eventsOf(w1).map(short)).toEqual([
      "policy-verdict:L3-L4 INGRESS allow 5021->38211 client -> web:80 SYN",
      "to-endpoint new 5021->38211 client -> web:80 SYN",
      "to-overlay reply 38211->5021 web:80 -> client SYN,ACK",
      "to-endpoint established 5021->38211 client -> web:80 ACK",
      "to-endpoint established 5021->38211 client -> web:80 PSH,ACK",
      "to-overlay reply 38211->5021 web:80 -> client PSH,ACK",
      "to-endpoint established 5021->38211 client -> web:80 FIN,ACK",
      "to-overlay reply 38211->5021 web:80 -> client FIN,ACK",
    ])
  })

  test("that nobody allows times out: verdict and drop at every SYN", async () => {
    const { world, w1, client, web } = two()
    setPolicy(web, [...OPEN, { identity: 7777, direction: "ingress", protocol: 6, port: 80 }])
    serve(web, 80)
    const socket = connect(client, web.ip, 80)
    await world.sim.advance(2.5 * SECOND)
    expect(socket.log).toEqual(["ETIMEDOUT"])
    const lines = eventsOf(w1).map(short)
    expect(lines.slice(0, 2)).toEqual([
      "policy-verdict:none INGRESS deny 5021->38211 client -> web:80 SYN",
      "drop Policy denied 5021->38211 client -> web:80 SYN",
    ])
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(new Set(lines).size, "every attempt says the same").toBe(2)
    expect(world.arena.inUse).toBe(0)
  })

  test("that nobody allows passes in audit mode, and says so", async () => {
    const { world, w0, client, web } = two()
    setPolicy(web, [{ direction: "egress" }, { direction: "ingress", identity: 5999, port: 8080, protocol: 6 }])
    web.node.datapath.config = { ...web.node.datapath.config, policyAudit: true }
    serve(web, 8080)
    const { log } = connect(client, web.ip, 8080)
    await world.sim.advance(SECOND)
    expect(log).toEqual(["connected"])
    expect(eventsOf(web.node).filter((text) => text.includes("INGRESS"))[0]).toMatch(
      /^policy-verdict:none INGRESS audit .* SYN$/,
    )
    expect(eventsOf(w0).filter((text) => text.startsWith("drop"))).toEqual([])
  })

  test("that a deny entry names is dropped with reason 181", async () => {
    const { world, w1, client, web } = two()
    setPolicy(web, [...OPEN, { direction: "ingress" }, { identity: 5021, direction: "ingress", deny: true }])
    connect(client, web.ip, 80)
    await world.sim.advance(SECOND / 2)
    expect(eventsOf(w1).map(short)).toEqual(["drop Policy denied by denylist 5021->38211 client -> web:80 SYN"])
  })

  test("is cut by a new policy on the way there, while answers still come back", async () => {
    const { world, w1, client, web } = two()
    serve(web, 80)
    const socket = connect(client, web.ip, 80)
    socket.say("one")
    await world.sim.advance(SECOND)
    expect(socket.log).toEqual(["connected", "one"])
    setPolicy(web, [...OPEN, { identity: 7777, direction: "ingress" }])
    const before = eventsOf(w1).length
    socket.say("two")
    await world.sim.advance(1.5 * SECOND)
    expect(socket.log).toEqual(["connected", "one", "EAGAIN"])
    const cut = eventsOf(w1).slice(before).map(short)
    expect(cut.slice(0, 2)).toEqual([
      "policy-verdict:none INGRESS deny 5021->38211 client -> web:80 PSH,ACK",
      "drop Policy denied 5021->38211 client -> web:80 PSH,ACK",
    ])
    setPolicy(web, [...OPEN, { direction: "ingress" }])
    await world.sim.advance(5 * SECOND)
    socket.say("three")
    await world.sim.advance(2 * SECOND)
    expect(socket.log.at(-1), "and lives on when it is allowed again").toContain("two")
  })
})

describe("egress", () => {
  test("policy drops at home", async () => {
    const { world, w0, w1, client, web } = two()
    setPolicy(client, [{ direction: "ingress" }, { identity: 1, direction: "egress" }])
    connect(client, web.ip, 80)
    await world.sim.advance(SECOND / 2)
    expect(eventsOf(w0).map(short)).toEqual([
      "policy-verdict:none EGRESS deny 5021->38211 client -> web:80 SYN",
      "drop Policy denied 5021->38211 client -> web:80 SYN",
    ])
    expect(eventsOf(w1)).toEqual([])
  })

  test("UDP to the tunnel's port is nobody's right, and a foreign source neither", async () => {
    const { world, w0, client, web } = two()
    const socket = new UdpSocket(client.net)
    socket.bind(0, 4000)
    socket.send(new Uint8Array(8), web.ip, 8472)
    await world.sim.advance(SECOND / 2)
    expect(eventsOf(w0).map(short)).toEqual([
      "drop Encapsulation traffic is prohibited 5021->38211 client -> web:8472 UDP",
    ])
  })
})
