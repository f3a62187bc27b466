/** ip link set. Models iproute2 ip/iplink.c. */
import { Bridge } from "../../linux/link/bridge.ts"
import { IFF, type NetDevice } from "../../linux/netdev.ts"
import {
  linkDown,
  linkSetAddress,
  linkSetMaster,
  linkSetMtu,
  linkSetName,
  linkSetNamespace,
  linkUp,
} from "../../linux/rtnetlink/link.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, macOrFail, type Words } from "../iproute.ts"
import { readBridge } from "./link-kinds.ts"
import { checkName, integer, namespaceOf } from "./link-words.ts"
import { readGroup } from "./select.ts"

const onOff = (words: Words, name: string): boolean => {
  const word = words.next()
  if (word !== "on" && word !== "off") fail(`Error: argument of "${name}" must be "on" or "off", not "${word}"`, 1)
  return word === "on"
}

/** Sets or clears a flag; what counts users of it is told of a change. */
function setFlag(dev: NetDevice, bit: number, on: boolean, changed?: (by: 1 | -1) => void): void {
  if (((dev.flags & bit) !== 0) === on) return
  dev.flags ^= bit
  changed?.(on ? 1 : -1)
  dev.net.kernel.notify(dev.net, "link")
}

/** The changes of `ip link set`: each reads its argument at once, and is done when the device is known. */
const SETTERS: Readonly<Record<string, (words: Words, options: IpOptions) => (dev: NetDevice) => void>> = {
  up: () => (dev) => check(linkUp(dev)),
  down: () => (dev) => check(linkDown(dev)),
  mtu: (words) => {
    const mtu = integer(words.next(), "mtu")
    return (dev) => check(linkSetMtu(dev, mtu))
  },
  address: (words) => {
    const address = macOrFail(words.next())
    return (dev) => check(linkSetAddress(dev, address))
  },
  name: (words) => {
    const name = checkName(words.next(), "name")
    if (name.length > 15) invalid(name, '"name" not a valid ifname')
    return (dev) => check(linkSetName(dev, name))
  },
  master: (words, options) => {
    const name = words.next()
    const master = options.net.device(name) ?? invalid(name, "Device does not exist\n")
    return (dev) => check(linkSetMaster(dev, master))
  },
  nomaster: () => (dev) => check(linkSetMaster(dev, undefined)),
  netns: (words, options) => {
    const net = namespaceOf(words.next(), options)
    return (dev) => check(linkSetNamespace(dev, net))
  },
  txqueuelen: (words) => {
    const length = integer(words.next(), "txqueuelen")
    return (dev) => {
      dev.txQueueLength = length
    }
  },
  alias: (words) => {
    const alias = words.next()
    return (dev) => {
      dev.alias = alias
    }
  },
  group: (words) => {
    const group = readGroup(words.next())
    return (dev) => {
      dev.group = group
    }
  },
  promisc: (words) => {
    const on = onOff(words, "promisc")
    return (dev) => setFlag(dev, IFF.PROMISC, on, (by) => (dev.promiscuity += by))
  },
  allmulticast: (words) => {
    const on = onOff(words, "allmulticast")
    return (dev) => setFlag(dev, IFF.ALLMULTI, on, (by) => (dev.allmulti += by))
  },
  multicast: (words) => {
    const on = onOff(words, "multicast")
    return (dev) => setFlag(dev, IFF.MULTICAST, on)
  },
  arp: (words) => {
    const on = onOff(words, "arp")
    return (dev) => setFlag(dev, IFF.NOARP, !on)
  },
  type: (words) => {
    const kind = words.next()
    if (kind !== "bridge") fail(`ip: podwire does not support 'link set type ${kind}'`, 255)
    const { ageingTime } = readBridge(words)
    return (dev) => {
      if (!(dev.priv instanceof Bridge)) return fail("RTNETLINK answers: Operation not supported", 2)
      if (ageingTime !== undefined) dev.priv.ageingTime = ageingTime * 1e9
    }
  },
}
const SET_SYNONYMS: Readonly<Record<string, string>> = { qlen: "txqueuelen", txqlen: "txqueuelen" }
const SET_REFUSED: ReadonlySet<string> = new Set(
  "vf link-netns link-netnsid broadcast brd carrier state xdp xdpgeneric xdpdrv xdpoffload vrf trailers dynamic protodown protodown_reason addrgenmode gso_max_size gso_max_segs gro_max_size index".split(
    " ",
  ),
)

export function linkSetCommand(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  let group = false
  const changes: ((dev: NetDevice) => void)[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const setter = SETTERS[SET_SYNONYMS[word] ?? word]
    if (word === "dev") dev = deviceOrFail(options.net, words.next())
    else if (setter !== undefined) {
      if (word === "group") group = true
      changes.push(setter(words, options))
    } else if (SET_REFUSED.has(word)) fail(`ip: podwire does not support 'link set ${word}'`, 255)
    else if (dev === undefined) dev = deviceOrFail(options.net, word)
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (dev === undefined && group) fail("ip: podwire does not support 'link set group' of a whole group", 255)
  if (dev === undefined) return fail('Not enough information: "dev" argument is required.', 255)
  for (const apply of changes) apply(dev)
  return ""
}
