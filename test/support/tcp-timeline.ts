/** The timelines of test/record/kernel-tcp.txt: reads what the real kernel sent, and lets podwire's sockets do the same. */
import { readFileSync } from "node:fs"
import { TcpListener, TcpSocket } from "../../src/linux/inet/tcp-socket.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import type { NetDevice } from "../../src/linux/netdev.ts"
import { NfHook, type NfHookOps, NfVerdict } from "../../src/linux/netfilter/hook.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { neighAdd } from "../../src/linux/rtnetlink/neigh.ts"
import { Arena, type Skb } from "../../src/linux/skb.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { SECOND, Simulation } from "../../src/sim/simulation.ts"
import { WaitQueue } from "../../src/sim/task.ts"
import { ipv4, mac } from "../../src/wire/address.ts"
import * as ip from "../../src/wire/ipv4.ts"
import * as tcp from "../../src/wire/tcp.ts"
import { ok, start } from "./world.ts"

export type End = "client" | "server"

export interface TimelineAction {
  /** Seconds. */
  readonly at: number
  readonly who: End | "end"
  readonly words: readonly string[]
}

export interface TimelineSegment {
  readonly at: number
  /** `> P. seq 1 ack 1 win 507 len 100 <nop,nop,TS>`. */
  readonly text: string
}

export interface Timeline {
  readonly title: string
  readonly actions: readonly TimelineAction[]
  readonly segments: readonly TimelineSegment[]
}

export function readTimelines(file: string): Timeline[] {
  const text = readFileSync(file, "utf8")
  if (!text.startsWith("# recorded: ")) throw new Error(`${file}: the first line does not say what recorded it`)
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.trimEnd().split("\n")
      const actions = lines.filter((line) => line.startsWith("- ")).map(readAction)
      const segments = lines.filter((line) => !line.startsWith("- ")).map(readSegment)
      return { title, actions, segments }
    })
}

function readAction(line: string): TimelineAction {
  const [at = "0", who = "end", ...words] = line.slice(2).split(" ")
  return { at: Number(at), who: who as TimelineAction["who"], words }
}

function readSegment(line: string): TimelineSegment {
  const space = line.indexOf(" ")
  return { at: Number(line.slice(0, space)), text: line.slice(space + 1) }
}

const ADDRESS = { client: ipv4("10.9.0.1"), server: ipv4("10.9.0.2") }
const MAC = { client: mac("02:00:00:00:00:01"), server: mac("02:00:00:00:00:02") }
const OTHER = { client: "server", server: "client" } as const

/** Two namespaces joined by a veth with an MTU of 1450. */
export class TimelineWorld {
  readonly sim: Simulation = new Simulation({ seed: 1 })
  readonly arena: Arena = new Arena()
  readonly kernel: Kernel = new Kernel(this.sim, { hostname: "twin", arena: this.arena })
  readonly segments: TimelineSegment[] = []
  readonly #nets: Record<End, NetNamespace>
  readonly #sockets: Partial<Record<End, TcpSocket>> = {}
  readonly #ready: Record<End, WaitQueue> = { client: new WaitQueue(), server: new WaitQueue() }
  readonly #drop: Record<End, NfHookOps> = { client: dropTcp(), server: dropTcp() }
  /** Initial sequence numbers, by direction. */
  readonly #origins = new Map<boolean, number>()

  constructor() {
    this.#nets = {
      client: this.kernel.createNamespace("client"),
      server: this.kernel.createNamespace("server"),
    }
    const eth0 = ok(
      linkAdd(this.#nets.client, {
        kind: "veth",
        name: "eth0",
        address: MAC.client,
        mtu: 1450,
        peer: { name: "eth0", net: this.#nets.server, address: MAC.server, mtu: 1450 },
      }),
    )
    this.#join("client", eth0)
    this.#join("server", eth0.link as NetDevice)
    eth0.addTap({ deliver: (_dev, skb, out) => this.#see(skb, out) })
  }

  #join(end: End, dev: NetDevice): void {
    linkUp(this.#nets[end].loopback)
    linkUp(dev)
    ok(addrAdd(dev, { address: ADDRESS[end], prefixLength: 24 }))
    ok(neighAdd(dev, { address: ADDRESS[OTHER[end]], lladdr: MAC[OTHER[end]] }, "replace"))
  }

  async run(actions: readonly TimelineAction[]): Promise<void> {
    for (const { at, who, words } of actions) {
      await this.sim.advance(at * SECOND - this.sim.now)
      if (who === "end") return
      if (words[0] === "drop") this.#setDrop(who, words[1] === "on")
      else
        start(this.kernel, this.#nets[who], async (proc) => {
          await this.#act(proc, who, words)
          return 0
        })
    }
  }

  #setDrop(who: End, on: boolean): void {
    const hooks = this.#nets[OTHER[who]].hooks
    if (on) hooks.register(NfHook.LOCAL_IN, this.#drop[who])
    else hooks.unregister(NfHook.LOCAL_IN, this.#drop[who])
  }

  async #act(proc: Process, who: End, [verb = "", count = "0"]: readonly string[]): Promise<void> {
    if (verb === "listen") {
      const listener = TcpListener.listen(proc.net, ADDRESS.server, 80)
      if (typeof listener === "string") throw new Error(listener)
      this.#open(who, await listener.accept(proc))
    } else if (verb === "connect") {
      const socket = await TcpSocket.connect(proc, ADDRESS.server, 80, { sourcePort: 40000 })
      if (typeof socket !== "string") this.#open(who, socket)
    } else await this.#use(proc, who, await this.#socket(proc, who), verb, Number(count))
  }

  #open(who: End, socket: TcpSocket): void {
    this.#sockets[who] = socket
    this.#ready[who].wake()
  }

  async #socket(proc: Process, who: End): Promise<TcpSocket> {
    for (;;) {
      const socket = this.#sockets[who]
      if (socket !== undefined) return socket
      await proc.task.wait(this.#ready[who])
    }
  }

  async #use(proc: Process, who: End, socket: TcpSocket, verb: string, count: number): Promise<void> {
    if (verb === "write") await socket.write(proc, new Uint8Array(count))
    else if (verb === "read") await readSome(proc, socket, count)
    else if (verb === "drain") {
      await readSome(proc, socket, Number.POSITIVE_INFINITY)
      if (who === "server") socket.close()
    } else if (verb === "close") socket.close()
    else if (verb === "shutdown") socket.sock.shutdownWrite()
    else if (verb === "reset") socket.sock.abort()
    else if (verb === "nodelay") socket.sock.noDelay = true
    else throw new Error(`no such action: ${verb}`)
  }

  #see(skb: Skb, out: boolean): void {
    const { view } = skb
    const header = skb.data + 14
    if (view.getUint16(skb.data + 12) !== 0x0800 || ip.protocol(view, header) !== 6) return
    const at = header + ip.headerLength(view, header)
    const flags = tcp.flags(view, at)
    const seq = tcp.sequence(view, at)
    if ((flags & tcp.TcpFlag.SYN) !== 0 && !this.#origins.has(out)) this.#origins.set(out, seq)
    const origin = this.#origins.get(out) ?? (seq === 0 ? 0 : this.#origins.get(!out))
    const other = this.#origins.get(!out)
    const acked = (flags & tcp.TcpFlag.ACK) === 0 || other === undefined ? 0 : tcp.acknowledgment(view, at) - other
    const length = skb.tail - at - tcp.headerLength(view, at)
    this.segments.push({
      at: this.sim.now / SECOND,
      text: `${out ? ">" : "<"} ${flagText(flags)} seq ${(seq - (origin ?? 0)) >>> 0} ack ${acked >>> 0} win ${tcp.window(view, at)} len ${length} <${optionText(view, at, other ?? 0)}>`,
    })
  }
}

function dropTcp(): NfHookOps {
  return {
    priority: 0,
    hook: (_net, _hook, skb) => (ip.protocol(skb.view, skb.networkHeader) === 6 ? NfVerdict.DROP : NfVerdict.ACCEPT),
  }
}

async function readSome(proc: Process, socket: TcpSocket, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const data = await socket.read(proc)
    if (typeof data === "string" || data.length === 0) return
    left -= data.length
  }
}

const FLAGS: readonly (readonly [number, string])[] = [
  [1, "F"],
  [2, "S"],
  [4, "R"],
  [8, "P"],
  [16, "."],
]

const flagText = (flags: number): string =>
  FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, letter]) => letter)
    .join("")

/** The options in their order on the wire. */
function optionText(view: DataView, start: number, other: number): string {
  const names: string[] = []
  const end = start + tcp.headerLength(view, start)
  for (let at = start + tcp.LENGTH; at < end; ) {
    const kind = view.getUint8(at)
    if (kind === 0) break
    if (kind === 1) {
      names.push("nop")
      at++
      continue
    }
    const length = view.getUint8(at + 1)
    if (kind === 2) names.push(`mss ${view.getUint16(at + 2)}`)
    else if (kind === 3) names.push(`wscale ${view.getUint8(at + 2)}`)
    else if (kind === 4) names.push("sackOK")
    else if (kind === 8) names.push("TS")
    else if (kind === 5) {
      const blocks: string[] = []
      for (let block = at + 2; block < at + length; block += 8)
        blocks.push(`${(view.getUint32(block) - other) >>> 0}:${(view.getUint32(block + 4) - other) >>> 0}`)
      names.push(`sack ${blocks.join(" ")}`)
    }
    at += length
  }
  return names.join(",")
}
