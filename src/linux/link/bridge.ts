/** A learning bridge (IEEE 802.1D without spanning tree). Models net/bridge/. */

import { SECOND } from "../../sim/simulation.ts"
import { TraceKind } from "../../sim/trace.ts"
import * as ethernetHeader from "../../wire/ethernet.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { countTx, type DeviceOps, devQueueXmit, type NetDevice, netifReceiveSkb } from "../netdev.ts"
import { PacketType, type Skb } from "../skb.ts"
import { brForward, brNetfilter, brPreRouting } from "./br-netfilter.ts"
import { BridgeFdb } from "./bridge-fdb.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }
const { HOST, OTHERHOST } = PacketType

export class BridgePort {
  readonly bridge: Bridge
  readonly dev: NetDevice
  /** Port number, from 1, as `bridge -d link` and `brctl` count. */
  readonly number: number
  /** Sends a frame back out of the port it came from. */
  hairpin = false
  isolated = false
  learning = true
  flood = true
  /** It was forwarding when last looked at (BR_STATE_FORWARDING). */
  enabled = false

  constructor(bridge: Bridge, dev: NetDevice, number: number) {
    this.bridge = bridge
    this.dev = dev
    this.number = number
  }

  get forwarding(): boolean {
    return this.dev.running
  }

  /** Models br_input.c br_handle_frame: `skb` is stripped of its Ethernet header. */
  handleFrame(skb: Skb): void {
    const bridge = this.bridge
    const br = bridge.dev
    if (!br.up || !this.forwarding) {
      kfreeSkb(br.net, skb, DropReason.BRIDGE_INGRESS_STP_STATE)
      return
    }
    if (brNetfilter(br, skb) && !brPreRouting(br, this.dev, skb)) return
    this.finish(skb)
  }

  /** Models br_handle_frame_finish. */
  finish(skb: Skb): void {
    const bridge = this.bridge
    const br = bridge.dev
    const view = skb.view
    const to = ethernet.destination(view, skb.macHeader)
    if (this.learning) bridge.fdb.learn(ethernet.source(view, skb.macHeader), this)
    if (ethernet.isGroup(view, skb.macHeader)) {
      // The other ports get theirs first: a pod's own broadcast is back before the node answers it.
      bridge.flood(skb.clone(), this)
      bridge.passUp(skb)
      return
    }
    const row = bridge.fdb.lookup(to)
    if (row?.local === true) {
      bridge.passUp(skb)
      return
    }
    // Somebody looks on (tcpdump on the bridge): the node gets a copy of what passes between its ports.
    const copy = br.promiscuity > 0 ? skb.clone() : undefined
    if (row?.port !== undefined) bridge.forward(skb, this, row.port)
    else bridge.flood(skb, this)
    if (copy !== undefined) bridge.passUp(copy)
  }
}

export interface BridgeOptions {
  /** Seconds an address is remembered (300). */
  ageingTime?: number
}

export class Bridge {
  dev!: NetDevice
  readonly fdb: BridgeFdb
  readonly ports: BridgePort[] = []
  ageingTime: number
  /** The address was set by the user: it no longer follows the lowest port's (dev->addr_assign_type). */
  addressPinned = false
  /** The MTU was set by the user: it no longer follows the ports'. */
  mtuPinned = false
  #portNumbers = 0

  constructor(clock: { readonly now: number }, options: BridgeOptions = {}) {
    this.ageingTime = (options.ageingTime ?? 300) * SECOND
    this.fdb = new BridgeFdb(clock, this)
  }

  /** Models br_if.c br_add_if. */
  addPort(dev: NetDevice): BridgePort {
    const port = new BridgePort(this, dev, ++this.#portNumbers)
    dev.port = port
    dev.promiscuity++
    this.ports.push(port)
    this.fdb.addLocal(dev.address, port)
    this.adjustMtu()
    this.refresh()
    return port
  }

  removePort(dev: NetDevice): void {
    const port = dev.port
    if (port === undefined) return
    dev.port = undefined
    dev.promiscuity--
    this.ports.splice(this.ports.indexOf(port), 1)
    this.fdb.removePort(port)
    this.adjustMtu()
    this.refresh()
  }

  /** The smallest port's, or 1500 without ports. Models br_mtu_auto_adjust. */
  adjustMtu(): void {
    if (this.mtuPinned) return
    this.dev.mtu = this.ports.length === 0 ? 1500 : Math.min(...this.ports.map((port) => port.dev.mtu))
  }

  /** Follows the ports: carrier, MTU-independent address. Models br_stp_recalculate_bridge_id and br_port_carrier_check. */
  refresh(): void {
    for (const port of this.ports) {
      // What was learned behind a port that is down is forgotten (br_stp_disable_port).
      if (port.enabled && !port.forwarding) this.fdb.forgetLearned(port)
      port.enabled = port.forwarding
    }
    const carrier = this.ports.some((port) => port.forwarding)
    this.dev.net.kernel.setCarrier(this.dev, carrier)
    if (this.addressPinned || this.ports.length === 0) return
    const lowest = Math.min(...this.ports.map((port) => port.dev.address))
    if (lowest !== this.dev.address) {
      this.fdb.removeLocal(this.dev.address, undefined)
      this.dev.address = lowest
      this.fdb.addLocal(lowest, undefined)
    }
  }

  /** To the bridge's own machine. Models br_pass_frame_up. */
  passUp(skb: Skb): void {
    const br = this.dev
    const to = ethernet.destination(skb.view, skb.macHeader)
    skb.dev = br
    if (to === br.address) skb.packetType = HOST
    else if (!ethernet.isGroup(skb.view, skb.macHeader))
      skb.packetType = this.fdb.lookup(to)?.local === true ? HOST : OTHERHOST
    netifReceiveSkb(br, skb)
  }

  /** Out of one port. Models br_forward.c br_forward; `skb` is stripped of its Ethernet header. */
  forward(skb: Skb, from: BridgePort | undefined, to: BridgePort): void {
    const trace = this.dev.net.trace
    if (!shouldDeliver(from, to)) {
      kfreeSkb(this.dev.net, skb, DropReason.BRIDGE_NO_EGRESS_PORT, to)
      return
    }
    if (trace.on !== 0) trace.emit(TraceKind.BR_FORWARD, skb.id, this.dev.net.id, this.dev.ifindex, to.dev.ifindex, to)
    if (skb.physIn !== undefined && !brForward(this.dev, skb, to.dev)) return
    skb.push(ethernet.LENGTH)
    devQueueXmit(to.dev, skb)
  }

  /** Out of every other port, the newest first, as the kernel's list has them. Models br_flood. */
  flood(skb: Skb, from: BridgePort | undefined): void {
    const trace = this.dev.net.trace
    if (trace.on !== 0) trace.emit(TraceKind.BR_FLOOD, skb.id, this.dev.net.id, this.dev.ifindex, 0)
    for (let i = this.ports.length - 1; i >= 0; i--) {
      const port = this.ports[i] as BridgePort
      if (!port.flood || !shouldDeliver(from, port)) continue
      const copy = skb.clone()
      if (copy.physIn !== undefined && !brForward(this.dev, copy, port.dev)) continue
      copy.push(ethernet.LENGTH)
      devQueueXmit(port.dev, copy)
    }
    skb.free()
  }
}

function shouldDeliver(from: BridgePort | undefined, to: BridgePort): boolean {
  if (!to.forwarding) return false
  if (from === to) return to.hairpin
  return !(from?.isolated === true && to.isolated)
}

export const bridgeOps: DeviceOps = {
  kind: "bridge",
  /** Models br_device.c br_dev_xmit. */
  startXmit(dev, skb) {
    const bridge = dev.priv as Bridge
    countTx(dev, skb.length)
    const to = ethernet.destination(skb.view, skb.data)
    skb.macHeader = skb.data
    skb.pull(ethernet.LENGTH)
    if (skb.physIn?.port !== undefined) {
      // It was bridged all the time, and waited for its new destination's address (br_nf_dev_xmit).
      skb.physIn.port.finish(skb)
      return
    }
    const port = ethernet.isGroup(skb.view, skb.macHeader) ? undefined : bridge.fdb.lookup(to)?.port
    if (port === undefined) bridge.flood(skb, undefined)
    else bridge.forward(skb, undefined, port)
  },
  open(dev) {
    ;(dev.priv as Bridge).refresh()
  },
  uninit(dev) {
    const bridge = dev.priv as Bridge
    for (const port of [...bridge.ports]) bridge.removePort(port.dev)
  },
}
