/** The suites of Cilium's policies, by packets on Cilium. */
import { suiteByPackets } from "./corpus-packets.ts"

/** The corpus comes from a later release than 1.18. */
const NO_CNP = "the API server has no kind ClusterNetworkPolicy in policy.networking.k8s.io/v1alpha2"

suiteByPackets("cilium-connectivity", { checked: 37_641, notRun: { [NO_CNP]: 1 } })
suiteByPackets("cilium-examples", {
  checked: 5722,
  notSent: {
    "default/p01 is of another cluster: there is no ClusterMesh": 45,
    "default/p02 is of another cluster: there is no ClusterMesh": 45,
    "the API server's machine has labels that the case does not tell of": 24,
    "the entity init is nothing that runs here": 24,
  },
})
suiteByPackets("cilium-semantics", {
  checked: 154_334,
  notRun: { [NO_CNP]: 4 },
  notSent: { "the entity ingress is nothing that runs here": 11_850 },
})
