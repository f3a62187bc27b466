/** What the agent and the operator may do. Models templates/cilium-agent/{clusterrole,role}.yaml and templates/cilium-operator/clusterrole.yaml. */
import type { Manifest } from "../../../kube/api/types.ts"
import { PART_OF } from "./objects.ts"
import { NAMESPACE, SECRETS_NAMESPACE } from "./release.ts"

const API = "rbac.authorization.k8s.io/v1"
const READ = "get list watch"

/** `group resources verbs`, words of a list by spaces. */
type RuleLine = readonly [group: string, resources: string, verbs: string, names?: string]

const ruleOf = ([group, resources, verbs, names]: RuleLine): object => ({
  apiGroups: [group],
  resources: resources.split(" "),
  ...(names === undefined ? {} : { resourceNames: names.split(" ") }),
  verbs: verbs.split(" "),
})

const AGENT: readonly RuleLine[] = [
  ["networking.k8s.io", "networkpolicies", READ],
  ["discovery.k8s.io", "endpointslices", READ],
  ["", "namespaces services pods endpoints nodes", READ],
  ["apiextensions.k8s.io", "customresourcedefinitions", "list watch get"],
  [
    "cilium.io",
    "ciliumloadbalancerippools ciliumbgppeeringpolicies ciliumbgpnodeconfigs ciliumbgpadvertisements ciliumbgppeerconfigs ciliumclusterwideenvoyconfigs ciliumclusterwidenetworkpolicies ciliumegressgatewaypolicies ciliumendpoints ciliumendpointslices ciliumenvoyconfigs ciliumidentities ciliumlocalredirectpolicies ciliumnetworkpolicies ciliumnodes ciliumnodeconfigs ciliumcidrgroups ciliuml2announcementpolicies ciliumpodippools",
    "list watch",
  ],
  ["cilium.io", "ciliumidentities ciliumendpoints ciliumnodes", "create"],
  ["cilium.io", "ciliumidentities", "update"],
  ["cilium.io", "ciliumendpoints", "delete get"],
  ["cilium.io", "ciliumnodes ciliumnodes/status", "get update"],
  [
    "cilium.io",
    "ciliumendpoints/status ciliumendpoints ciliuml2announcementpolicies/status ciliumbgpnodeconfigs/status",
    "patch",
  ],
]

const CRDS =
  "ciliumloadbalancerippools ciliumbgppeeringpolicies ciliumbgpclusterconfigs ciliumbgppeerconfigs ciliumbgpadvertisements ciliumbgpnodeconfigs ciliumbgpnodeconfigoverrides ciliumclusterwideenvoyconfigs ciliumclusterwidenetworkpolicies ciliumegressgatewaypolicies ciliumendpoints ciliumendpointslices ciliumenvoyconfigs ciliumidentities ciliumlocalredirectpolicies ciliumnetworkpolicies ciliumnodes ciliumnodeconfigs ciliumcidrgroups ciliuml2announcementpolicies ciliumpodippools ciliumgatewayclassconfigs"

const operatorRules = (restartsPods: boolean): readonly RuleLine[] => [
  ["", "pods", restartsPods ? `${READ} delete` : READ],
  ["", "configmaps", "patch", "cilium-config"],
  ["", "nodes", "list watch"],
  ["", "nodes nodes/status", "patch"],
  ["discovery.k8s.io", "endpointslices", READ],
  ["", "services/status", "update patch"],
  ["", "namespaces secrets", READ],
  ["", "services endpoints", READ],
  [
    "cilium.io",
    "ciliumnetworkpolicies ciliumclusterwidenetworkpolicies",
    "create update deletecollection patch get list watch",
  ],
  ["cilium.io", "ciliumnetworkpolicies/status ciliumclusterwidenetworkpolicies/status", "patch update"],
  ["cilium.io", "ciliumendpoints ciliumidentities", "delete list watch"],
  ["cilium.io", "ciliumidentities", "update"],
  ["cilium.io", "ciliumnodes", "create update get list watch delete"],
  ["cilium.io", "ciliumnodes/status", "update"],
  [
    "cilium.io",
    "ciliumendpointslices ciliumenvoyconfigs ciliumbgppeerconfigs ciliumbgpadvertisements ciliumbgpnodeconfigs",
    "create update get list watch delete patch",
  ],
  ["cilium.io", "ciliumbgpclusterconfigs/status ciliumbgppeerconfigs/status", "update"],
  ["apiextensions.k8s.io", "customresourcedefinitions", "create get list watch"],
  ["apiextensions.k8s.io", "customresourcedefinitions", "update", CRDS.replace(/\w+/g, "$&.cilium.io")],
  [
    "cilium.io",
    "ciliumloadbalancerippools ciliumpodippools ciliumbgppeeringpolicies ciliumbgpclusterconfigs ciliumbgpnodeconfigoverrides ciliumbgppeerconfigs",
    READ,
  ],
  ["cilium.io", "ciliumpodippools", "create"],
  ["cilium.io", "ciliumloadbalancerippools/status", "patch"],
  ["coordination.k8s.io", "leases", "create get update"],
]

function pair(
  kind: "Role" | "ClusterRole",
  name: string,
  rules: object[],
  account: string,
  space?: string,
): Manifest[] {
  const metadata = { name, ...(space === undefined ? {} : { namespace: space }), labels: PART_OF }
  return [
    { apiVersion: API, kind, metadata, rules },
    {
      apiVersion: API,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace: NAMESPACE }],
    },
  ]
}

export function rbac(restartsPods: boolean): Manifest[] {
  const secrets = (verbs: string): object[] => [ruleOf(["", "secrets", verbs])]
  return [
    ...pair("ClusterRole", "cilium", AGENT.map(ruleOf), "cilium"),
    ...pair("ClusterRole", "cilium-operator", operatorRules(restartsPods).map(ruleOf), "cilium-operator"),
    ...pair("Role", "cilium-config-agent", [ruleOf(["", "configmaps", READ])], "cilium", NAMESPACE),
    ...pair("Role", "cilium-tlsinterception-secrets", secrets(READ), "cilium", SECRETS_NAMESPACE),
    ...pair(
      "Role",
      "cilium-operator-tlsinterception-secrets",
      secrets("create delete update patch"),
      "cilium-operator",
      SECRETS_NAMESPACE,
    ),
  ]
}
