/** What a topology is drawn from. */
import type { FigureText } from "./svg.ts"

/** A pod on a node. */
export interface TopologyPod {
  readonly name: string
  /** Its address. */
  readonly ip?: string
  /** The node's end of the pod's cable: `veth1c10e4a2`. */
  readonly veth?: string
}
/** A bridge or tunnel of a node. */
export interface TopologyDevice {
  readonly name: string
  /** An address, an MTU: what tells this one from the others. */
  readonly detail?: string
}
/** A machine. */
export interface TopologyNode {
  readonly name: string
  /** Its address on the shared network. */
  readonly ip?: string
  /** The device on the shared network: `enp0s8`. */
  readonly uplink: string
  /** The range its pods have addresses from. */
  readonly podCIDR?: string
  /** Between the pods and the uplink, from the pods down: cni0, flannel.1. The first is where the pods are plugged in. */
  readonly devices?: readonly (string | TopologyDevice)[]
  readonly pods: readonly TopologyPod[]
}
/** A place on a packet's way: a pod, or a device of a node (a pod's veth too). The hops of a journey will do. */
export interface TopologyStop {
  /** A machine. */
  readonly node?: string
  /** A pod, by name. */
  readonly pod?: string
  /** A device of the machine or pod. */
  readonly device?: string
}
/** What {@link topology} draws. */
export interface TopologyOptions extends FigureText {
  readonly nodes: readonly TopologyNode[]
  /** The shared network: `192.168.80.0/24`. */
  readonly underlay?: string
  /** A packet's way, drawn over it. */
  readonly highlight?: readonly TopologyStop[]
  /** Nodes beside each other (4). */
  readonly columns?: number
}
