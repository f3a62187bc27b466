/** Pod sandboxes: a network namespace on the pod network. Models containerd's CRI plugin, sandbox_run.go and sandbox_stop.go. */
import type { Kernel } from "../../linux/kernel.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { linkUp } from "../../linux/rtnetlink/link.ts"
import type { Prng } from "../../sim/prng.ts"
import type { Task } from "../../sim/task.ts"
import type { Pod } from "../api/types.ts"
import { addNetwork, type CniArgs, type CniResult, delNetwork, loadNetwork, type NetworkConfig } from "./cni.ts"

export interface PodSandbox {
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly net: NetNamespace
  readonly hostNetwork: boolean
  /** The pod's address, without prefix length. */
  readonly ip: string
  readonly teardown: { network: NetworkConfig; args: CniArgs; result: CniResult } | undefined
}

export const NOT_INITIALIZED = "Network plugin returns error: cni plugin not initialized"

function uuid(prng: Prng): string {
  const hex = prng.hex(32)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A sandbox, or the runtime's error text. `created` is told of the namespace before anything is in it. */
export async function runPodSandbox(
  kernel: Kernel,
  task: Task,
  prng: Prng,
  pod: Pod,
  hostIp: string,
  created: (net: NetNamespace) => void = () => undefined,
): Promise<PodSandbox | string> {
  const id = prng.hex(64)
  if (pod.spec.hostNetwork === true)
    return { id, net: kernel.initNet, hostNetwork: true, ip: hostIp, teardown: undefined }
  const network = loadNetwork(kernel.root)
  if (network === undefined)
    return `failed to setup network for sandbox ${JSON.stringify(id)}: cni plugin not initialized`
  const name = `cni-${uuid(prng)}`
  const net = kernel.createNamespace(name)
  created(net)
  linkUp(net.loopback)
  const args = cniArgs(id, `/var/run/netns/${name}`, pod)
  const result = await addNetwork(kernel, task, network, args)
  if (typeof result === "string") {
    // A failed ADD is followed by a DEL, so that nothing of it stays.
    await delNetwork(kernel, task, network, args, { cniVersion: network.cniVersion })
    kernel.deleteNamespace(net)
    return `failed to setup network for sandbox ${JSON.stringify(id)}: ${result}`
  }
  const ip = result.ips?.[0]?.address.split("/")[0] ?? ""
  return { id, net, hostNetwork: false, ip, teardown: { network, args, result } }
}

function cniArgs(id: string, netns: string, pod: Pod): CniArgs {
  const { name, namespace = "", uid } = pod.metadata
  return {
    containerId: id,
    netns,
    ifname: "eth0",
    args: {
      K8S_POD_UID: uid,
      IgnoreUnknown: "1",
      K8S_POD_NAMESPACE: namespace,
      K8S_POD_NAME: name,
      K8S_POD_INFRA_CONTAINER_ID: id,
    },
    portMappings: pod.spec.containers.flatMap((container) =>
      (container.ports ?? [])
        .filter((port) => (port.hostPort ?? 0) > 0)
        .map((port) => ({
          hostPort: port.hostPort,
          containerPort: port.containerPort,
          protocol: (port.protocol ?? "TCP").toLowerCase(),
          hostIP: port.hostIP ?? "",
        })),
    ),
  }
}

/** CNI DEL and the end of the namespace; the runtime's error text when a plugin refuses. */
export async function stopPodSandbox(kernel: Kernel, task: Task, sandbox: PodSandbox): Promise<string | undefined> {
  if (sandbox.teardown === undefined) return undefined
  const { network, args, result } = sandbox.teardown
  const error = await delNetwork(kernel, task, network, args, result)
  if (error !== undefined) return `failed to destroy network for sandbox ${JSON.stringify(sandbox.id)}: ${error}`
  kernel.deleteNamespace(sandbox.net)
  return undefined
}
