/** bridge link: the ports of bridges. Models iproute2 bridge/link.c. */
import { IFF, type NetDevice } from "../../linux/netdev.ts"
import { flagNames } from "../ip/link-view.ts"
import { deviceOrFail, fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"
import { BRIDGE_USAGE } from "./usage.ts"

export function linkShow(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  for (let word = words.take(); word !== undefined; word = words.take())
    dev = deviceOrFail(options.net, word === "dev" ? words.next() : word, 255)
  const ports = options.net.devices.filter((d) => d.port !== undefined && (dev === undefined || d === dev))
  if (options.json) return renderJson(ports.map((port) => linkJson(port, options)) as Json, options.pretty)
  return ports.map((port) => linkText(port, options)).join("")
}

/** `bridge link set`: the port flags the kernel model has; the rest is refused by name. */
export function linkSet(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  const changes: ((port: NonNullable<NetDevice["port"]>) => void)[] = []
  const onOff = (name: string): boolean => {
    const word = words.next()
    if (word !== "on" && word !== "off")
      fail(`Error: argument of "${name}" must be one of "off", "on", not "${word}"`, 234)
    return word === "on"
  }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") {
      const name = words.next()
      dev = options.net.device(name) ?? fail(`Cannot find bridge device "${name}"`, 255)
    } else if (word === "hairpin" || word === "learning" || word === "flood" || word === "isolated") {
      const flag = word
      const value = onOff(word)
      changes.push((port) => {
        port[flag] = value
      })
    } else if (LINK_SET_REFUSED.has(word)) fail(`bridge: podwire does not support 'link set ${word}'`, 255)
    else fail(BRIDGE_USAGE.link.trimEnd(), 255)
  }
  if (dev === undefined) return fail("Device is a required argument.", 255)
  const port = dev.port ?? fail("RTNETLINK answers: Operation not supported", 255)
  for (const apply of changes) apply(port)
  return ""
}

const LINK_SET_REFUSED: ReadonlySet<string> = new Set(
  "cost priority state guard root_block fastleave learning_sync mcast_flood bcast_flood mcast_router mcast_to_unicast neigh_suppress vlan_tunnel locked hwmode backup_port nobackup_port self master".split(
    " ",
  ),
)

/** The tool looks the peer's index up in its own namespace: a real quirk, kept. */
function peerName(dev: NetDevice): string {
  if (dev.kind !== "veth" || dev.link === undefined) return ""
  return `@${dev.net.deviceByIndex(dev.link.ifindex)?.name ?? `if${dev.link.ifindex}`}`
}

/** M-DOWN, by the same quirk, tells of whoever has the peer's index here. */
function portFlags(dev: NetDevice): string[] {
  const lower = dev.kind === "veth" && dev.link !== undefined ? dev.net.deviceByIndex(dev.link.ifindex) : dev
  return flagNames(dev, lower === undefined || (lower !== dev && (lower.flags & IFF.UP) === 0))
}

function linkText(dev: NetDevice, options: IpOptions): string {
  const port = dev.port as NonNullable<NetDevice["port"]>
  const on = (value: boolean): string => (value ? "on" : "off")
  const line = `${dev.ifindex}: ${dev.name}${peerName(dev)}: <${portFlags(dev).join(",")}> mtu ${dev.mtu} master ${port.bridge.dev.name} state ${port.forwarding ? "forwarding" : "disabled"} priority 32 cost 2 \n`
  if (!options.details) return line
  return `${line}    hairpin ${on(port.hairpin)} guard off root_block off fastleave off learning ${on(port.learning)} flood ${on(port.flood)} mcast_flood on bcast_flood on mcast_router 1 mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated ${on(port.isolated)} locked off \n`
}

function linkJson(dev: NetDevice, options: IpOptions): Json {
  const port = dev.port as NonNullable<NetDevice["port"]>
  const details = {
    hairpin: port.hairpin,
    guard: false,
    root_block: false,
    fastleave: false,
    learning: port.learning,
    flood: port.flood,
    mcast_flood: true,
    bcast_flood: true,
    mcast_router: 1,
    mcast_to_unicast: false,
    neigh_suppress: false,
    vlan_tunnel: false,
    isolated: port.isolated,
    locked: false,
  }
  return {
    ifindex: dev.ifindex,
    link: dev.link === undefined ? undefined : (dev.net.deviceByIndex(dev.link.ifindex)?.name ?? undefined),
    ifname: dev.name,
    flags: portFlags(dev),
    mtu: dev.mtu,
    master: port.bridge.dev.name,
    state: port.forwarding ? "forwarding" : "disabled",
    priority: 32,
    cost: 2,
    ...(options.details ? details : {}),
  }
}
