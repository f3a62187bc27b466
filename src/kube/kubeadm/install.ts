/** What kubeadm init leaves in a new cluster, the control plane's own pods apart: a kubelet runs these from its files. */
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { microTimestamp, timestamp } from "../api/time.ts"
import type { Manifest } from "../api/types.ts"
import { accountsAndRoles } from "./accounts.ts"
import { dnsDeployment, dnsService, proxyDaemonSet } from "./addons.ts"
import { configMaps } from "./config.ts"
import { COREDNS_IMAGE, type KubeadmOptions } from "./options.ts"
import { staticPods } from "./static-pods.ts"

export function installKubeadm(registry: Registry, options: KubeadmOptions): void {
  const today = timestamp(registry.sim).slice(0, 10)
  const manifests = [
    ...accountsAndRoles(),
    ...configMaps(options, today),
    ...leaderLeases(registry, options),
    dnsService(options),
    dnsDeployment(),
    proxyDaemonSet(),
  ]
  for (const manifest of manifests) {
    const resource = registry.resourceByKind(manifest.apiVersion, manifest.kind)
    if (resource === undefined) throw new Error(`kubeadm: no kind ${manifest.kind}`)
    const created = registry.create(resource, manifest)
    if (isStatus(created)) throw new Error(`kubeadm: ${manifest.kind} ${manifest.metadata.name}: ${created.message}`)
  }
}

/** Who leads: the one controller manager and the one scheduler there are. */
function leaderLeases(registry: Registry, { node }: KubeadmOptions): Manifest[] {
  const now = microTimestamp(registry.sim)
  return ["kube-controller-manager", "kube-scheduler"].map((name) => {
    const hex = registry.sim.prng.fork(`lease/${name}`).hex(32)
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace: "kube-system" },
      spec: {
        acquireTime: now,
        holderIdentity: `${node}_${id}`,
        leaseDurationSeconds: 15,
        leaseTransitions: 0,
        renewTime: now,
      },
    }
  })
}

/** The images of a node's own pods: kubeadm has pulled them before anything runs. */
export function kubeadmImages(options: KubeadmOptions, controlPlane: boolean): string[] {
  const proxy = imagesOf(proxyDaemonSet())
  return controlPlane ? [...proxy, COREDNS_IMAGE, ...staticPods(options).flatMap(imagesOf)] : proxy
}

interface PodHolder {
  containers?: { image: string }[]
  template?: { spec: { containers: { image: string }[] } }
}

const imagesOf = (manifest: Manifest): string[] => {
  const spec = manifest["spec"] as PodHolder
  return (spec.containers ?? spec.template?.spec.containers ?? []).map(({ image }) => image)
}
