/** Ephemeral ports. Models net/ipv4/inet_hashtables.c: a random start, then every second port, then the others. */
import type { NetNamespace } from "../netns.ts"

/** A port of net.ipv4.ip_local_port_range that `taken` does not know; `undefined` when all are. Even offsets are tried first, as connect() does. */
export function pickPort(net: NetNamespace, taken: (port: number) => boolean): number | undefined {
  const [low, high] = net.sysctl.localPortRange
  const count = high - low + 1
  const start = net.prng.below(count) & ~1
  for (const parity of [0, 1])
    for (let i = 0; i < count; i += 2) {
      const port = low + ((start + parity + i) % count)
      if (!taken(port)) return port
    }
  return undefined
}
