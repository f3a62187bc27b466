/** What an installed release leaves in the API, made at once: for clusters that are born with Cilium. */
import type { Manifest } from "../../kube/api/types.ts"
import { Prng } from "../../sim/prng.ts"
import { renderChart } from "./chart/chart.ts"
import { parseSet } from "./chart/set.ts"
import { checkValues, mergeValues, Values, type ValueTree } from "./chart/values.ts"
import { newRelease, releaseSecret } from "./cli/release.ts"
import type { CiliumOptions } from "./options.ts"

/** What the installer adds on a kubeadm cluster. */
const INSTALLED: ValueTree = {
  cluster: { name: "kubernetes" },
  operator: { replicas: 1 },
  routingMode: "tunnel",
  tunnelProtocol: "vxlan",
}

/** @throws TypeError for values that the chart or podwire does not have */
export function ciliumManifests(options: CiliumOptions): Manifest[] {
  const values = userValues(options)
  const refused = checkValues(values)
  if (refused !== undefined) throw new TypeError(`cilium(): ${refused}`)
  const objects = renderChart(new Values(values), new Prng(1))
  return [...objects, releaseSecret(newRelease("cilium", 1, values, objects), undefined)]
}

function userValues({ values = {}, set = [] }: CiliumOptions): ValueTree {
  let user = mergeValues(INSTALLED, values)
  for (const argument of set) {
    const parsed: ValueTree = {}
    const error = parseSet(argument, parsed, false)
    if (error !== undefined) throw new TypeError(`cilium(): ${error}`)
    user = mergeValues(user, parsed)
  }
  return user
}
