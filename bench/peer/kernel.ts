/**
 * The peer: this machine's own kernel, wired as podwire's two machines are. Four network namespaces `pwb-…`: pod, machine, machine, pod;
 * veth pairs, a bridge and a VXLAN device on each machine, and one veth pair for the wire between them (podwire also has a switch there). No
 * netfilter rules. Everything is removed at the end. Models test/record/twin.sh as far as packets are concerned.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const PREFIX = "pwb-"
const SIDES = ["a", "b"] as const
type Side = (typeof SIDES)[number]
const ADDRESS = { a: "192.168.80.103", b: "192.168.80.105" }
const SUBNET = { a: "10.244.1", b: "10.244.2" }
const VTEP = { a: "26:1f:d2:c5:65:4e", b: "5e:83:73:4b:98:06" }
const other = (side: Side): Side => (side === "a" ? "b" : "a")

/** The pod that is sent to. */
export const TARGET: string = `${SUBNET.b}.2`

/** Why there can be no peer here, or `undefined`. */
export function whyNot(): string | undefined {
  if (process.platform !== "linux") return "needs Linux"
  if (process.getuid?.() !== 0) return "needs root"
  const missing = ["ip", "bridge", "sysctl", "ethtool", "cc"].filter((name) => spawnSync("which", [name]).status !== 0)
  return missing.length === 0 ? undefined : `needs ${missing.join(", ")}`
}

function script(text: string): void {
  execFileSync("/bin/sh", ["-euc", text], { stdio: ["ignore", "ignore", "inherit"] })
}

function machineScript(side: Side): string {
  const machine = `${PREFIX}${side}`
  const pod = `${PREFIX}pod-${side}`
  const far = other(side)
  return `
ip netns exec ${machine} sysctl -qw net.ipv4.ip_forward=1
ip -n ${machine} addr add ${ADDRESS[side]}/24 dev eth0
ip -n ${machine} link set eth0 up
ip -n ${machine} link add flannel.1 address ${VTEP[side]} mtu 1450 txqueuelen 0 type vxlan id 1 local ${ADDRESS[side]} dev eth0 dstport 8472 nolearning
ip -n ${machine} addr add ${SUBNET[side]}.0/32 dev flannel.1
ip -n ${machine} link set flannel.1 up
ip -n ${machine} link add cni0 mtu 1450 type bridge
ip -n ${machine} addr add ${SUBNET[side]}.1/24 dev cni0
ip -n ${machine} link set cni0 up
ip -n ${machine} link add veth0 mtu 1450 type veth peer name eth0 mtu 1450 netns ${pod}
ip -n ${machine} link set veth0 master cni0 up
ip -n ${pod} addr add ${SUBNET[side]}.2/24 dev eth0
ip -n ${pod} link set eth0 up
ip -n ${pod} route add default via ${SUBNET[side]}.1
ip netns exec ${pod} sysctl -qw net.ipv4.ip_local_port_range="1024 65535" net.ipv4.tcp_tw_reuse=1
ip -n ${machine} neigh replace ${SUBNET[far]}.0 lladdr ${VTEP[far]} dev flannel.1 nud permanent
bridge -n ${machine} fdb replace ${VTEP[far]} dev flannel.1 dst ${ADDRESS[far]} self permanent
ip -n ${machine} route add ${SUBNET[far]}.0/24 via ${SUBNET[far]}.0 dev flannel.1 onlink`
}

/** One more pod on machine a. */
const podScript = (i: number): string => `
ip netns add ${PREFIX}more${i}
ip -n ${PREFIX}a link add veth${i + 1} mtu 1450 type veth peer name eth0 mtu 1450 netns ${PREFIX}more${i}
ip -n ${PREFIX}a link set veth${i + 1} master cni0 up
ip -n ${PREFIX}more${i} addr add ${SUBNET.a}.${i + 3}/24 dev eth0
ip -n ${PREFIX}more${i} link set eth0 up
ip -n ${PREFIX}more${i} route add default via ${SUBNET.a}.1
`

/** Bytes, as the kernel reckons them. */
function availableMemory(): number {
  const kilobytes = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]
  return Number(kilobytes) * 1024
}

const names = SIDES.flatMap((side) => [`${PREFIX}${side}`, `${PREFIX}pod-${side}`])

export class KernelPeer {
  readonly #folder = mkdtempSync(join(tmpdir(), "podwire-bench-"))
  readonly #program = join(this.#folder, "traffic")
  readonly #running = new Set<ChildProcess>()
  #morePods = 0

  constructor() {
    script(`cc -O2 -o '${this.#program}' '${join(import.meta.dirname, "traffic.c")}'`)
    this.#removeNamespaces()
    script(`
${names.map((name) => `ip netns add ${name}; ip -n ${name} link set lo up`).join("\n")}
${names.map((name) => `ip netns exec ${name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1`).join("\n")}
ip -n ${PREFIX}a link add eth0 type veth peer name eth0 netns ${PREFIX}b
${SIDES.map(machineScript).join("\n")}`)
  }

  /** Segmentation and checksum offload of the pods' and the wire's devices: as they come (on), or as a plain NIC has them. */
  offload(on: boolean): void {
    const word = on ? "on" : "off"
    for (const name of names)
      script(
        `ip netns exec ${name} ethtool -K eth0 tx ${word} tso ${word} gso ${word} gro ${word} >/dev/null 2>&1 || true`,
      )
  }

  /** Starts a program of traffic.c in a pod: when it can be reached, and its "COUNT SECONDS" as a rate a second. */
  #traffic(side: Side, ...args: string[]): { ready: Promise<void>; rate: Promise<number>; stop(): void } {
    const command = [this.#program, ...args].map((word) => `'${word}'`).join(" ")
    // exec: the child is the program itself, so that stop() reaches it.
    const child = spawn("/bin/sh", ["-c", `exec ip netns exec ${PREFIX}pod-${side} ${command}`], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    this.#running.add(child)
    let text = ""
    const ready = new Promise<void>((resolve) => {
      child.stdout.on("data", (data: Buffer) => {
        text += data.toString()
        if (text.startsWith("ready\n")) resolve()
      })
    })
    const rate = new Promise<number>((resolve, reject) => {
      child.on("exit", (code) => {
        this.#running.delete(child)
        const [count = Number.NaN, seconds = Number.NaN] = text.replace("ready\n", "").trim().split(" ").map(Number)
        if (code === 0) resolve(count / seconds)
        else reject(new Error(`${args.join(" ")} in pwb-pod-${side} ended with ${code ?? "a signal"}`))
      })
    })
    return { ready, rate, stop: () => child.kill() }
  }

  /** Datagrams received a second while one thread sends all it can. */
  async udpFlood(payload: number, milliseconds: number): Promise<number> {
    const sink = this.#traffic("b", "udp-sink", "9000")
    await Promise.race([sink.ready, sink.rate])
    await this.#traffic("a", "udp-flood", TARGET, "9000", String(payload), String(milliseconds)).rate
    return await sink.rate
  }

  /** Bytes received a second over one connection. */
  async tcpBulk(milliseconds: number): Promise<number> {
    const sink = this.#traffic("b", "tcp-sink", "9001")
    await Promise.race([sink.ready, sink.rate])
    await this.#traffic("a", "tcp-flood", TARGET, "9001", String(milliseconds)).rate
    return await sink.rate
  }

  /** Connections opened, used for a request and a reply, and closed, a second; one after the other. */
  async tcpAsk(milliseconds: number): Promise<number> {
    const server = this.#traffic("b", "tcp-serve", "9002")
    server.rate.catch(() => undefined)
    await Promise.race([server.ready, server.rate])
    try {
      return await this.#traffic("a", "tcp-ask", TARGET, "9002", String(milliseconds)).rate
    } finally {
      server.stop()
    }
  }

  /**
   * Builds `count` more pods on machine a, each a namespace with a veth pair on the bridge, an address and a default route: what the kernel's
   * memory lost to one of them, and how long one took. They stay until the end: the kernel gives back what a namespace held at its leisure,
   * and that would be taken off the next measurement.
   */
  podNetworks(count: number): { bytes: number; milliseconds: number } {
    const pods = Array.from({ length: count }, (_, i) => this.#morePods + i)
    this.#morePods += count
    const before = availableMemory()
    const start = performance.now()
    script(pods.map(podScript).join(""))
    const milliseconds = (performance.now() - start) / count
    const bytes = (before - availableMemory()) / count
    return { bytes, milliseconds }
  }

  #removeNamespaces(): void {
    const more = Array.from({ length: this.#morePods }, (_, i) => `${PREFIX}more${i}`)
    script([...names, ...more].map((name) => `ip netns del ${name} 2>/dev/null || true`).join("\n"))
  }

  close(): void {
    for (const child of this.#running) child.kill()
    this.#removeNamespaces()
    rmSync(this.#folder, { recursive: true })
  }
}
