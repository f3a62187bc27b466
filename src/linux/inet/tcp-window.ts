/** The window that is offered. Models net/ipv4/tcp_output.c tcp_select_window and net/ipv4/tcp_input.c tcp_grow_window. */
import { TIMESTAMP_OPTION, tcpAdvertiseMss, tcpSendMss } from "./tcp-mss.ts"
import { seqAdd, seqDiff } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"

/** How far the window must be shifted so that the largest buffer fits in 16 bits. Models tcp_select_initial_window. */
export function windowScale(most: number): number {
  let scale = 0
  for (let space = most; space > 0xffff && scale < 14; space /= 2) scale++
  return scale
}

/** Models tcp_select_initial_window: whole segments of half the buffer, as much as an unscaled SYN can say. */
export function tcpSelectInitialWindow(sock: TcpSock, mss: number): void {
  const space = sock.net.sysctl.tcpRmem[1] / 2
  sock.rcvWnd = Math.min(space > mss ? Math.floor(space / mss) * mss : space, 0xffff)
  sock.rcvSsthresh = sock.rcvWnd
}

/** A segment's room is kept free once the connection stands. Models tcp_init_buffer_space. */
export function tcpInitBufferSpace(sock: TcpSock): void {
  const space = sock.net.sysctl.tcpRmem[1] / 2
  const mss = tcpAdvertiseMss(sock) - (sock.timestamps ? TIMESTAMP_OPTION : 0)
  sock.windowClamp = space > 2 * mss ? Math.max(2 * mss, space - mss) : space
  sock.rcvSsthresh = Math.min(sock.rcvSsthresh, sock.windowClamp)
}

/** What is free of the receive buffer. Models tcp_space. */
export function tcpSpace(sock: TcpSock): number {
  return Math.max(0, (sock.net.sysctl.tcpRmem[1] - sock.receiveQueue.allocated) / 2)
}

/** The window still offered: what was announced less what has come. Models tcp_receive_window. */
export function tcpReceiveWindow(sock: TcpSock): number {
  return Math.max(0, seqDiff(seqAdd(sock.rcvWup, sock.rcvWnd), sock.rcvNxt))
}

/** Models tcp_select_window: never shrinks, and opens in steps worth telling. */
export function tcpSelectWindow(sock: TcpSock): number {
  const unit = 2 ** sock.rcvWscale
  const current = tcpReceiveWindow(sock)
  const free = Math.min(tcpSpace(sock), sock.rcvSsthresh)
  let next = Math.ceil(free / unit) * unit
  if (sock.rcvWscale === 0 && free < tcpSendMss(sock) && free < sock.net.sysctl.tcpRmem[1] / 16) next = 0
  if (next < current) next = Math.ceil(current / unit) * unit
  sock.rcvWnd = next
  sock.rcvWup = sock.rcvNxt
  return Math.min(0xffff, next / unit)
}

/** `length` bytes came: more may be offered. Models tcp_grow_window. */
export function tcpGrowWindow(sock: TcpSock, length: number): void {
  const room = Math.min(sock.windowClamp, tcpSpace(sock)) - sock.rcvSsthresh
  if (room > 0 && length >= 128) sock.rcvSsthresh += Math.min(room, Math.max(2 * length, 2 * tcpAdvertiseMss(sock)))
}
