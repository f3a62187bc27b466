/** The packet that rules look at. Models struct xt_action_param with the IPv4 header's fields read once. */
import * as ipv4 from "../../../wire/ipv4.ts"
import type { NetDevice } from "../../netdev.ts"
import type { NetNamespace } from "../../netns.ts"
import type { Skb } from "../../skb.ts"
import type { NfHook } from "../hook.ts"

export class XtPacket {
  net!: NetNamespace
  hook!: NfHook
  skb!: Skb
  input: NetDevice | undefined
  output: NetDevice | undefined
  source = 0
  destination = 0
  protocol = 0
  /** Of the fragment, in units of eight bytes. */
  fragmentOffset = 0
  /** Where the transport header starts. */
  transport = 0

  set(net: NetNamespace, hook: NfHook, skb: Skb, input: NetDevice | undefined, output: NetDevice | undefined): void {
    const view = skb.view
    const at = skb.networkHeader
    this.net = net
    this.hook = hook
    this.skb = skb
    this.input = input
    this.output = output
    this.source = ipv4.source(view, at)
    this.destination = ipv4.destination(view, at)
    this.protocol = ipv4.protocol(view, at)
    this.fragmentOffset = ipv4.flagsAndOffset(view, at) & ipv4.IP_OFFSET
    this.transport = at + ipv4.headerLength(view, at)
  }

  /** True when `length` bytes of the transport header are there to be read. */
  has(length: number): boolean {
    return this.fragmentOffset === 0 && this.transport + length <= this.skb.tail
  }
}
