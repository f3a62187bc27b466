import { describe, expect, test } from "vitest"
import { ConnectionTable } from "../../src/linux/inet/connection-table.ts"
import { TcpSock } from "../../src/linux/inet/tcp-sock.ts"
import { mix } from "../../src/linux/ip/ident.ts"
import { createWorld } from "../support/world.ts"

const PORTS = { localPort: 80, remotePort: 40000 }

/** Remote addresses whose 21 bits of hash are the same: with equal ports these connections meet on one chain. */
function collidingAddresses(local: number): [number, number, number] {
  const bucket = (remote: number): number => mix(mix(0, local), remote) >>> 11
  const found = [1]
  for (let remote = 2; found.length < 3; remote++) if (bucket(remote) === bucket(1)) found.push(remote)
  return found as [number, number, number]
}

describe("ConnectionTable", () => {
  const [{ pod }] = createWorld().machines
  const shared = new TcpSock(pod, { localAddress: 9, remoteAddress: 1, ...PORTS })
  // The table reads the four numbers only: one real socket lends them its prototype.
  const sock = (remoteAddress: number): TcpSock =>
    Object.create(shared, { remoteAddress: { value: remoteAddress }, chained: { value: undefined, writable: true } })

  test("tells connections apart that share a bucket, in any order of leaving", () => {
    const [a, b, c] = collidingAddresses(9).map(sock) as [TcpSock, TcpSock, TcpSock]
    const get = (table: ConnectionTable, s: TcpSock): TcpSock | undefined =>
      table.get(s.localAddress, s.localPort, s.remoteAddress, s.remotePort)
    for (const gone of [a, b, c]) {
      const table = new ConnectionTable()
      for (const s of [a, b, c]) table.add(s)
      expect([a.chained, b.chained, c.chained]).toEqual([b, c, undefined])
      expect([...table.values()]).toEqual([a, b, c])
      expect([a, b, c].map((s) => get(table, s))).toEqual([a, b, c])
      table.delete(gone)
      expect(get(table, gone)).toBeUndefined()
      const rest = [a, b, c].filter((s) => s !== gone)
      expect(rest.map((s) => get(table, s))).toEqual(rest)
      table.delete(gone)
      expect([...table.values()]).toEqual(rest)
    }
  })

  test("does not take a newcomer with the same four numbers for the one that left", () => {
    const table = new ConnectionTable()
    const old = sock(5)
    const young = sock(5)
    table.add(old)
    table.delete(old)
    table.add(young)
    table.delete(old)
    expect(table.get(young.localAddress, young.localPort, young.remoteAddress, young.remotePort)).toBe(young)
  })
})
