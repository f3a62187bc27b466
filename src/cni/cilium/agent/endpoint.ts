/** One endpoint of a node as the agent knows it. Models pkg/endpoint. */

import type { NamedPorts, ResolvedPolicy } from "../../../policy/api.ts"
import type { LabelSet } from "../../../policy/labels.ts"
import type { PodRef } from "../plugin/agent-client.ts"

export type EndpointState = "waiting-for-identity" | "regenerating" | "ready" | "disconnecting"

export interface Endpoint {
  /** 1 to 4095, of this node. */
  readonly id: number
  readonly kind: "pod" | "host" | "health"
  readonly containerId: string
  readonly containerInterface: string
  readonly pod: PodRef | undefined
  /** 0: none of its own (the host). */
  readonly address: number
  /** `lxc…`. */
  readonly hostInterface: string
  readonly ifindex: number
  /** The pod's eth0, and the host side. */
  readonly mac: number
  readonly hostMac: number
  labels: LabelSet
  identity: number
  state: EndpointState
  namedPorts: NamedPorts
  policy: ResolvedPolicy | undefined
  /** Why its policy could not be computed, if so: it keeps the old one. */
  policyError: string | undefined
  /** Virtual ns of the last regeneration. */
  regenerated: number
}

/** `default/web-1`, or the endpoint's kind. */
export const endpointName = ({ pod, kind }: Endpoint): string =>
  pod === undefined ? kind : `${pod.namespace}/${pod.name}`

/** How the CNI plugin names it. */
export const attachmentOf = (containerId: string, containerInterface: string): string =>
  `${containerId}:${containerInterface}`
