/** The article's machines, as far as the article and the recordings know them. */

export interface ArticleNode {
  readonly name: string
  readonly ip: string
  readonly macs: Readonly<Record<string, string>>
}

/** Addresses of flannel.1 are the article's; the others are those of the twin that the recordings are made on. */
export const ARTICLE_NODES: readonly ArticleNode[] = [
  node("k8s-master", 101, "5a:73:ea:c3:4f:e3", "65", "01"),
  node("k8s-worker-1", 103, "26:1f:d2:c5:65:4e", "67", "11"),
  node("k8s-worker-2", 105, "5e:83:73:4b:98:06", "69", "21"),
  node("k8s-worker-3", 107, "8e:92:8d:9c:2e:f4", "6b", "31"),
]

function node(name: string, host: number, vtep: string, nic: string, bridge: string): ArticleNode {
  return {
    name,
    ip: `192.168.80.${host}`,
    macs: {
      enp0s3: `08:00:27:10:00:${nic}`,
      enp0s8: `08:00:27:80:00:${nic}`,
      "flannel.1": vtep,
      cni0: `7e:0a:4c:31:90:${bridge}`,
    },
  }
}

/** Pods whose names and addresses on the wire are fixed, as the recordings have them. */
export const ARTICLE_PODS: Readonly<Record<string, { eth0: string; veth: string; vethMac: string }>> = {
  "client-pod": { eth0: "ba:5e:00:00:01:02", veth: "veth1c10e4a2", vethMac: "c6:11:00:00:01:02" },
  "sidecar-pod": { eth0: "ba:5e:00:00:01:03", veth: "veth1d27b90f", vethMac: "c6:11:00:00:01:03" },
  "backend-pod": { eth0: "ba:5e:00:00:02:02", veth: "veth2b3f5d68", vethMac: "c6:11:00:00:02:02" },
}

/** flannel.1 has index 5 in the article: lo, two NICs, and something that used up 4. */
export const ARTICLE_BURNT_INDEXES = 1
