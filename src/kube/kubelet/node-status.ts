/** What a kubelet says of its node. Models pkg/kubelet/kubelet_node_status.go and pkg/kubelet/nodestatus. */
import type { NodeCondition, NodeStatus } from "kubernetes-types/core/v1.js"
import type { Prng } from "../../sim/prng.ts"
import { VERSIONS } from "../../versions.ts"
import type { Manifest, Node } from "../api/types.ts"

export interface NodeOptions {
  name: string
  /** The address the kubelet reports (InternalIP). */
  ip: string
  /** Role label, and the taint that keeps ordinary pods away. */
  controlPlane?: boolean
  labels?: Readonly<Record<string, string>>
  annotations?: Readonly<Record<string, string>>
  taints?: Node["spec"]["taints"]
  cpu?: number
  /** Kibibytes. */
  memory?: number
  maxPods?: number
  kernelVersion?: string
  osImage?: string
}

const STORAGE = 39_937_312
const RESERVED_MEMORY = 102_400

function resources(options: NodeOptions, reserved: number): Record<string, string> {
  const memory = options.memory ?? 4_018_120
  return {
    cpu: String(options.cpu ?? 2),
    // kubeadm's default keeps a tenth of the disk for eviction.
    "ephemeral-storage": reserved === 0 ? `${STORAGE}Ki` : String(Math.floor(STORAGE * 1024 * 0.9)),
    "hugepages-2Mi": "0",
    memory: `${memory - reserved}Ki`,
    pods: String(options.maxPods ?? 110),
  }
}

const CONDITIONS: readonly (readonly [type: string, reason: string, message: string])[] = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
]

function readyCondition(now: string, problem: string | undefined): NodeCondition {
  const base = { type: "Ready", lastHeartbeatTime: now, lastTransitionTime: now }
  return problem === undefined
    ? { ...base, status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
    : { ...base, status: "False", reason: "KubeletNotReady", message: problem }
}

/** The four conditions, as a kubelet finds them now. */
export function kubeletConditions(now: string, problem: string | undefined): NodeCondition[] {
  return [
    ...CONDITIONS.map(([type, reason, message]) => ({
      type,
      status: "False",
      lastHeartbeatTime: now,
      lastTransitionTime: now,
      reason,
      message,
    })),
    readyCondition(now, problem),
  ]
}

/** The Node a kubelet registers. */
export function nodeManifest(options: NodeOptions, prng: Prng, now: string, problem: string | undefined): Manifest {
  const arch = "amd64"
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: options.name,
      labels: {
        "beta.kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": options.name,
        "kubernetes.io/os": "linux",
        ...(options.controlPlane === true
          ? {
              "node-role.kubernetes.io/control-plane": "",
              "node.kubernetes.io/exclude-from-external-load-balancers": "",
            }
          : {}),
        ...options.labels,
      },
      annotations: {
        "kubeadm.alpha.kubernetes.io/cri-socket": "unix:///var/run/containerd/containerd.sock",
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        ...options.annotations,
      },
    },
    spec: {
      taints: [
        ...(options.controlPlane === true
          ? [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]
          : []),
        { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
        ...(options.taints ?? []),
      ],
    },
    status: nodeStatus(options, prng, now, problem),
  }
}

function nodeStatus(options: NodeOptions, prng: Prng, now: string, problem: string | undefined): NodeStatus {
  const uuid = (text: string): string =>
    `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20, 32)}`
  return {
    addresses: [
      { type: "InternalIP", address: options.ip },
      { type: "Hostname", address: options.name },
    ],
    allocatable: resources(options, RESERVED_MEMORY),
    capacity: resources(options, 0),
    conditions: kubeletConditions(now, problem),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: "amd64",
      bootID: uuid(prng.hex(32)),
      containerRuntimeVersion: `containerd://${VERSIONS.containerd}`,
      kernelVersion: options.kernelVersion ?? VERSIONS.kernel,
      kubeProxyVersion: "",
      kubeletVersion: `v${VERSIONS.kubernetes}`,
      machineID: prng.hex(32),
      operatingSystem: "linux",
      osImage: options.osImage ?? VERSIONS.os,
      systemUUID: uuid(prng.hex(32)),
    },
  }
}
