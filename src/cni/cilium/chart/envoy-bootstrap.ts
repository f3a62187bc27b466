/** What the proxy starts with, before the agent tells it of listeners. Models files/cilium-envoy/configmap/bootstrap-config.yaml. */

const TYPE = "type.googleapis.com"
const FILTERS = `${TYPE}/envoy.extensions.filters`
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
const SOCKETS = "/var/run/cilium/envoy/sockets"
const ADMIN = "/envoy-admin"
const XDS = "xds-grpc-cilium"

const PRIVATE = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.1", 32],
].map(([addressPrefix, prefixLen]) => ({ addressPrefix, prefixLen }))

/** A listener that answers one path by the proxy's own administration interface. */
function adminListener(name: string, address: string, portValue: number, routeConfig: object): object {
  const typedConfig = {
    "@type": `${FILTERS}.network.http_connection_manager.v3.HttpConnectionManager`,
    statPrefix: name,
    routeConfig,
    httpFilters: [{ name: "envoy.filters.http.router", typedConfig: { "@type": `${FILTERS}.http.router.v3.Router` } }],
    internalAddressConfig: { cidrRanges: PRIVATE },
    streamIdleTimeout: "300s",
  }
  return {
    name,
    address: { socketAddress: { address, portValue } },
    filterChains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typedConfig }] }],
  }
}

const route = (name: string, prefix: string, prefixRewrite: string, routeName: string): object => ({
  name,
  domains: ["*"],
  routes: [
    {
      name: routeName,
      match: { prefix },
      route: { cluster: ADMIN, prefixRewrite },
    },
  ],
})

const METRICS = "prometheus_metrics_route"

const httpOptions = (more: object): object => ({
  [HTTP_OPTIONS]: { "@type": `${TYPE}/${HTTP_OPTIONS}`, ...more },
})

/** Where redirected connections go on to: the address they were for. */
function originalDestination(name: string, tls: boolean): object {
  const limits = { idleTimeout: "60s", maxConnectionDuration: "0s", maxRequestsPerConnection: 0 }
  const tlsWrapper = {
    name: "cilium.tls_wrapper",
    typedConfig: { "@type": `${TYPE}/cilium.UpstreamTlsWrapperContext` },
  }
  return {
    name,
    type: "ORIGINAL_DST",
    connectTimeout: "2s",
    circuitBreakers: { thresholds: [{ maxRetries: 128 }] },
    lbPolicy: "CLUSTER_PROVIDED",
    typedExtensionProtocolOptions: httpOptions({
      commonHttpProtocolOptions: limits,
      ...(tls ? { upstreamHttpProtocolOptions: {} } : {}),
      useDownstreamProtocolConfig: {},
    }),
    cleanupInterval: "2.500s",
    ...(tls ? { transportSocket: tlsWrapper } : {}),
  }
}

/** A cluster of one socket file. */
const socketCluster = (clusterName: string, path: string, more: object = {}): object => ({
  name: clusterName,
  type: "STATIC",
  connectTimeout: "2s",
  loadAssignment: { clusterName, endpoints: [{ lbEndpoints: [{ endpoint: { address: { pipe: { path } } } }] }] },
  ...more,
})

const XDS_SOURCE = {
  initialFetchTimeout: "30s",
  apiConfigSource: {
    apiType: "GRPC",
    transportApiVersion: "V3",
    grpcServices: [{ envoyGrpc: { clusterName: XDS } }],
    setNodeOnFirstMessageOnly: true,
  },
  resourceApiVersion: "V3",
}

export function bootstrapConfig(): object {
  const pipe = { path: `${SOCKETS}/admin.sock` }
  return {
    node: { id: "host~127.0.0.1~no-id~localdomain", cluster: "ingress-cluster" },
    staticResources: {
      listeners: [
        adminListener("envoy-prometheus-metrics-listener", "0.0.0.0", 9964, {
          virtualHosts: [route(METRICS, "/metrics", "/stats/prometheus", METRICS)],
        }),
        adminListener("envoy-health-listener", "127.0.0.1", 9878, {
          virtual_hosts: [route("health", "/healthz", "/ready", "health")],
        }),
      ],
      clusters: [
        originalDestination("ingress-cluster", false),
        originalDestination("egress-cluster-tls", true),
        originalDestination("egress-cluster", false),
        originalDestination("ingress-cluster-tls", true),
        socketCluster(XDS, `${SOCKETS}/xds.sock`, {
          typedExtensionProtocolOptions: httpOptions({ explicitHttpConfig: { http2ProtocolOptions: {} } }),
        }),
        socketCluster(ADMIN, `${SOCKETS}/admin.sock`),
      ],
    },
    dynamicResources: { ldsConfig: XDS_SOURCE, cdsConfig: XDS_SOURCE },
    bootstrapExtensions: [
      {
        name: "envoy.bootstrap.internal_listener",
        typedConfig: { "@type": `${TYPE}/envoy.extensions.bootstrap.internal_listener.v3.InternalListener` },
      },
    ],
    overloadManager: {
      resourceMonitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typedConfig: {
            "@type": `${TYPE}/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
            max_active_downstream_connections: "50000",
          },
        },
      ],
    },
    applicationLogConfig: { logFormat: { textFormat: "[%Y-%m-%d %T.%e][%t][%l][%n] [%g:%#] %v" } },
    admin: { address: { pipe } },
  }
}
