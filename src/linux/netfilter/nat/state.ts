/** For code that runs only once there is something to run for. */
import type { NetNamespace } from "../../netns.ts"
import type { Netfilter } from "../netfilter.ts"

/** The namespace's netfilter, which exists by now. */
export const stateOf = (net: NetNamespace): Netfilter => net.netfilter as Netfilter
