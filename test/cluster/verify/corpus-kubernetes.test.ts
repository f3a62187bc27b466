/** The suites of Kubernetes' own policies, by packets on Cilium. */
import { suiteByPackets } from "./corpus-packets.ts"

/** Cilium 1.18 does not know these kinds either. */
const NO_ADMIN = "no CNI of podwire implements AdminNetworkPolicy or ClusterNetworkPolicy"

suiteByPackets("k8s-e2e", { checked: 17_712 })
suiteByPackets("cyclonus", { checked: 78_408 })
suiteByPackets("recipes", { checked: 225 })
suiteByPackets("np-guard", {
  checked: 22_466,
  notRun: { [NO_ADMIN]: 36 },
  // Ranges that begin at 0.0.0.0 are asked for by an address of that network.
  notSent: { "0.0.0.5 can be nobody's address": 2520 },
})
suiteByPackets("cilium-knp", {
  checked: 408,
  // A name in capitals.
  notRun: { "the API server refuses Namespace": 3 },
})
suiteByPackets("network-policy-api", { checked: 0, notRun: { [NO_ADMIN]: 31 } })
