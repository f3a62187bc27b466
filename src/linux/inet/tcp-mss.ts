/** How much fits in a segment. Models net/ipv4/tcp_output.c tcp_advertise_mss, tcp_sync_mss and tcp_current_mss. */
import { routeMtu } from "../ip/route-output.ts"
import type { TcpSock } from "./tcp-sock.ts"

const HEADERS = 40
/** Options of every segment once timestamps are agreed. */
export const TIMESTAMP_OPTION = 12

/** Models tcp_advertise_mss. */
export function tcpAdvertiseMss(sock: TcpSock): number {
  const way = sock.route()
  // A packet is never longer than its length field says, on the loopback neither.
  return typeof way === "string" ? 1460 : Math.min(way.route.mtu || way.dev.mtu, 0xffff) - HEADERS
}

/** What the peer takes and the path carries. Models tcp_sync_mss. */
export function tcpSendMss(sock: TcpSock): number {
  const way = sock.routeOrNone()
  const path = way === undefined ? 1460 : routeMtu(sock.net, way.dev, sock.remoteAddress, way.route) - HEADERS
  return Math.min(sock.peerMss, path) - (sock.timestamps ? TIMESTAMP_OPTION : 0)
}

/** What fits beside the options that the next segment has. Models tcp_current_mss. */
export function tcpCurrentMss(sock: TcpSock): number {
  const mss = tcpSendMss(sock)
  if (!sock.sackOk || !(sock.receiveQueue.hasEarly || sock.duplicate !== undefined)) return mss
  const most = sock.timestamps ? 3 : 4
  const blocks = (sock.duplicate === undefined ? 0 : 1) + sock.receiveQueue.sackBlocks(sock.newestEarly, most).length
  return mss - 4 - 8 * Math.min(most, blocks)
}
