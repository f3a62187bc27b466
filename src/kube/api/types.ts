/** The API's objects as plain JSON. Field names are the YAML's; docs for each field are kubernetes-types'. */
import type {
  DaemonSetSpec,
  DaemonSetStatus,
  DeploymentSpec,
  DeploymentStatus,
  ReplicaSetSpec,
  ReplicaSetStatus,
} from "kubernetes-types/apps/v1.js"
import type { LeaseSpec } from "kubernetes-types/coordination/v1.js"
import type {
  EndpointSubset,
  EventSource,
  NamespaceSpec,
  NamespaceStatus,
  NodeSpec,
  NodeStatus,
  ObjectReference,
  PodSpec,
  PodStatus,
  ServiceSpec,
  ServiceStatus,
} from "kubernetes-types/core/v1.js"
import type { Endpoint, EndpointPort } from "kubernetes-types/discovery/v1.js"
import type { OwnerReference } from "kubernetes-types/meta/v1.js"

export interface ObjectMeta {
  name: string
  namespace?: string
  generateName?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
}

/** Any object. Read what the server hands out, never modify it: the store shares it. */
export interface ApiObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export interface Pod extends ApiObject {
  spec: PodSpec
  status: PodStatus
}
export interface Node extends ApiObject {
  spec: NodeSpec
  status: NodeStatus
}
export interface Namespace extends ApiObject {
  spec: NamespaceSpec
  status: NamespaceStatus
}
export interface ConfigMap extends ApiObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
}
export interface Secret extends ApiObject {
  data?: Record<string, string>
  type: string
}
export interface Service extends ApiObject {
  spec: ServiceSpec
  status: ServiceStatus
}
export interface Endpoints extends ApiObject {
  subsets?: EndpointSubset[]
}
export interface EndpointSlice extends ApiObject {
  addressType: string
  endpoints?: Endpoint[]
  ports?: EndpointPort[]
}
export interface Event extends ApiObject {
  involvedObject: ObjectReference
  reason: string
  message: string
  source: EventSource
  firstTimestamp: string | null
  lastTimestamp: string | null
  count?: number
  type: string
}
export interface Deployment extends ApiObject {
  spec: DeploymentSpec
  status: DeploymentStatus
}
export interface ReplicaSet extends ApiObject {
  spec: ReplicaSetSpec
  status: ReplicaSetStatus
}
export interface DaemonSet extends ApiObject {
  spec: DaemonSetSpec
  status: DaemonSetStatus
}
export interface Lease extends ApiObject {
  spec: LeaseSpec
}

/** An object as somebody writes it: the server fills in the rest. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: Partial<ObjectMeta>
  [field: string]: unknown
}
