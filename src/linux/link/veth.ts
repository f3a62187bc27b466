/** A pair of devices: what enters one leaves the other. Models drivers/net/veth.c. */
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { countTx, type DeviceOps, type NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"

export const vethOps: DeviceOps = {
  kind: "veth",
  startXmit(dev, skb) {
    const peer = dev.link
    if (peer === undefined || !peer.up) {
      dev.stats.txDropped++
      kfreeSkb(dev.net, skb, DropReason.DEV_READY)
      return
    }
    countTx(dev, skb.length)
    skb.scrub(peer.net !== dev.net)
    peer.net.kernel.netifRx(peer, skb)
  },
  open(dev) {
    updateCarrier(dev)
    return undefined
  },
  stop: updateCarrier,
  uninit(dev) {
    const peer = dev.link
    if (peer === undefined) return
    dev.link = undefined
    peer.link = undefined
    peer.net.kernel.unregister(peer)
  },
}

/** Either end has carrier while the other is up. */
function updateCarrier(dev: NetDevice): void {
  const peer = dev.link
  if (peer === undefined) return
  const both = dev.up && peer.up
  dev.net.kernel.setCarrier(dev, both)
  peer.net.kernel.setCarrier(peer, both)
  noteLowerLayer(dev)
  noteLowerLayer(peer)
}

/** The kernel looks the other end's index up in this namespace, whoever has it there. Models net/core/link_watch.c default_operstate. */
export function noteLowerLayer(dev: NetDevice): void {
  const lower = dev.link === undefined ? undefined : dev.net.deviceByIndex(dev.link.ifindex)
  dev.lowerLayerDown = lower !== undefined && lower !== dev && !lower.carrier
}

export interface VethEnd {
  net: NetNamespace
  name: string
  address: number
  mtu?: number
  txQueueLength?: number
  origin?: string | undefined
}

/** Creates both ends; the peer comes first, as RTM_NEWLINK does it, and so has the lower ifindex within one namespace. */
export function vethCreate(end: VethEnd, peer: VethEnd): NetDevice {
  const peerDev = peer.net.addDevice(vethOps, peer, undefined)
  const dev = end.net.addDevice(vethOps, end, undefined)
  dev.link = peerDev
  peerDev.link = dev
  dev.carrier = peerDev.carrier = false
  dev.carrierChanges = peerDev.carrierChanges = 1
  noteLowerLayer(dev)
  noteLowerLayer(peerDev)
  return dev
}
