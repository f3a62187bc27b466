/** Neighbour unreachability detection: states, probes, timers (RFC 4861 section 7.3 as Linux applies it to ARP). Models net/core/neighbour.c. */
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { wheelDelay } from "../jiffies.ts"
import { IFF, type NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import { arpSolicit } from "./arp-send.ts"
import { type Neighbour, NeighParms, NUD_CONNECTED, NUD_VALID, Nud } from "./table.ts"
import { neighXmit } from "./xmit.ts"

/** The entry for a next hop, made when it is not there yet. */
export function neighFor(net: NetNamespace, dev: NetDevice, address: number): Neighbour {
  return net.neigh.lookup(dev, address) ?? createNeighbour(net, dev, address)
}

/** On a link without ARP everybody has the device's own address. Models arp_constructor. */
function createNeighbour(net: NetNamespace, dev: NetDevice, address: number): Neighbour {
  const neigh = net.neigh.create(dev, address, neighTimer)
  if ((dev.flags & IFF.NOARP) !== 0) {
    neigh.lladdr = dev.address
    neigh.state = Nud.NOARP
  }
  return neigh
}

/**
 * Prepares to send through `neigh`: true when its address may be used now; otherwise `skb` was queued or dropped. Models __neigh_event_send.
 */
export function neighEventSend(neigh: Neighbour, skb: Skb | undefined): boolean {
  const now = neigh.net.kernel.sim.now
  neigh.used = now
  if ((neigh.state & NUD_CONNECTED) !== 0) return true
  if ((neigh.state & (Nud.DELAY | Nud.PROBE)) !== 0) return true
  if (neigh.state === Nud.STALE) {
    setState(neigh, Nud.DELAY)
    armTimer(neigh, NeighParms.delayProbeTime)
    return true
  }
  if (skb !== undefined) enqueue(neigh, skb)
  if (neigh.state !== Nud.INCOMPLETE) {
    setState(neigh, Nud.INCOMPLETE)
    // What was asked by unicast counts as tried: broadcasts are left.
    neigh.probes = NeighParms.ucastProbes + 1
    armTimer(neigh, NeighParms.retransTime)
    arpSolicit(neigh, skb)
  }
  return false
}

/** Neighbour timers sit on the kernel's coarse wheel: a second is 1.01 s. */
function armTimer(neigh: Neighbour, delay: number): void {
  neigh.timer.arm(wheelDelay(neigh.net.kernel.sim.now, delay))
}

function enqueue(neigh: Neighbour, skb: Skb): void {
  if (neigh.queue.length >= NeighParms.queueLength)
    kfreeSkb(neigh.net, neigh.queue.shift() as Skb, DropReason.NEIGH_QUEUEFULL, neigh)
  neigh.queue.push(skb)
}

function setState(neigh: Neighbour, state: number): void {
  neigh.state = state
  neigh.updated = neigh.net.kernel.sim.now
  neigh.net.neigh.generation++
}

/** Models neigh_timer_handler. */
function neighTimer(neigh: Neighbour): void {
  const now = neigh.net.kernel.sim.now
  if (neigh.state === Nud.REACHABLE) {
    reachableExpired(neigh, now)
    return
  }
  if (neigh.state === Nud.DELAY) {
    if (now - neigh.confirmed <= NeighParms.delayProbeTime) {
      setState(neigh, Nud.REACHABLE)
      armTimer(neigh, neigh.net.neigh.reachableTime)
      return
    }
    setState(neigh, Nud.PROBE)
    neigh.probes = 0
  }
  probe(neigh)
}

function reachableExpired(neigh: Neighbour, now: number): void {
  const net = neigh.net
  const sinceConfirmed = now - neigh.confirmed
  if (sinceConfirmed <= net.neigh.reachableTime) armTimer(neigh, net.neigh.reachableTime - sinceConfirmed + 1)
  else if (now - neigh.used <= NeighParms.delayProbeTime) {
    setState(neigh, Nud.DELAY)
    armTimer(neigh, NeighParms.delayProbeTime)
  } else setState(neigh, Nud.STALE)
}

function probe(neigh: Neighbour): void {
  const limit = NeighParms.ucastProbes + (neigh.state === Nud.PROBE ? 0 : NeighParms.mcastProbes)
  if (neigh.probes >= limit) {
    neighFailed(neigh)
    return
  }
  neigh.probes++
  armTimer(neigh, NeighParms.retransTime)
  arpSolicit(neigh, neigh.queue[0])
}

/** Nobody answered: what waited is reported as unreachable. Models neigh_invalidate and arp_error_report. */
function neighFailed(neigh: Neighbour): void {
  setState(neigh, Nud.FAILED)
  for (const skb of neigh.queue.splice(0)) {
    neigh.net.kernel.linkFailure(neigh.net, skb)
    kfreeSkb(neigh.net, skb, DropReason.NEIGH_FAILED, neigh)
  }
}

/**
 * Takes in what is known about a neighbour: its address and the state that follows. `admin` is a user's word (`ip neigh`), which alone may
 * change a permanent entry; without `override` an address that is known stays. Models __neigh_update.
 */
export function neighUpdate(neigh: Neighbour, lladdr: number, state: number, admin: boolean, override = true): void {
  const now = neigh.net.kernel.sim.now
  const old = neigh.state
  const wasValid = neigh.valid
  if (!admin && (old & (Nud.PERMANENT | Nud.NOARP)) !== 0) return
  const same = wasValid && lladdr === neigh.lladdr
  if (!override && wasValid && !same) return
  const next = same && state === Nud.STALE && !admin ? old : state
  if ((next & NUD_CONNECTED) !== 0) neigh.confirmed = now
  if (next !== old || !same) {
    neigh.lladdr = lladdr
    enterState(neigh, next)
  }
  if ((next & NUD_VALID) !== 0 && !wasValid) for (const skb of neigh.queue.splice(0)) neighXmit(neigh, skb)
}

function enterState(neigh: Neighbour, next: number): void {
  neigh.timer.cancel()
  if (next === Nud.PROBE) neigh.probes = 0
  setState(neigh, next)
  if (next === Nud.REACHABLE) armTimer(neigh, neigh.net.neigh.reachableTime)
  // Set by hand, these are looked at at once.
  else if (next === Nud.DELAY || next === Nud.PROBE || next === Nud.INCOMPLETE) armTimer(neigh, 0)
}

/** Traffic came back from this next hop: no probe is needed for a while (MSG_CONFIRM, TCP's progress). Models __neigh_confirm. */
export function neighConfirm(net: NetNamespace, dev: NetDevice, address: number): void {
  const neigh = net.neigh.lookup(dev, address)
  if (neigh !== undefined) neigh.confirmed = net.kernel.sim.now
}
