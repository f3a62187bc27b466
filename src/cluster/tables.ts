/** What decides about packets, as it stood: the tables of machines and pods while a recording ran. */
import type { Bridge } from "../linux/link/bridge.ts"
import { Vxlan } from "../linux/link/vxlan.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { fdbShow } from "../tools/bridge/fdb-show.ts"
import { ipNeigh } from "../tools/ip/neigh.ts"
import { ipRoute } from "../tools/ip/route.ts"
import { ipOptions, Words } from "../tools/iproute.ts"

/** The tables of a machine or pod, as `ip route`, `ip neigh` and `bridge fdb` print them. */
export interface Tables {
  /** Virtual nanoseconds: since then they are as they are here. */
  readonly time: number
  readonly routes: string
  readonly neighbours: string
  readonly fdb: string
}

const ROOT = 0

/** Keeps the tables of each place, once for every time that they were found changed. */
export class TableLog {
  readonly #logs = new Map<NetNamespace, { generation: number; readonly tables: Tables[] }>()

  /** From now on, these. */
  add(net: NetNamespace, now: number): void {
    this.#logs.set(net, { generation: -1, tables: [] })
    this.look(net, now)
  }

  /** Whether it was looked at by then. */
  knows(net: NetNamespace, time: number): boolean {
    const first = this.#logs.get(net)?.tables[0]
    return first !== undefined && first.time <= time
  }

  /** Every write to a table raises its number. */
  look(net: NetNamespace, now: number): void {
    const log = this.#logs.get(net)
    const generation = generationOf(net)
    if (log === undefined || log.generation === generation) return
    log.generation = generation
    log.tables.push({ time: now, ...tablesOf(net) })
  }

  /** As they stood at a time. */
  at(net: NetNamespace, time: number): Tables | undefined {
    const tables = this.#logs.get(net)?.tables ?? []
    return tables.findLast((one) => one.time <= time) ?? tables[0]
  }
}

function generationOf(net: NetNamespace): number {
  let sum = net.fib.generation + net.neigh.generation
  for (const { priv, kind } of net.devices) {
    if (priv instanceof Vxlan) sum += priv.fdb.generation
    else if (kind === "bridge") sum += (priv as Bridge).fdb.generation
  }
  return sum
}

function tablesOf(net: NetNamespace): Omit<Tables, "time"> {
  const asker = { net, uid: ROOT }
  const options = ipOptions(asker, "unspec", () => undefined)
  return {
    routes: ipRoute([], options),
    neighbours: ipNeigh([], options),
    fdb: fdbShow(
      new Words([]),
      ipOptions(asker, "bridge", () => undefined),
    ),
  }
}
