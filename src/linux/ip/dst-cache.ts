/** The route of packets that all go the same way, kept until a table changes. Models include/net/dst_cache.h and sk_dst_check. */
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { ipRouteOutput, type OutputRoute, type RouteError } from "./route-output.ts"

export class DstCache {
  #way: OutputRoute | RouteError | undefined
  #generation = -1
  #destination = 0
  #source = 0

  /** As ipRouteOutput; one owner always asks for one namespace, one `oif` and one mark. */
  lookup(net: NetNamespace, destination: number, source: number, oif?: NetDevice, mark = 0): OutputRoute | RouteError {
    const { generation } = net.fib
    if (
      this.#way !== undefined &&
      this.#generation === generation &&
      this.#destination === destination &&
      this.#source === source
    )
      return this.#way
    this.#generation = generation
    this.#destination = destination
    this.#source = source
    this.#way = ipRouteOutput(net, destination, source, oif, mark)
    return this.#way
  }
}
