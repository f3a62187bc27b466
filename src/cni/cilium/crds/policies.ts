/**
 * The definitions of Cilium's policies: schemas as the agent's release has them, without descriptions.
 * Written by test/record/crds.ts from test/corpus/crds (cilium/cilium, Apache-2.0); do not edit.
 */
import type { Manifest } from "../../../kube/api/types.ts"

const shared1 = { jsonPath: ".status.conditions[?(@.type=='Valid')].status", name: "Valid", type: "string" }
const shared2 = {
  properties: { mode: { enum: ["disabled", "required", "test-always-fail"], type: "string" } },
  required: ["mode"],
  type: "object",
}
const shared3 = {
  items: {
    properties: {
      fields: {
        items: {
          properties: {
            family: { default: "IPv4", enum: ["IPv4", "IPv6"], type: "string" },
            type: {
              anyOf: [{ type: "integer" }, { type: "string" }],
              pattern:
                "^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|EchoReply|DestinationUnreachable|Redirect|Echo|RouterAdvertisement|RouterSelection|TimeExceeded|ParameterProblem|Timestamp|TimestampReply|Photuris|ExtendedEchoRequest|ExtendedEcho Reply|PacketTooBig|ParameterProblem|EchoRequest|MulticastListenerQuery|MulticastListenerReport|MulticastListenerDone|RouterSolicitation|RouterAdvertisement|NeighborSolicitation|NeighborAdvertisement|RedirectMessage|RouterRenumbering|ICMPNodeInformationQuery|ICMPNodeInformationResponse|InverseNeighborDiscoverySolicitation|InverseNeighborDiscoveryAdvertisement|HomeAgentAddressDiscoveryRequest|HomeAgentAddressDiscoveryReply|MobilePrefixSolicitation|MobilePrefixAdvertisement|DuplicateAddressRequestCodeSuffix|DuplicateAddressConfirmationCodeSuffix)$",
              "x-kubernetes-int-or-string": true,
            },
          },
          required: ["type"],
          type: "object",
        },
        maxItems: 40,
        type: "array",
      },
    },
    type: "object",
  },
  type: "array",
}
const shared4 = {
  properties: {
    matchExpressions: {
      items: {
        properties: {
          key: { type: "string" },
          operator: { enum: ["In", "NotIn", "Exists", "DoesNotExist"], type: "string" },
          values: { items: { type: "string" }, type: "array", "x-kubernetes-list-type": "atomic" },
        },
        required: ["key", "operator"],
        type: "object",
      },
      type: "array",
      "x-kubernetes-list-type": "atomic",
    },
    matchLabels: {
      additionalProperties: { maxLength: 63, pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$", type: "string" },
      type: "object",
    },
  },
  type: "object",
  "x-kubernetes-map-type": "atomic",
}
const shared5 = {
  items: {
    oneOf: [
      { properties: { cidr: {} }, required: ["cidr"] },
      { properties: { cidrGroupRef: {} }, required: ["cidrGroupRef"] },
      { properties: { cidrGroupSelector: {} }, required: ["cidrGroupSelector"] },
    ],
    properties: {
      cidr: { format: "cidr", type: "string" },
      cidrGroupRef: {
        maxLength: 253,
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        type: "string",
      },
      cidrGroupSelector: shared4,
      except: { items: { format: "cidr", type: "string" }, type: "array" },
    },
    type: "object",
  },
  type: "array",
}
const shared6 = { items: shared4, type: "array" }
const shared7 = {
  items: {
    enum: [
      "all",
      "world",
      "cluster",
      "host",
      "init",
      "ingress",
      "unmanaged",
      "remote-node",
      "health",
      "none",
      "kube-apiserver",
    ],
    type: "string",
  },
  type: "array",
}
const shared8 = { maxLength: 255, pattern: "^([-a-zA-Z0-9_*]+[.]?)+$", type: "string" }
const shared9 = {
  items: {
    oneOf: [
      { properties: { matchName: {} }, required: ["matchName"] },
      { properties: { matchPattern: {} }, required: ["matchPattern"] },
    ],
    properties: {
      matchName: { maxLength: 255, pattern: "^([-a-zA-Z0-9_]+[.]?)+$", type: "string" },
      matchPattern: shared8,
    },
    type: "object",
  },
  type: "array",
}
const shared10 = {
  items: {
    properties: {
      aws: {
        properties: {
          labels: { additionalProperties: { type: "string" }, type: "object" },
          region: { type: "string" },
          securityGroupsIds: { items: { type: "string" }, type: "array" },
          securityGroupsNames: { items: { type: "string" }, type: "array" },
        },
        type: "object",
      },
    },
    type: "object",
  },
  type: "array",
}
const shared11 = {
  properties: { name: { type: "string" }, namespace: { type: "string" } },
  required: ["name"],
  type: "object",
}
const shared12 = {
  properties: {
    certificate: { type: "string" },
    privateKey: { type: "string" },
    secret: shared11,
    trustedCA: { type: "string" },
  },
  required: ["secret"],
  type: "object",
}
const shared13 = {
  properties: {
    endPort: { format: "int32", maximum: 65535, minimum: 0, type: "integer" },
    port: {
      pattern:
        "^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$",
      type: "string",
    },
    protocol: {
      enum: ["TCP", "UDP", "SCTP", "VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH", "ANY"],
      type: "string",
    },
  },
  type: "object",
}
const shared14 = {
  items: {
    properties: {
      listener: {
        properties: {
          envoyConfig: {
            properties: {
              kind: { enum: ["CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"], type: "string" },
              name: { minLength: 1, type: "string" },
            },
            required: ["name"],
            type: "object",
          },
          name: { minLength: 1, type: "string" },
          priority: { maximum: 100, minimum: 1, type: "integer" },
        },
        required: ["envoyConfig", "name"],
        type: "object",
      },
      originatingTLS: shared12,
      ports: { items: shared13, maxItems: 40, type: "array" },
      rules: {
        oneOf: [
          { properties: { http: {} }, required: ["http"] },
          { properties: { dns: {} }, required: ["dns"] },
        ],
        properties: {
          dns: shared9,
          http: {
            items: {
              properties: {
                headerMatches: {
                  items: {
                    properties: {
                      mismatch: { enum: ["LOG", "ADD", "DELETE", "REPLACE"], type: "string" },
                      name: { minLength: 1, type: "string" },
                      secret: shared11,
                      value: { type: "string" },
                    },
                    required: ["name"],
                    type: "object",
                  },
                  type: "array",
                },
                headers: { items: { type: "string" }, type: "array" },
                host: { format: "idn-hostname", type: "string" },
                method: { type: "string" },
                path: { type: "string" },
              },
              type: "object",
            },
            type: "array",
          },
        },
        type: "object",
      },
      serverNames: { items: shared8, minItems: 1, type: "array", "x-kubernetes-list-type": "set" },
      terminatingTLS: shared12,
    },
    type: "object",
  },
  type: "array",
}
const shared15 = {
  items: {
    properties: {
      k8sService: { properties: { namespace: { type: "string" }, serviceName: { type: "string" } }, type: "object" },
      k8sServiceSelector: {
        properties: { namespace: { type: "string" }, selector: shared4 },
        required: ["selector"],
        type: "object",
      },
    },
    type: "object",
  },
  type: "array",
}
const shared16 = { items: { properties: { ports: { items: shared13, type: "array" } }, type: "object" }, type: "array" }
const shared17 = {
  anyOf: [
    { properties: { ingress: {} }, required: ["ingress"] },
    { properties: { ingressDeny: {} }, required: ["ingressDeny"] },
    { properties: { egress: {} }, required: ["egress"] },
    { properties: { egressDeny: {} }, required: ["egressDeny"] },
  ],
  oneOf: [
    { properties: { endpointSelector: {} }, required: ["endpointSelector"] },
    { properties: { nodeSelector: {} }, required: ["nodeSelector"] },
  ],
  properties: {
    description: { type: "string" },
    egress: {
      items: {
        properties: {
          authentication: shared2,
          icmps: shared3,
          toCIDR: { items: { format: "cidr", type: "string" }, type: "array" },
          toCIDRSet: shared5,
          toEndpoints: shared6,
          toEntities: shared7,
          toFQDNs: shared9,
          toGroups: shared10,
          toNodes: shared6,
          toPorts: shared14,
          toRequires: { items: { type: "string" }, maxItems: 0, type: "array" },
          toServices: shared15,
        },
        type: "object",
      },
      type: "array",
    },
    egressDeny: {
      items: {
        properties: {
          icmps: shared3,
          toCIDR: { items: { format: "cidr", type: "string" }, type: "array" },
          toCIDRSet: shared5,
          toEndpoints: shared6,
          toEntities: shared7,
          toGroups: shared10,
          toNodes: shared6,
          toPorts: shared16,
          toRequires: { items: { type: "string" }, maxItems: 0, type: "array" },
          toServices: shared15,
        },
        type: "object",
      },
      type: "array",
    },
    enableDefaultDeny: { properties: { egress: { type: "boolean" }, ingress: { type: "boolean" } }, type: "object" },
    endpointSelector: shared4,
    ingress: {
      items: {
        properties: {
          authentication: shared2,
          fromCIDR: { items: { format: "cidr", type: "string" }, type: "array" },
          fromCIDRSet: shared5,
          fromEndpoints: shared6,
          fromEntities: shared7,
          fromGroups: shared10,
          fromNodes: shared6,
          fromRequires: { items: { type: "string" }, maxItems: 0, type: "array" },
          icmps: shared3,
          toPorts: shared14,
        },
        type: "object",
      },
      type: "array",
    },
    ingressDeny: {
      items: {
        properties: {
          fromCIDR: { items: { format: "cidr", type: "string" }, type: "array" },
          fromCIDRSet: shared5,
          fromEndpoints: shared6,
          fromEntities: shared7,
          fromGroups: shared10,
          fromNodes: shared6,
          fromRequires: { items: { type: "string" }, maxItems: 0, type: "array" },
          icmps: shared3,
          toPorts: shared16,
        },
        type: "object",
      },
      type: "array",
    },
    labels: {
      items: {
        properties: { key: { type: "string" }, source: { type: "string" }, value: { type: "string" } },
        required: ["key"],
        type: "object",
      },
      type: "array",
    },
    log: { properties: { value: { maxLength: 32, pattern: "^\\PC*$", type: "string" } }, type: "object" },
    nodeSelector: shared4,
  },
  type: "object",
}
const shared18 = {
  openAPIV3Schema: {
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: shared17,
      specs: { items: shared17, type: "array" },
      status: {
        properties: {
          conditions: {
            items: {
              properties: {
                lastTransitionTime: { format: "date-time", type: "string" },
                message: { type: "string" },
                reason: { type: "string" },
                status: { type: "string" },
                type: { type: "string" },
              },
              required: ["status", "type"],
              type: "object",
            },
            type: "array",
            "x-kubernetes-list-map-keys": ["type"],
            "x-kubernetes-list-type": "map",
          },
          derivativePolicies: {
            additionalProperties: {
              properties: {
                annotations: { additionalProperties: { type: "string" }, type: "object" },
                enforcing: { type: "boolean" },
                error: { type: "string" },
                lastUpdated: { format: "date-time", type: "string" },
                localPolicyRevision: { format: "int64", type: "integer" },
                ok: { type: "boolean" },
              },
              type: "object",
            },
            type: "object",
          },
        },
        type: "object",
      },
    },
    required: ["metadata"],
    type: "object",
  },
}
const shared19 = {
  openAPIV3Schema: {
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: {
        properties: { externalCIDRs: { items: { format: "cidr", type: "string" }, minItems: 0, type: "array" } },
        required: ["externalCIDRs"],
        type: "object",
      },
    },
    required: ["spec"],
    type: "object",
  },
}

export const ciliumNetworkPolicies: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  spec: {
    group: "cilium.io",
    names: {
      categories: ["cilium", "ciliumpolicy"],
      kind: "CiliumNetworkPolicy",
      listKind: "CiliumNetworkPolicyList",
      plural: "ciliumnetworkpolicies",
      shortNames: ["cnp", "ciliumnp"],
      singular: "ciliumnetworkpolicy",
    },
    scope: "Namespaced",
    versions: [
      {
        additionalPrinterColumns: [{ jsonPath: ".metadata.creationTimestamp", name: "Age", type: "date" }, shared1],
        name: "v2",
        schema: shared18,
        served: true,
        storage: true,
        subresources: { status: {} },
      },
    ],
  },
  metadata: { name: "ciliumnetworkpolicies.cilium.io" },
}

export const ciliumClusterwideNetworkPolicies: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  spec: {
    group: "cilium.io",
    names: {
      categories: ["cilium", "ciliumpolicy"],
      kind: "CiliumClusterwideNetworkPolicy",
      listKind: "CiliumClusterwideNetworkPolicyList",
      plural: "ciliumclusterwidenetworkpolicies",
      shortNames: ["ccnp"],
      singular: "ciliumclusterwidenetworkpolicy",
    },
    scope: "Cluster",
    versions: [
      {
        additionalPrinterColumns: [shared1],
        name: "v2",
        schema: shared18,
        served: true,
        storage: true,
        subresources: { status: {} },
      },
    ],
  },
  metadata: { name: "ciliumclusterwidenetworkpolicies.cilium.io" },
}

export const ciliumCidrGroups: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  spec: {
    group: "cilium.io",
    names: {
      categories: ["cilium"],
      kind: "CiliumCIDRGroup",
      listKind: "CiliumCIDRGroupList",
      plural: "ciliumcidrgroups",
      shortNames: ["ccg"],
      singular: "ciliumcidrgroup",
    },
    scope: "Cluster",
    versions: [
      { name: "v2", schema: shared19, served: true, storage: true },
      { deprecated: true, name: "v2alpha1", schema: shared19, served: true, storage: false },
    ],
  },
  metadata: { name: "ciliumcidrgroups.cilium.io" },
}
