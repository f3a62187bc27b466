/** A pod as an endpoint of a Service. Models staging/src/k8s.io/endpointslice/utils.go and pkg/controller/endpoint. */
import type { ServicePort } from "kubernetes-types/core/v1.js"
import { matchesLabels, selectorOfMap } from "../api/selector.ts"
import type { Pod, Service } from "../api/types.ts"
import { isReady } from "./pods.ts"

/** A port as it is reached on one pod: named container ports differ from pod to pod. */
export interface ResolvedPort {
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly appProtocol?: string
}

export interface PodEndpoint {
  readonly pod: Pod
  readonly ip: string
  readonly ready: boolean
  /** Ready, whether it is on its way out or not. */
  readonly serving: boolean
  readonly terminating: boolean
  readonly hostname: string | undefined
  readonly ports: readonly ResolvedPort[]
}

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === "None"

/** What annotates what the controllers write: when the change that led to it was made. */
export const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
export const HEADLESS = "service.kubernetes.io/headless"

export function selects(service: Service, pod: Pod): boolean {
  const { selector } = service.spec
  return (
    selector !== undefined &&
    Object.keys(selector).length > 0 &&
    matchesLabels(selectorOfMap(selector), pod.metadata.labels ?? {})
  )
}

/** `undefined` for a pod that has no address, or is through. */
export function podEndpoint(service: Service, pod: Pod): PodEndpoint | undefined {
  const ip = pod.status.podIP ?? ""
  if (ip === "" || pod.status.phase === "Failed" || pod.status.phase === "Succeeded") return undefined
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const serving = isReady(pod)
  const { hostname = "", subdomain = "" } = pod.spec
  const named =
    hostname !== "" && subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace
  return {
    pod,
    ip,
    ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
    serving,
    terminating,
    hostname: named ? hostname : undefined,
    ports: resolvePorts(service.spec.ports ?? [], pod),
  }
}

function resolvePorts(ports: readonly ServicePort[], pod: Pod): ResolvedPort[] {
  return ports.flatMap((port) => {
    const protocol = port.protocol ?? "TCP"
    const number = findPort(pod, port.targetPort ?? port.port, protocol)
    if (number === undefined) return []
    const { appProtocol } = port
    return [{ name: port.name ?? "", protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

/** A target port by number, or by the name that a container gives it. */
function findPort(pod: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === "number") return target
  for (const container of pod.spec.containers)
    for (const port of container.ports ?? [])
      if (port.name === target && (port.protocol ?? "TCP") === protocol) return port.containerPort
  return undefined
}

/** The same ports, in one text. */
export const portsKey = (ports: readonly ResolvedPort[]): string =>
  ports
    .map(({ name, protocol, port, appProtocol = "" }) => `${name}/${protocol}/${port}/${appProtocol}`)
    .sort()
    .join(",")
