/** Words that the commands of ip link share. */
import type { NetNamespace } from "../../linux/netns.ts"
import { type IpOptions, invalid } from "../iproute.ts"

export const integer = (word: string, name: string): number =>
  /^(0x[0-9a-fA-F]+|\d+)$/.test(word) ? Number(word) : invalid(word, `Invalid "${name}" value\n`)

/** Models check_ifname: how long a name may be is the kernel's to say. */
export const checkName = (name: string, what: string): string =>
  name === "" || /[/\s]/.test(name) ? invalid(name, `"${what}" not a valid ifname`) : name

export function namespaceOf(name: string, options: IpOptions): NetNamespace {
  const net = options.net.kernel.namespaces.find((other) => other.name === name && name !== "")
  return net ?? invalid(name, 'Invalid "netns" value\n')
}
