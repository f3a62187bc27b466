/** Which devices a `show` is about: `dev X`, `up`, `type T`, `master M`, `group default`. */
import type { NetDevice } from "../../linux/netdev.ts"
import { deviceOrFail, fail, type IpOptions, type Words } from "../iproute.ts"

export interface Selection {
  devices: NetDevice[]
  /** `to PREFIX`, `scope S`, `label L`: for addresses. */
  scope: string | undefined
  label: string | undefined
  /** A device was named: it is shown even without addresses. */
  named: boolean
}

const KINDS = [
  "bridge",
  "veth",
  "vxlan",
  "dummy",
  "vlan",
  "bond",
  "tun",
  "ipip",
  "gre",
  "wireguard",
  "macvlan",
  "ipvlan",
  "geneve",
  "vrf",
]

export function select(words: Words, options: IpOptions): Selection {
  const { net } = options
  let devices = [...net.devices]
  let name: string | undefined
  let scope: string | undefined
  let label: string | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "up") devices = devices.filter((dev) => dev.up)
    else if (word === "type") {
      const kind = words.next()
      if (!KINDS.includes(kind)) fail(`Error: argument "${kind}" is wrong: unknown type`, 255)
      devices = devices.filter((dev) => dev.kind === kind)
    } else if (word === "master") {
      const master = words.next()
      if (net.device(master) === undefined) fail(`Device does not exist`, 255)
      devices = devices.filter((dev) => dev.port?.bridge.dev.name === master)
    } else if (word === "nomaster") devices = devices.filter((dev) => dev.port === undefined)
    else if (word === "group") words.next()
    else if (word === "scope") scope = words.next()
    else if (word === "label") label = words.next()
    else if (word === "to" || word === "dynamic" || word === "permanent" || word === "vrf" || word === "tentative")
      fail(`ip: podwire does not support '${word}' here`, 255)
    else {
      const named = word === "dev" ? words.next() : word
      if (name !== undefined) fail(`Error: either "dev" is duplicate, or "${named}" is a garbage.`, 255)
      name = named
    }
  }
  if (name !== undefined) {
    if (net.device(name) === undefined) fail(`Device "${name}" does not exist.`, 1)
    const dev = deviceOrFail(net, name)
    devices = devices.filter((other) => other === dev)
  }
  return { devices, scope, label, named: name !== undefined }
}
