/** kubectl describe. Models pkg/cmd/describe. */
import type { ApiObject, Node, Pod } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { fail, Stop } from "../failure.ts"
import { fetchTargets, readTargets } from "../targets.ts"
import { describeRole, describeRoleBinding, describeSecret, describeServiceAccount } from "./access.ts"
import { describeEndpointSlice, describeEndpoints } from "./endpoints.ts"
import { describeGeneric } from "./generic.ts"
import { Lines } from "./lines.ts"
import { describeNode } from "./node.ts"
import {
  describeConfigMap,
  describeNamespace,
  describeNetworkPolicy,
  describePriorityClass,
  describeService,
} from "./others.ts"
import { describePod } from "./pod.ts"
import { describeDaemonSet, describeDeployment, describeReplicaSet } from "./workload.ts"

/** Kinds for which the real kubectl has a description of its own, and podwire's has none yet. */
const MISSING: readonly string[] = [
  "CronJob HorizontalPodAutoscaler Ingress IngressClass Job LimitRange PersistentVolume PersistentVolumeClaim PodDisruptionBudget",
  "ReplicationController ResourceQuota StatefulSet StorageClass",
].flatMap((line) => line.split(" "))

type Describer = (client: Client, lines: Lines, object: ApiObject) => void

const DESCRIBERS: Readonly<Record<string, Describer>> = {
  Pod: (client, lines, object) => describePod(client, lines, object as Pod),
  Node: (client, lines, object) => describeNode(client, lines, object as Node),
  Namespace: describeNamespace,
  ConfigMap: describeConfigMap,
  PriorityClass: describePriorityClass,
  Service: describeService,
  NetworkPolicy: describeNetworkPolicy,
  DaemonSet: describeDaemonSet,
  Deployment: describeDeployment,
  ReplicaSet: describeReplicaSet,
  Secret: describeSecret,
  ServiceAccount: describeServiceAccount,
  Role: describeRole,
  ClusterRole: describeRole,
  RoleBinding: describeRoleBinding,
  ClusterRoleBinding: describeRoleBinding,
  Endpoints: describeEndpoints,
  EndpointSlice: describeEndpointSlice,
}

export async function describe(client: Client): Promise<number> {
  const { flags, proc } = client
  const targets = await readTargets(client, flags.words, {
    missing:
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
  })
  for (const { resource } of targets)
    if (resource.custom !== true && MISSING.includes(resource.kind))
      fail(`podwire's kubectl does not describe ${resource.plural}; it does: ${Object.keys(DESCRIBERS).join(", ")}`)
  const { found, failures } = fetchTargets(client, targets)
  await client.warn()
  for (const [i, { resource, object }] of found.entries()) {
    const lines = new Lines()
    const own = resource.custom === true ? undefined : DESCRIBERS[resource.kind]
    ;(own ?? describeGeneric)(client, lines, object)
    await proc.out(`${i > 0 ? "\n\n" : ""}${lines}`)
  }
  if (failures.length > 0) throw new Stop(...failures)
  if (found.length === 0) await proc.err(`No resources found in ${client.namespace} namespace.\n`)
  return 0
}
