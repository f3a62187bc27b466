/** ip link. Models iproute2 ip/iplink.c. */
import type { NetDevice } from "../../linux/netdev.ts"
import { linkDel } from "../../linux/rtnetlink/link.ts"
import { formatMac } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"
import { linkAddCommand } from "./link-add.ts"
import { linkSetCommand } from "./link-set.ts"
import { briefStart, flagNames, linkJson, linkKeys, linkText } from "./link-view.ts"
import { select } from "./select.ts"
import { refused, runSubcommand, type Subcommands } from "./subcommand.ts"

const COMMANDS: Subcommands = [
  ["add", linkAddCommand],
  ["set", linkSetCommand],
  ["change", linkSetCommand],
  ["delete", remove],
  ["show", show],
  ["list", show],
  ["lst", show],
  ...refused("link", ["xstats", "afstats", "property"]),
]

export function ipLink(args: readonly string[], options: IpOptions): string {
  return runSubcommand("link", COMMANDS, args, options)
}

function show(words: Words, options: IpOptions): string {
  const { devices } = select(words, options)
  if (options.json)
    return renderJson(
      devices.map((dev) => (options.brief ? briefJson(dev) : linkJson(dev, options, true))) as Json,
      options.pretty,
    )
  if (options.brief)
    return devices.map((dev) => `${briefStart(dev)}${formatMac(dev.address)} <${flagNames(dev).join(",")}> \n`).join("")
  return devices.map((dev) => linkText(dev, options, true)).join("")
}

const briefJson = (dev: NetDevice): Json => ({
  ...linkKeys(dev),
  ifname: dev.name,
  operstate: dev.operstate,
  address: formatMac(dev.address),
  flags: flagNames(dev),
})

function remove(words: Words, options: IpOptions): string {
  let name: string | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    // The kind is of no interest to the kernel: any will do.
    if (word === "type") words.next()
    else if (word === "group") fail("ip: podwire does not support 'link delete group'", 255)
    else if (name === undefined) name = word === "dev" ? words.next() : word
    else fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`, 255)
  }
  if (name === undefined) return fail('Not enough information: "dev" argument is required.', 255)
  check(linkDel(deviceOrFail(options.net, name)))
  return ""
}
