/** Gathers a {@link Status} from the cluster. Models CLI:status/k8s.go. */
import type { ContainerStatus } from "kubernetes-types/core/v1.js"
import { isDict } from "../../../kube/api/json.ts"
import type { ApiObject, ConfigMap, DaemonSet, Deployment, Pod } from "../../../kube/api/types.ts"
import { parseJson } from "../../../kube/cri/cni.ts"
import { NAMESPACE } from "../chart/release.ts"
import type { Client } from "./client.ts"
import type { Helm } from "./helm.ts"
import { Status } from "./status.ts"

const AGENT = "cilium"
const ENVOY = "cilium-envoy"
const OPERATOR = "cilium-operator"
/** Annotations of cilium-config by which the operator complains. */
const CONFIG_PREFIX = "config.cilium.io"

export interface Collected {
  readonly status: Status
  /** An agent's container has crashed: there is no use in waiting. */
  readonly crashed: boolean
}

export async function collect(client: Client, helm: Helm): Promise<Collected> {
  const status = new Status()
  if (daemonSet(client, status, AGENT)) {
    const text = `daemonsets.apps "${AGENT}" not found`
    status.error(AGENT, AGENT, text)
    status.collectionErrors.push(text)
  }
  const noEnvoy = daemonSet(client, status, ENVOY)
  if (noEnvoy) status.setDisabled(ENVOY, true)
  else podPhases(client, status, ENVOY, { name: ENVOY })
  for (const name of [OPERATOR, "hubble-relay", "hubble-ui", "clustermesh-apiserver"])
    status.setDisabled(name, deployment(client, status, name))
  if (status.podStates.has("hubble-ui")) podPhases(client, status, "hubble-ui", { "k8s-app": "hubble-ui" })
  countPods(client, status)
  const config = client.get<ConfigMap>("configmaps", NAMESPACE, "cilium-config")
  if (config === undefined)
    status.collectionErrors.push('unable to retrieve ConfigMap "cilium-config": configmaps "cilium-config" not found')
  else configErrors(config, status)
  status.helmVersion = helm.last?.chartVersion ?? ""
  let crashed = false
  for (const pod of podPhases(client, status, AGENT, { "k8s-app": "cilium" }))
    if (pod.status.phase === "Running" && (await agent(client, status, pod))) crashed = true
  podPhases(client, status, OPERATOR, { "io.cilium/app": "operator" })
  podPhases(client, status, "hubble-relay", { "app.kubernetes.io/name": "hubble-relay" })
  podPhases(client, status, "clustermesh-apiserver", { "k8s-app": "clustermesh-apiserver" })
  return { status, crashed }
}

/** True when it is not there. */
function daemonSet(client: Client, status: Status, name: string): boolean {
  const found = client.get<DaemonSet>("daemonsets", NAMESPACE, name)
  if (found === undefined) return true
  const {
    desiredNumberScheduled: desired = 0,
    numberReady: ready = 0,
    numberAvailable: available = 0,
    numberUnavailable: unavailable = 0,
    updatedNumberScheduled: updated = 0,
  } = found.status
  status.podStates.set(name, { type: "DaemonSet", desired, ready, available, unavailable })
  complain(status, name, "DaemonSet", desired - ready, unavailable)
  if (found.metadata.generation !== found.status.observedGeneration)
    status.error(name, name, `daemonset ${name} is updated but rollout has not started`)
  if (updated < desired)
    status.error(name, name, `daemonset ${name} is rolling out - ${updated} out of ${desired} pods updated`)
  return false
}

function deployment(client: Client, status: Status, name: string): boolean {
  const found = client.get<Deployment>("deployments", NAMESPACE, name)
  if (found === undefined) return true
  const {
    replicas: desired = 0,
    readyReplicas: ready = 0,
    availableReplicas: available = 0,
    unavailableReplicas: unavailable = 0,
    updatedReplicas: updated = 0,
  } = found.status
  status.podStates.set(name, { type: "Deployment", desired, ready, available, unavailable })
  complain(status, name, "Deployment", desired - ready, unavailable)
  if (found.metadata.generation !== found.status.observedGeneration)
    status.error(name, name, `deployment ${name} is updated but rollout has not started`)
  if (updated < desired)
    status.error(name, name, `deployment ${name} is rolling out - ${updated} out of ${desired} pods updated`)
  return false
}

function complain(status: Status, name: string, kind: string, notReady: number, unavailable: number): void {
  if (notReady > 0) status.error(name, name, `${notReady} pods of ${kind} ${name} are not ready`)
  const more = unavailable - notReady
  if (more > 0) status.warning(name, name, `${more} pods of ${kind} ${name} are not available`)
}

function podPhases(
  client: Client,
  status: Status,
  name: string,
  labels: Readonly<Record<string, string>>,
): readonly Pod[] {
  const pods = client.list<Pod>("pods", NAMESPACE, labels)
  const phases = new Map<string, number>()
  const images = new Map<string, number>()
  for (const pod of pods) {
    const { phase = "Pending", reason = "", message = "" } = pod.status
    phases.set(phase, (phases.get(phase) ?? 0) + 1)
    if (phase === "Pending") status.warning(name, pod.metadata.name, "pod is pending")
    if (phase === "Failed") status.error(name, pod.metadata.name, `pod has failed: ${reason} - ${message}`)
    for (const { image = "" } of pod.spec.containers) images.set(image, (images.get(image) ?? 0) + 1)
  }
  status.phases.set(name, phases)
  status.images.set(name, images)
  return pods
}

function countPods(client: Client, status: Status): void {
  for (const { spec, status: state } of client.list<Pod>("pods"))
    if (spec.hostNetwork !== true && (state.phase === "Running" || state.phase === "Pending")) status.pods.all++
  const resource = client.registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")
  status.pods.byCilium = resource === undefined ? 0 : client.registry.list(resource).length
}

function configErrors({ metadata }: ApiObject, status: Status): void {
  const found = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(CONFIG_PREFIX))
  status.configErrors.push(...found.map(([, text]) => text).sort())
}

/** Asks an agent; true when its container has crashed. */
async function agent(client: Client, status: Status, pod: Pod): Promise<boolean> {
  const { name } = pod.metadata
  const container = pod.status.containerStatuses?.find((one) => one.name === "cilium-agent")
  if (container?.state?.running === undefined) {
    const { text, crashed } = notRunning(pod, container)
    status.error(AGENT, name, `unable to retrieve cilium status: ${text}`)
    return crashed
  }
  const answer = await client.exec(pod, "cilium-agent", ["cilium", "status", "-o", "json"])
  if ("error" in answer) status.error(AGENT, name, `unable to retrieve cilium status: ${answer.error}`)
  else readStatus(status, name, parseJson(answer.stdout))
  const endpoints = await client.exec(pod, "cilium-agent", ["cilium", "endpoint", "list", "-o", "json"])
  if ("error" in endpoints) {
    status.error(AGENT, name, `unable to retrieve cilium endpoint information: ${endpoints.error}`)
    return false
  }
  const list = parseJson(endpoints.stdout)
  const waiting = (Array.isArray(list) ? list : []).filter(
    (endpoint) => isDict(endpoint) && isDict(endpoint["status"]) && endpoint["status"]["state"] !== "ready",
  )
  if (waiting.length > 0) status.warning(AGENT, name, `${waiting.length} endpoints are not ready`)
  return false
}

function notRunning(pod: Pod, container: ContainerStatus | undefined): { text: string; crashed: boolean } {
  const crashed = container?.state?.waiting?.reason === "CrashLoopBackOff"
  let what = crashed ? "is in CrashLoopBackOff" : "is not running"
  let log = `try 'kubectl -n ${pod.metadata.namespace} logs -c cilium-agent ${pod.metadata.name}'`
  const ended = container?.lastState?.terminated
  if (ended !== undefined) {
    what += `, exited with code ${ended.exitCode}`
    if ((ended.message ?? "") !== "") log = (ended.message as string).trim()
  }
  return { text: `container cilium-agent ${what}: ${log}`, crashed }
}

const SUBSYSTEMS: readonly (readonly [name: string, path: readonly string[]])[] = [
  ["Cilium", ["cilium"]],
  ["Health", ["cluster", "cilium-health"]],
  ["Hubble", ["hubble"]],
  ["Kubernetes", ["kubernetes"]],
  ["Kvstore", ["kvstore"]],
]

function readStatus(status: Status, pod: string, response: unknown): void {
  for (const [name, path] of SUBSYSTEMS) {
    let part: unknown = response
    for (const key of path) part = isDict(part) ? part[key] : undefined
    if (!isDict(part)) continue
    const state = String(part["state"] ?? "").toLowerCase()
    const text = `${name}: ${String(part["msg"] ?? "")}`
    if (state === "warning") status.warning(AGENT, pod, text)
    if (state === "failure") status.error(AGENT, pod, text)
  }
  const controllers = isDict(response) && Array.isArray(response["controllers"]) ? response["controllers"] : []
  for (const controller of controllers.filter(isDict)) {
    const one = isDict(controller["status"]) ? controller["status"] : {}
    const failures = Number(one["consecutive-failure-count"] ?? 0)
    if (failures > 0)
      status.error(
        AGENT,
        pod,
        `controller ${String(controller["name"])} is failing since ${String(one["failing-since"] ?? "0s")} (${failures}x): ${String(one["last-failure-msg"])}`,
      )
  }
}
