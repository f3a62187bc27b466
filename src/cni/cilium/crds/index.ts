/** The kinds that Cilium's operator registers when it starts. */
import type { Manifest } from "../../../kube/api/types.ts"
import { otherDefinitions } from "./others.ts"
import { ciliumCidrGroups, ciliumClusterwideNetworkPolicies, ciliumNetworkPolicies } from "./policies.ts"

/** CustomResourceDefinitions, by name. */
export const ciliumDefinitions: readonly Manifest[] = [
  ciliumNetworkPolicies,
  ciliumClusterwideNetworkPolicies,
  ciliumCidrGroups,
  ...otherDefinitions,
].toSorted((a, b) => (String(a.metadata.name) < String(b.metadata.name) ? -1 : 1))
