/** bridge fdb: add, append, replace, delete, flush. Models iproute2 bridge/fdb.c fdb_modify. */
import type { NetDevice } from "../../linux/netdev.ts"
import { type FdbMode, type FdbSpec, fdbAdd, fdbDel, fdbFlush } from "../../linux/rtnetlink/fdb.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, type Words } from "../iproute.ts"
import { macOf } from "./mac.ts"

interface FdbWords extends Omit<FdbSpec, "mac" | "master"> {
  dev: NetDevice | undefined
  address: string | undefined
  self: boolean
  master: boolean
}

const REFUSED: ReadonlySet<string> = new Set(["router", "use", "extern_learn", "vlan", "src_vni", "nhid"])

/** Words that say what kind of row it is; of an abbreviation the first that fits. */
const FLAGS: readonly (readonly [string, (spec: FdbWords) => void])[] = [
  ["self", (spec) => (spec.self = true)],
  ["master", (spec) => (spec.master = true)],
  ["local", (spec) => (spec.state = "permanent")],
  ["permanent", (spec) => (spec.state = "permanent")],
  ["temp", (spec) => (spec.state = "static")],
  ["static", (spec) => (spec.state = "static")],
  ["dynamic", (spec) => (spec.state = "dynamic")],
  ["sticky", (spec) => (spec.sticky = true)],
]

function read(words: Words, options: IpOptions): FdbWords {
  const spec: FdbWords = { dev: undefined, address: undefined, self: false, master: false, origin: "bridge fdb" }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") spec.dev = deviceOrFail(options.net, words.next(), 255)
    else if (word === "dst") spec.destination = readAddress(words.next())
    else if (word === "port") spec.port = readPort(words.next())
    else if (word === "vni") spec.vni = readVni(words.next())
    else if (word === "via") spec.via = deviceOrFail(options.net, words.next(), 255)
    else if (REFUSED.has(word)) fail(`bridge: podwire does not support 'fdb … ${word}'`, 255)
    else {
      const name = word
      const flag = FLAGS.find(([known]) => known.startsWith(name))
      if (flag !== undefined) flag[1](spec)
      else spec.address = word === "to" ? words.next() : word
    }
  }
  return spec
}

const readAddress = (word: string): number =>
  parseIpv4(word) ?? fail(`Error: any valid address is expected rather than "${word}".`, 1)

const readPort = (word: string): number =>
  /^\d+$/.test(word) && Number(word) < 65536 ? Number(word) : invalid(word, "invalid port\n")

const readVni = (word: string): number =>
  /^\d+$/.test(word) && Number(word) < 1 << 24 ? Number(word) : invalid(word, "invalid VNI\n")

export function fdbChange(words: Words, options: IpOptions, mode: FdbMode | "delete"): string {
  const { dev, address, self, master, ...spec } = read(words, options)
  if (dev === undefined || address === undefined) return fail("Device and address are required arguments.", 255)
  const mac = macOf(address)
  // Said both, it is done at both places.
  for (const at of master ? (self ? [true, false] : [true]) : [false]) {
    const { destination } = spec
    const refused =
      mode === "delete"
        ? fdbDel(dev, { mac, master: at, ...(destination === undefined ? {} : { destination }) })
        : fdbAdd(dev, { ...spec, mac, master: at }, mode)
    check(refused, 255)
  }
  return ""
}

export function flush(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") dev = deviceOrFail(options.net, words.next(), 255)
    else if (word !== "self") fail(`bridge: podwire does not support 'fdb flush … ${word}'`, 255)
  }
  if (dev === undefined) return fail("Device is a required argument.", 255)
  check(fdbFlush(dev), 255)
  return ""
}
