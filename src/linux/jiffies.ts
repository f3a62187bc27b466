/** The kernel's coarse clock. Models kernel/time/timer.c: HZ 250, and a timer wheel whose far levels are coarse. */
import { MILLISECOND } from "../sim/simulation.ts"

/** One tick at HZ=250. */
export const JIFFY: number = 4 * MILLISECOND
const LEVEL_BITS = 3
const LEVEL_SIZE = 63

/**
 * How long a timer armed now for `delay` nanoseconds really takes: wheel timers never fire early, and the farther they are the later they
 * may be. That is why a first SYN is repeated after 1.01 s and not 1 s.
 */
export function wheelDelay(now: number, delay: number): number {
  const jiffies = Math.floor(now / JIFFY)
  const expires = jiffies + Math.ceil(delay / JIFFY)
  let shift = 0
  for (let span = LEVEL_SIZE; expires - jiffies >= span && shift < 24; span <<= LEVEL_BITS) shift += LEVEL_BITS
  const granularity = 2 ** shift
  return (Math.floor(expires / granularity) + 1) * granularity * JIFFY - now
}
