/** The daemons of a Kubernetes node, as systemd knows them. */
import type { Kernel } from "../../linux/kernel.ts"
import { Daemon } from "../../linux/task/services.ts"

/** What the kubelet's service starts and stops. */
interface NodeDaemon {
  readonly kernel: Kernel
  start(): void
  stop(): void
}

/** Lets `systemctl` find kubelet and containerd. Containers do not depend on containerd's own process, so its restart disturbs nobody. */
export function installServices(kubelet: NodeDaemon): void {
  const { sim, services } = kubelet.kernel
  const containerd = {
    name: "containerd",
    description: "containerd container runtime",
    unitFile: "/lib/systemd/system/containerd.service",
    pid: 571,
  }
  const agent = {
    name: "kubelet",
    description: "kubelet: The Kubernetes Node Agent",
    unitFile: "/lib/systemd/system/kubelet.service",
    pid: 742,
  }
  services.set("containerd", new Daemon(sim, containerd))
  services.set("kubelet", new Daemon(sim, agent, { start: () => kubelet.start(), stop: () => kubelet.stop() }))
}
