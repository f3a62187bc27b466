/** What the agent's API says of itself: /healthz and /endpoint. Models api/v1/models StatusResponse. */
import { VERSIONS } from "../../../versions.ts"
import { formatIpv4, formatMac, formatPrefix } from "../../../wire/address.ts"
import type { Agent } from "./agent.ts"
import type { Endpoint } from "./endpoint.ts"

const ok = (msg = ""): object => ({ state: "Ok", ...(msg === "" ? {} : { msg }) })

/** As much of it as callers read. */
export function statusJson(agent: Agent): object {
  const { ipam, podCidr, redirects, nodes, routerIp, nodeName, cniConf } = agent
  const failing = agent.endpoints.list.filter(({ policyError }) => policyError !== undefined)
  return {
    cilium: ok(`${VERSIONS.cilium} (v${VERSIONS.cilium})`),
    cluster: {
      "cilium-health": ok(),
      nodes: [nodeName, ...nodes.nodes.keys()].map((name) => ({ name })),
      self: nodeName,
    },
    "cni-file": cniConf?.disabled === false ? ok(cniConf.status) : { state: "Disabled", msg: cniConf?.status ?? "" },
    controllers: failing.map((endpoint) => ({
      name: `endpoint-${endpoint.id}-regeneration-recovery`,
      status: { "consecutive-failure-count": 1, "last-failure-msg": endpoint.policyError },
    })),
    hubble: agent.options.hubble ? ok() : { state: "Disabled" },
    ipam: {
      allocations: Object.fromEntries([...ipam.owners].map(([address, owner]) => [formatIpv4(address), owner])),
      status: `IPv4: ${ipam.allocated}/${ipam.capacity} allocated from ${formatPrefix(podCidr.address, podCidr.length)}, `,
    },
    kubernetes: ok(`1.31 (v${VERSIONS.kubernetes}) [linux/amd64]`),
    kvstore: { state: "Disabled" },
    "proxy-status": { ip: formatIpv4(routerIp), "port-range": "10000-20000", "total-redirects": redirects.count },
  }
}

export const endpointsJson = (agent: Agent): object[] => agent.endpoints.list.map(endpointJson)

function endpointJson(endpoint: Endpoint): object {
  const { pod, policy } = endpoint
  return {
    id: endpoint.id,
    status: {
      "external-identifiers": {
        "cni-attachment-id": `${endpoint.containerId}:${endpoint.containerInterface}`,
        "container-id": endpoint.containerId,
        "k8s-namespace": pod?.namespace ?? "",
        "k8s-pod-name": pod?.name ?? "",
      },
      identity: { id: endpoint.identity, labels: endpoint.labels.labels },
      networking: {
        addressing: [{ ipv4: formatIpv4(endpoint.address) }],
        "host-mac": formatMac(endpoint.hostMac),
        "interface-index": endpoint.ifindex,
        "interface-name": endpoint.hostInterface,
        mac: formatMac(endpoint.mac),
      },
      policy: { realized: { "policy-revision": policy?.revision ?? 0 } },
      state: endpoint.state,
    },
  }
}
