/**
 * The least a walk can be in JavaScript: pod, bridge, VXLAN, wire and back on integers in typed arrays, for one world that never changes. No
 * namespaces, hooks, options, events or errors: what podwire's generality costs is the distance to this loop.
 */
const SLOTS = 1024
const ETH = 14
const IP = 20
const UDP = 8
const VXLAN = 8

/** Open addressing, key word to value; the key 0 is a free row. */
class Table {
  readonly #rows = new Int32Array(SLOTS * 2)

  set(key: number, value: number): void {
    const at = this.#find(key)
    this.#rows[at] = key
    this.#rows[at + 1] = value
  }

  get(key: number): number {
    return this.#rows[this.#find(key) + 1] as number
  }

  #find(key: number): number {
    let row = (Math.imul(key, 0x9e3779b1) >>> 22) * 2
    while (this.#rows[row] !== key && this.#rows[row] !== 0) row = (row + 2) & (SLOTS * 2 - 1)
    return row
  }
}

const view = new DataView(new ArrayBuffer(1 << 16))
const bytes = new Uint8Array(view.buffer)
const fdb = new Table()
const routes = new Table()
const neighbours = new Table()
const sockets = new Table()
const counters = new Int32Array(16)
const FROM = 0x0af40102 | 0
const TO = 0x0af40202 | 0

for (const [key, port] of [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 6],
] as const)
  fdb.set(key, port)
for (const net of [FROM >> 8, TO >> 8, 0xc0a850]) routes.set(net, 7)
for (const address of [TO, 0x0af40101, 0x0af40200, 0xc0a85069 | 0]) neighbours.set(address, 5)
for (const port of [9000, 8472]) sockets.set(port, 1)

function sum(at: number, length: number, start: number): number {
  let s = start
  for (let end = at + length; at < end; at += 2) s += view.getUint16(at)
  return s
}

function fold(sum: number): number {
  let s = (sum & 0xffff) + (sum >>> 16)
  s = (s & 0xffff) + (s >>> 16)
  return ~s & 0xffff
}

function ethernet(at: number, to: number, from: number): void {
  view.setUint16(at, 0x261f)
  view.setInt32(at + 2, to)
  view.setUint16(at + 6, 0x5e83)
  view.setInt32(at + 8, from)
  view.setUint16(at + 12, 0x0800)
}

function ipv4(at: number, length: number, source: number, destination: number): void {
  view.setUint16(at, 0x4500)
  view.setUint16(at + 2, length)
  view.setUint32(at + 4, 0x4000)
  view.setUint16(at + 8, 0x4011)
  view.setUint16(at + 10, 0)
  view.setInt32(at + 12, source)
  view.setInt32(at + 16, destination)
  view.setUint16(at + 10, fold(sum(at, IP, 0)))
}

/** One router: bridge row, header check, route, TTL, neighbour. */
function forward(at: number, hop: number): void {
  counters[hop] = (counters[hop] as number) + fdb.get(view.getInt32(at - 12) & 7)
  if (view.getUint8(at) !== 0x45 || fold(sum(at, IP, 0)) !== 0) throw new Error("a bad header")
  const destination = view.getInt32(at + 16)
  if (routes.get(destination >> 8) === 0) throw new Error("no route")
  const word = view.getUint16(at + 8)
  view.setUint16(at + 8, word - 0x100)
  view.setUint16(at + 10, fold((~view.getUint16(at + 10) & 0xffff) + (~word & 0xffff) + word - 0x100))
  ethernet(at - ETH, neighbours.get(destination), hop)
}

let slot = 0

/** A datagram of `payload` bytes from pod to pod; returns the bytes that arrived. */
export function limitWalk(data: Uint8Array): number {
  slot = (slot + 2048) & 0xffff
  const payload = data.length
  const at = slot + 128
  bytes.set(data, at + IP + UDP)
  view.setInt32(at + IP, (40000 << 16) | 9000)
  view.setInt32(at + IP + 4, (payload + UDP) << 16)
  ipv4(at, IP + UDP + payload, FROM, TO)
  ethernet(at - ETH, neighbours.get(0x0af40101), 1)
  forward(at, 1)
  const outer = at - ETH - VXLAN - UDP
  view.setInt32(outer, ((40000 | (fold(view.getUint16(at + IP)) & 63)) << 16) | 8472)
  view.setInt32(outer + 4, (payload + 2 * UDP + VXLAN + ETH + IP) << 16)
  view.setInt32(outer + UDP, 0x08000000)
  view.setInt32(outer + UDP + 4, 1 << 8)
  // Local checksum offload: everything behind the inner UDP header sums to the complement of its seed.
  view.setUint16(outer + 6, fold(sum(outer, UDP + VXLAN + ETH + IP, 0x11)))
  ipv4(outer - IP, payload + 2 * (IP + UDP) + VXLAN + ETH, 0xc0a85067 | 0, 0xc0a85069 | 0)
  ethernet(outer - IP - ETH, neighbours.get(0xc0a85069 | 0), 3)
  if (fold(sum(outer - IP, IP, 0)) !== 0 || sockets.get(view.getUint16(outer + 2)) === 0) return 0
  forward(at, 2)
  if (fold(sum(at, IP, 0)) !== 0 || sockets.get(view.getUint16(at + IP + 2)) === 0) return 0
  return view.getUint16(at + IP + 4) - UDP
}
