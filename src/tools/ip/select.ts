/** Which devices a `show` is about: `dev X`, `up`, `type T`, `master M`, `group G`; and for addresses which of theirs. */
import type { InterfaceAddress, NetDevice } from "../../linux/netdev.ts"
import { networkOf } from "../../wire/address.ts"
import { deviceOrFail, fail, type IpOptions, invalid, type Words } from "../iproute.ts"
import { readScope } from "./scope.ts"
import { prefixOrFail } from "./values.ts"

export interface Selection {
  devices: NetDevice[]
  /** What an address must be to be shown. */
  accepts: (ifa: InterfaceAddress) => boolean
  /** `to` and `label` ask for IPv4: a device without an address that fits is not shown, one without any neither. */
  inet: boolean
  /** A label was asked for: the tool prints addresses only. */
  addressesOnly: boolean
}

const REFUSED: ReadonlySet<string> = new Set(
  "vrf deprecated -deprecated dadfailed -dadfailed temporary home nodad mngtmpaddr autojoin".split(" "),
)

/** The address flags IPv4 knows, and those it never has here. */
const FLAGS: Readonly<Record<string, (ifa: InterfaceAddress) => boolean>> = {
  permanent: () => true,
  dynamic: () => false,
  secondary: (ifa) => ifa.secondary,
  primary: (ifa) => !ifa.secondary,
  tentative: () => false,
  "-tentative": () => true,
  noprefixroute: (ifa) => ifa.noPrefixRoute,
}

export function select(words: Words, options: IpOptions, addresses = false): Selection {
  const { net } = options
  const devices: ((dev: NetDevice) => boolean)[] = []
  const rows: ((ifa: InterfaceAddress) => boolean)[] = []
  let name: string | undefined
  let inet = false
  let addressesOnly = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const flag = addresses ? FLAGS[word] : undefined
    if (word === "up") devices.push((dev) => dev.up)
    else if (word === "type") {
      const kind = words.next()
      devices.push((dev) => dev.kind === kind)
    } else if (word === "master") {
      const master = words.next()
      if (net.device(master) === undefined) invalid(master, "Device does not exist\n")
      devices.push((dev) => dev.port?.bridge.dev.name === master)
    } else if (word === "nomaster") devices.push((dev) => dev.port === undefined)
    else if (word === "group") {
      const group = readGroup(words.next())
      devices.push((dev) => dev.group === group)
    } else if (addresses && word === "scope") {
      const text = words.next()
      const scope = text === "all" ? undefined : readScope(text, `invalid "scope"\n`)
      if (scope !== undefined) rows.push((ifa) => ifa.scope === scope)
    } else if (addresses && word === "label") {
      const label = labelPattern(words.next())
      rows.push((ifa) => label.test(ifa.label))
      inet = addressesOnly = true
    } else if (addresses && word === "to") {
      const prefix = prefixOrFail(words.next())
      rows.push((ifa) => networkOf(ifa.address, prefix.length) === networkOf(prefix.address, prefix.length))
      inet = true
    } else if (flag !== undefined) rows.push(flag)
    else if (REFUSED.has(word)) fail(`ip: podwire does not support '${word}' here`, 255)
    else {
      const named = word === "dev" ? words.next() : word
      if (name !== undefined) fail(`Error: either "dev" is duplicate, or "${named}" is a garbage.`, 255)
      name = named
    }
  }
  if (name !== undefined) {
    const wanted = net.device(name) ?? fail(`Device "${name}" does not exist.`, 1)
    devices.push((dev) => dev === deviceOrFail(net, wanted.name))
  }
  return {
    devices: net.devices.filter((dev) => devices.every((accepts) => accepts(dev))),
    accepts: (ifa) => rows.every((accepts) => accepts(ifa)),
    inet,
    addressesOnly,
  }
}

/** `default` is 0; other names would come from /etc/iproute2/group. */
export function readGroup(word: string): number {
  if (word === "default") return 0
  return /^\d+$/.test(word) ? Number(word) : invalid(word, 'Invalid "group" value\n')
}

/** A label is matched as the shell matches file names (fnmatch). */
function labelPattern(text: string): RegExp {
  const escaped = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  return new RegExp(`^${escaped}$`)
}
