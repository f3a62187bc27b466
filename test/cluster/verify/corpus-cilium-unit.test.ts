/** The cases of Cilium's own unit tests, by packets on Cilium. */
import { suiteByPackets } from "./corpus-packets.ts"

suiteByPackets("cilium-unit", {
  checked: 62_564,
  notRun: {
    // Values that never come through an API server: it refuses them by the definition's schema.
    "the API server refuses CiliumClusterwideNetworkPolicy": 4,
    "the API server refuses Pod": 2,
    "podwire does not support terminatingTLS and originatingTLS (spec.egress[1].toPorts[0]): its proxy cannot open TLS": 2,
  },
  notSent: { "0.0.0.1 can be nobody's address": 36 },
})
