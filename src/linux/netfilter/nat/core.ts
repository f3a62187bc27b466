/** Which addresses and ports a connection is mapped to. Models net/netfilter/nf_nat_core.c. */
import * as ipv4 from "../../../wire/ipv4.ts"
import type { NetNamespace } from "../../netns.ts"
import { CtStatus, type NfConn, Tuple } from "../conntrack/entry.ts"
import { invertTuple } from "../conntrack/tuple.ts"
import { NfVerdict } from "../hook.ts"
import { jhash2 } from "./jhash.ts"
import { ANY_RANGE, NatManip, type NatRange } from "./range.ts"
import { stateOf } from "./state.ts"

const { ICMP, TCP, UDP } = ipv4.IpProtocol
const SCTP = 132
const MAX_ATTEMPTS = 128

const doneBit = (manip: number): number => (manip === NatManip.SRC ? CtStatus.SRC_NAT_DONE : CtStatus.DST_NAT_DONE)

/** Maps one end of a connection that is not confirmed yet. Models nf_nat_setup_info; an NfVerdict. */
export function natSetupInfo(net: NetNamespace, ct: NfConn, range: NatRange, manip: number): NfVerdict {
  if ((ct.status & CtStatus.CONFIRMED) !== 0) return NfVerdict.ACCEPT
  const current = new Tuple()
  invertTuple(ct.reply, current)
  const wanted = uniqueTuple(net, current, range, ct, manip)
  if (!wanted.equals(current)) {
    invertTuple(wanted, ct.reply)
    ct.status |= manip === NatManip.SRC ? CtStatus.SRC_NAT : CtStatus.DST_NAT
  }
  if (manip === NatManip.SRC) stateOf(net).nat.remember(ct)
  ct.status |= doneBit(manip)
  return NfVerdict.ACCEPT
}

export const natInitialized = (ct: NfConn, manip: number): boolean => (ct.status & doneBit(manip)) !== 0

/** The connection keeps its address, and its port unless that is taken. Models nf_nat_alloc_null_binding. */
export function natNullBinding(net: NetNamespace, ct: NfConn, manip: number): NfVerdict {
  const address = manip === NatManip.SRC ? ct.reply.destination : ct.reply.source
  const range = { ...ANY_RANGE, mapAddresses: true, minAddress: address, maxAddress: address }
  return natSetupInfo(net, ct, range, manip)
}

/** Somebody else's connection has this tuple's answer. Models nf_nat_used_tuple. */
function isUsed(net: NetNamespace, tuple: Tuple, ct: NfConn): boolean {
  const answer = new Tuple()
  if (!invertTuple(tuple, answer)) return false
  const { conntrack } = stateOf(net)
  const found = conntrack.find(answer)
  return found >= 0 && conntrack.entryOf(found) !== ct
}

function addressInRange(address: number, range: NatRange): boolean {
  return !range.mapAddresses || (address >= range.minAddress && address <= range.maxAddress)
}

function portInRange(tuple: Tuple, range: NatRange, manip: number): boolean {
  if (!range.mapPorts) return true
  const port = tuple.protocol === ICMP || manip === NatManip.SRC ? tuple.sourcePort : tuple.destinationPort
  return port >= range.minPort && port <= range.maxPort
}

/** Models get_unique_tuple. */
function uniqueTuple(net: NetNamespace, original: Tuple, range: NatRange, ct: NfConn, manip: number): Tuple {
  const tuple = new Tuple()
  tuple.copy(original)
  if (manip === NatManip.SRC && !range.random) {
    if (addressInRange(original.source, range) && portInRange(original, range, manip)) {
      if (!isUsed(net, original, ct)) return tuple
    } else if (sameSource(net, original, range, tuple) && !isUsed(net, tuple, ct)) return tuple
    tuple.copy(original)
  }
  chooseAddress(tuple, range, manip)
  if (!range.random) {
    if (range.mapPorts) {
      const fits = range.basePort === undefined && portInRange(tuple, range, manip)
      if (fits && (range.minPort === range.maxPort || !isUsed(net, tuple, ct))) return tuple
    } else if (!isUsed(net, tuple, ct)) return tuple
  }
  choosePort(net, tuple, range, manip, ct)
  return tuple
}

/** What the same source was mapped to before, when that is in the range. Models find_appropriate_src. */
function sameSource(net: NetNamespace, original: Tuple, range: NatRange, into: Tuple): boolean {
  for (const other of stateOf(net).nat.bySource(original)) {
    const { destination, destinationPort, sourcePort } = other.reply
    const port = original.protocol === ICMP ? sourcePort : destinationPort
    if (!addressInRange(destination, range)) continue
    into.source = destination
    into.sourcePort = port
    if (portInRange(into, range, NatManip.SRC)) return true
  }
  return false
}

/** One of the range's addresses, the same for the same pair of ends. Models find_best_ips_proto. */
function chooseAddress(tuple: Tuple, range: NatRange, manip: number): void {
  if (!range.mapAddresses) return
  let address = range.minAddress
  if (range.minAddress !== range.maxAddress) {
    const hash = jhash2([swap(tuple.source), 0, 0, 0], range.persistent ? 0 : swap(tuple.destination))
    address += Math.floor((hash * (range.maxAddress - range.minAddress + 1)) / 0x1_0000_0000)
  }
  if (manip === NatManip.SRC) tuple.source = address
  else tuple.destination = address
}

/** As a little-endian machine reads it. */
const swap = (address: number): number =>
  ((address >>> 24) | ((address >>> 8) & 0xff00) | ((address << 8) & 0xff0000) | (address << 24)) >>> 0

/** Ports below 512, below 1024 and above stay among their like. */
function usualPorts(port: number): [number, number] {
  if (port >= 1024) return [1024, 64_512]
  return port < 512 ? [1, 511] : [600, 424]
}

/** Models nf_nat_l4proto_unique_tuple. */
function choosePort(net: NetNamespace, tuple: Tuple, range: NatRange, manip: number, ct: NfConn): void {
  const { protocol } = tuple
  if (protocol !== TCP && protocol !== UDP && protocol !== ICMP && protocol !== SCTP) return
  const field = protocol === ICMP || manip === NatManip.SRC ? "sourcePort" : "destinationPort"
  let [low, size] = [range.minPort, range.maxPort - range.minPort + 1]
  if (!range.mapPorts) {
    if (protocol === ICMP) [low, size] = [0, 65_536]
    else if (manip === NatManip.DST) return
    else [low, size] = usualPorts(tuple.sourcePort)
  }
  const { prng } = stateOf(net)
  let offset = 0
  if (range.basePort !== undefined) offset = (tuple[field] - range.basePort) & 0xffff
  else if (range.random || manip === NatManip.SRC || protocol === ICMP) offset = prng.uint32() & 0xffff
  let attempts = Math.min(size, MAX_ATTEMPTS)
  for (;;) {
    for (let i = 0; i < attempts; i++, offset = (offset + 1) & 0xffff) {
      tuple[field] = low + (offset % size)
      if (!isUsed(net, tuple, ct)) return
    }
    if (attempts >= size || attempts < 16) return
    attempts = Math.floor(attempts / 2)
    offset = prng.uint32() & 0xffff
  }
}
