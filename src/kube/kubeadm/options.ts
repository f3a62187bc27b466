/** What kubeadm init is told. */
export interface KubeadmOptions {
  /** The first control plane's name and address. */
  readonly node: string
  readonly address: string
  readonly podCIDR: string
  readonly serviceCIDR: string
  /** The address of the DNS Service: the tenth of the range. */
  readonly clusterDns: string
}

export const REGISTRY = "registry.k8s.io"
/** What kubeadm 1.31 installs beside Kubernetes itself. */
export const ETCD_IMAGE: string = `${REGISTRY}/etcd:3.5.15-0`
export const COREDNS_IMAGE: string = `${REGISTRY}/coredns/coredns:v1.11.3`
