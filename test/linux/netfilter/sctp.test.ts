/**
 * SCTP's associations in conntrack. The first two were seen on Linux 6.18.44 (a raw socket, `conntrack -L`): an INIT makes
 * `sctp 132 9 CLOSED … [UNREPLIED]`, DATA of an unknown association is INVALID. The handshake is RFC 9260's.
 */
import { expect, test } from "vitest"
import { CtInfo, NfConn } from "../../../src/linux/netfilter/conntrack/entry.ts"
import { flowText } from "../../../src/linux/netfilter/conntrack/print.ts"
import { SctpCt, sctpMalformed, sctpPacket } from "../../../src/linux/netfilter/conntrack/sctp.ts"
import { defaultSettings } from "../../../src/linux/netfilter/conntrack/settings.ts"
import { Track } from "../../../src/linux/netfilter/conntrack/tcp.ts"
import type { Skb } from "../../../src/linux/skb.ts"

/** Ports 40000 and 9003, and chunks without contents. */
function packet(...chunks: number[]): Skb {
  const view = new DataView(new ArrayBuffer(12 + 4 * chunks.length))
  view.setUint16(0, 40000)
  view.setUint16(2, 9003)
  chunks.forEach((type, i) => {
    view.setUint8(12 + 4 * i, type)
    view.setUint16(14 + 4 * i, 4)
  })
  return { view, tail: view.byteLength } as unknown as Skb
}

function association(): { ct: NfConn; send: (reply: boolean, ...chunks: number[]) => number } {
  const ct = new NfConn(1)
  ct.original.set(0x0a4d0001, 0x0a4d0002, 40000, 9003, 132)
  ct.reply.set(0x0a4d0002, 0x0a4d0001, 9003, 40000, 132)
  const settings = defaultSettings()
  return {
    ct,
    send: (reply, ...chunks) =>
      sctpPacket(ct, packet(...chunks), 0, reply ? CtInfo.ESTABLISHED_REPLY : CtInfo.NEW, 0, settings),
  }
}

const [
  DATA,
  INIT,
  INIT_ACK,
  HEARTBEAT,
  HEARTBEAT_ACK,
  ABORT,
  SHUTDOWN,
  SHUTDOWN_ACK,
  COOKIE_ECHO,
  COOKIE_ACK,
  COMPLETE,
] = [0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 14] as const

test("an INIT begins an association, as listed", () => {
  const { ct, send } = association()
  expect(send(false, INIT)).toBe(Track.ACCEPT)
  expect(flowText(ct, 1)).toBe(
    "sctp     132 10 CLOSED src=10.77.0.1 dst=10.77.0.2 sport=40000 dport=9003 [UNREPLIED] src=10.77.0.2 dst=10.77.0.1 sport=9003 dport=40000",
  )
})

test("nothing else does, but a heartbeat", () => {
  for (const chunk of [DATA, INIT_ACK, COOKIE_ECHO, ABORT]) expect(association().send(false, chunk)).toBe(Track.INVALID)
  const { ct, send } = association()
  send(false, HEARTBEAT)
  expect(ct.state).toBe(SctpCt.HEARTBEAT_SENT)
  send(true, HEARTBEAT_ACK)
  expect(ct.state).toBe(SctpCt.ESTABLISHED)
})

test("set up, used and torn down", () => {
  const { ct, send } = association()
  const states: number[] = []
  const say = (reply: boolean, ...chunks: number[]): void => {
    expect(send(reply, ...chunks)).toBe(Track.ACCEPT)
    states.push(ct.state)
  }
  say(false, INIT)
  say(true, INIT_ACK)
  say(false, COOKIE_ECHO, DATA)
  say(true, COOKIE_ACK)
  say(true, DATA)
  say(false, SHUTDOWN)
  say(true, SHUTDOWN_ACK)
  say(false, COMPLETE)
  expect(states).toEqual([
    SctpCt.CLOSED,
    SctpCt.COOKIE_WAIT,
    SctpCt.COOKIE_ECHOED,
    SctpCt.ESTABLISHED,
    SctpCt.ESTABLISHED,
    SctpCt.SHUTDOWN_SENT,
    SctpCt.SHUTDOWN_ACK_SENT,
    SctpCt.CLOSED,
  ])
})

test("a packet that ends before its first chunk is nobody's", () => {
  expect(sctpMalformed(packet(), 0)).toBe(true)
  expect(sctpMalformed(packet(INIT), 0)).toBe(false)
})
