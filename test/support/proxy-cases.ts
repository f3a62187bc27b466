/** Services and endpoints that kube-proxy's rules are recorded for: what stands in the API, and on which node. */
import type { EndpointSlice, Service } from "../../src/kube/api/types.ts"

export interface ProxyCase {
  name: string
  node: string
  services: Service[]
  slices: EndpointSlice[]
}

type Spec = Service["spec"]

const service = (name: string, spec: Spec, status: Service["status"] = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default", uid: name, resourceVersion: "1", creationTimestamp: "" },
  spec: { type: "ClusterIP", ...spec },
  status,
})

interface Backend {
  ip: string
  node?: string
  ready?: boolean
  terminating?: boolean
}

const slice = (
  name: string,
  backends: Backend[],
  ports: object[] = [{ name: "", port: 8080, protocol: "TCP" }],
): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name: `${name}-x`,
    namespace: "default",
    uid: `${name}-x`,
    resourceVersion: "1",
    creationTimestamp: "",
    labels: { "kubernetes.io/service-name": name },
  },
  addressType: "IPv4",
  ports: ports as NonNullable<EndpointSlice["ports"]>,
  endpoints: backends.map(({ ip, node = "worker-2", ready = true, terminating = false }) => ({
    addresses: [ip],
    conditions: { ready: ready && !terminating, serving: ready, terminating },
    nodeName: node,
  })),
})

const TCP = [{ port: 80, protocol: "TCP", targetPort: 8080 }]
const three: Backend[] = [{ ip: "10.244.1.5", node: "worker-1" }, { ip: "10.244.2.5" }, { ip: "10.244.10.5" }]

const make = (name: string, services: Service[], slices: EndpointSlice[]): ProxyCase => ({
  name,
  node: "worker-1",
  services,
  slices,
})

export const PROXY_CASES: readonly ProxyCase[] = [
  make("no-services", [], []),
  make("cluster-ip", [service("web", { clusterIP: "10.96.1.1", ports: TCP })], [slice("web", three)]),
  make("no-endpoints", [service("web", { clusterIP: "10.96.1.1", ports: TCP })], []),
  make(
    "named-ports-udp",
    [
      service("dns", {
        clusterIP: "10.96.0.53",
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      }),
    ],
    [
      slice(
        "dns",
        [{ ip: "10.244.1.2" }],
        [
          { name: "dns", port: 5353, protocol: "UDP" },
          { name: "dns-tcp", port: 5353, protocol: "TCP" },
        ],
      ),
    ],
  ),
  make(
    "node-port",
    [service("web", { type: "NodePort", clusterIP: "10.96.1.1", ports: [{ ...TCP[0], port: 80, nodePort: 30080 }] })],
    [slice("web", three)],
  ),
  make(
    "node-port-local",
    [
      service("web", {
        type: "NodePort",
        clusterIP: "10.96.1.1",
        externalTrafficPolicy: "Local",
        ports: [{ port: 80, nodePort: 30080 }],
      }),
      service("far", {
        type: "NodePort",
        clusterIP: "10.96.1.2",
        externalTrafficPolicy: "Local",
        ports: [{ port: 80, nodePort: 30081 }],
      }),
      service("none", { type: "NodePort", clusterIP: "10.96.1.3", ports: [{ port: 80, nodePort: 30082 }] }),
    ],
    [slice("web", three), slice("far", [{ ip: "10.244.2.6" }])],
  ),
  make(
    "internal-local",
    [
      service("web", { clusterIP: "10.96.1.1", internalTrafficPolicy: "Local", ports: TCP }),
      service("far", { clusterIP: "10.96.1.2", internalTrafficPolicy: "Local", ports: TCP }),
    ],
    [slice("web", three), slice("far", [{ ip: "10.244.2.6" }])],
  ),
  make(
    "external-and-balancer",
    [
      service(
        "web",
        {
          type: "LoadBalancer",
          clusterIP: "10.96.1.1",
          externalIPs: ["192.168.80.250"],
          loadBalancerSourceRanges: ["192.168.80.0/24", "203.0.113.0/25"],
          ports: [{ port: 80, nodePort: 30080 }],
        },
        { loadBalancer: { ingress: [{ ip: "192.168.80.240" }] } },
      ),
      service("none", { clusterIP: "10.96.1.2", externalIPs: ["192.168.80.251"], ports: TCP }),
    ],
    [slice("web", three)],
  ),
  make(
    "terminating",
    [service("web", { clusterIP: "10.96.1.1", ports: TCP })],
    [
      slice("web", [
        { ip: "10.244.1.5", terminating: true },
        { ip: "10.244.2.5", ready: false },
      ]),
    ],
  ),
  make(
    "affinity",
    [
      service("web", {
        clusterIP: "10.96.1.1",
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
        ports: TCP,
      }),
    ],
    [slice("web", three)],
  ),
]
