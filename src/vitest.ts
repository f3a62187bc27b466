/**
 * podwire/vitest: matchers for tests of a network.
 * @example import "podwire/vitest"
 * @example await expect(cluster.pod("client-pod")).toReach("backend-pod:80")
 */
import { expect } from "vitest"
import { NodeHandle, PodHandle, type Reach, type ReachOptions, type ReachTarget } from "./index.ts"

/** How `toReach` tries, and what it expects. */
export interface ToReachOptions extends ReachOptions {
  /**
   * With `.not`: the kernel's reason for dropping the packet, `SKB_DROP_REASON_…` or the part after it. Without it `.not.toReach` is also
   * content with a port that nobody listens on.
   * @example await expect(pod).not.toReach("backend-pod:81", { because: "NO_SOCKET" })
   */
  because?: string
}

declare module "vitest" {
  // The parameters are vitest's own: a declaration that is merged must repeat them.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * A pod or node reaches an address, a pod or a node: tried with real packets in virtual time, so that it is the same every time.
     * Pods are waited for until they are Ready. When it fails it says where the packet died, and its way.
     * @example await expect(cluster.pod("client-pod")).toReach("backend-pod:80", { timeout: "10s" })
     */
    toReach(target: ReachTarget, options?: ToReachOptions): Promise<void>
  }
}

const PREFIX = "SKB_DROP_REASON_"

expect.extend({
  async toReach(received: unknown, target: ReachTarget, options: ToReachOptions = {}) {
    if (!(received instanceof PodHandle || received instanceof NodeHandle))
      throw new TypeError(
        `toReach is for pods and nodes: expect(cluster.pod("name")).toReach(…); got ${String(received)}`,
      )
    const { because, ...rest } = options
    if (because !== undefined && !this.isNot)
      throw new TypeError('"because" says why something is not reached: use it with .not')
    const reach = await received.reach(target, rest)
    // `pass` is turned round by `.not`: true fails there.
    const otherReason = because !== undefined && !reach.reached && reach.reason !== withPrefix(because)
    return {
      pass: reach.reached || otherReason,
      message: () => message(reach, this.isNot, otherReason ? because : undefined),
    }
  },
})

const withPrefix = (reason: string): string => (reason.startsWith(PREFIX) ? reason : PREFIX + reason)

function message(reach: Reach, not: boolean, because: string | undefined): string {
  const expected = `expected ${reach.from} ${not ? "not " : ""}to reach ${reach.to}`
  const reason = because === undefined ? "" : ` because of ${withPrefix(because)}`
  return `${expected}${reason}\n\n${reach.explain()}`
}
