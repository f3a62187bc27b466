import { describe, expect, test } from "vitest"
import { renderChart } from "../../../src/cni/cilium/chart/chart.ts"
import { parseSet } from "../../../src/cni/cilium/chart/set.ts"
import { checkValues, Values, type ValueTree } from "../../../src/cni/cilium/chart/values.ts"
import { isStatus } from "../../../src/kube/api/status.ts"
import type { Manifest } from "../../../src/kube/api/types.ts"
import { ControlPlane } from "../../../src/kube/control-plane.ts"
import { Prng } from "../../../src/sim/prng.ts"
import { Simulation } from "../../../src/sim/simulation.ts"

const render = (values: ValueTree): Manifest[] => renderChart(new Values(values), new Prng(1))
const find = (objects: Manifest[], kind: string, name: string): Manifest | undefined =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)
const config = (values: ValueTree): Record<string, string> =>
  find(render(values), "ConfigMap", "cilium-config")?.["data"] as Record<string, string>
const template = (values: ValueTree): string =>
  JSON.stringify((find(render(values), "DaemonSet", "cilium")?.["spec"] as { template?: object } | undefined)?.template)

function parsed(...words: string[]): ValueTree | string {
  const tree: ValueTree = {}
  for (const word of words) {
    const error = parseSet(word, tree, false)
    if (error !== undefined) return error
  }
  return tree
}

describe("objects", () => {
  test("the defaults of 1.18.0, in the order Helm creates them", () => {
    expect(render({}).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "Namespace cilium-secrets",
      "ServiceAccount cilium",
      "ServiceAccount cilium-envoy",
      "ServiceAccount cilium-operator",
      "Secret cilium-ca",
      "Secret hubble-server-certs",
      "ConfigMap cilium-config",
      "ConfigMap cilium-envoy-config",
      "ClusterRole cilium",
      "ClusterRole cilium-operator",
      "ClusterRoleBinding cilium",
      "ClusterRoleBinding cilium-operator",
      "Role cilium-config-agent",
      "Role cilium-tlsinterception-secrets",
      "Role cilium-operator-tlsinterception-secrets",
      "RoleBinding cilium-config-agent",
      "RoleBinding cilium-tlsinterception-secrets",
      "RoleBinding cilium-operator-tlsinterception-secrets",
      "Service cilium-envoy",
      "Service hubble-peer",
      "DaemonSet cilium",
      "DaemonSet cilium-envoy",
      "Deployment cilium-operator",
    ])
  })

  test("every object is taken by the API server without a warning", () => {
    const { registry } = new ControlPlane(new Simulation({ seed: 1 })).api
    for (const object of render({ hubble: { relay: { enabled: true } } })) {
      const resource = registry.resourceByKind(object.apiVersion, object.kind)
      if (resource === undefined) throw new Error(`${object.kind} is not served`)
      const created = registry.create(resource, JSON.parse(JSON.stringify(object)), { fieldValidation: "Strict" })
      expect(isStatus(created) ? `${object.kind} ${object.metadata.name}: ${created.message}` : "").toBe("")
    }
    expect(registry.warnings).toEqual([])
  })

  test("the relay comes with its certificate, the proxy goes with l7Proxy, Hubble with its own value", () => {
    const relay = render({ hubble: { relay: { enabled: true } } })
    expect(find(relay, "Deployment", "hubble-relay")).toBeDefined()
    expect(find(relay, "Secret", "hubble-relay-client-certs")).toBeDefined()
    expect(find(render({ l7Proxy: false }), "DaemonSet", "cilium-envoy")).toBeUndefined()
    const without = render({ hubble: { enabled: false } })
    expect(find(without, "Service", "hubble-peer")).toBeUndefined()
    expect(find(without, "Secret", "cilium-ca")).toBeUndefined()
  })
})

describe("cilium-config", () => {
  test("what defaults say", () => {
    const data = config({})
    expect(data).toMatchObject({
      "cluster-name": "default",
      "cluster-pool-ipv4-cidr": "10.0.0.0/8",
      "cluster-pool-ipv4-mask-size": "24",
      "cni-exclusive": "true",
      "enable-policy": "default",
      "external-envoy-proxy": "true",
      "http-retry-count": "3",
      ipam: "cluster-pool",
      "routing-mode": "tunnel",
      "tunnel-protocol": "vxlan",
      "unmanaged-pod-watcher-interval": "15",
    })
    // Only a value that was given is written down.
    expect(data["enable-bpf-masquerade"]).toBeUndefined()
    expect(Object.keys(data)).toEqual(Object.keys(data).toSorted())
  })

  test.each([
    ["bpf.masquerade=false", "enable-bpf-masquerade", "false"],
    ["ipam.mode=kubernetes", "cluster-pool-ipv4-cidr", undefined],
    ["cni.customConf=true", "write-cni-conf-when-ready", undefined],
    ["cni.customConf=true", "custom-cni-conf", "true"],
    ["tunnelPort=8473", "tunnel-port", "8473"],
    ["operator.unmanagedPodWatcher.restart=false", "unmanaged-pod-watcher-interval", "0"],
    ["policyAuditMode=true", "policy-audit-mode", "true"],
    ["ipam.operator.clusterPoolIPv4PodCIDRList={10.42.0.0/16}", "cluster-pool-ipv4-cidr", "10.42.0.0/16"],
  ])("%s: %s is %s", (set, key, value) => {
    expect(config(parsed(set) as ValueTree)[key]).toBe(value)
  })

  test("agents restart on a change only when they are told to", () => {
    expect(template({ policyEnforcementMode: "always" })).toBe(template({}))
    const roll = { rollOutCiliumPods: true }
    expect(template({ ...roll, policyEnforcementMode: "always" })).not.toBe(template(roll))
  })
})

describe("refusals", () => {
  test.each<[string, string]>([
    [
      "cni.exclusive=5",
      "values don't meet the specifications of the schema(s) in the following chart(s):\ncilium:\n- cni.exclusive: Invalid type. Expected: boolean, given: integer\n",
    ],
    [
      "kubeProxyReplacement=partial",
      "execution error at (cilium/templates/cilium-configmap.yaml:82:5): kubeProxyReplacement must be explicitly set to a valid value (true or false) to continue.",
    ],
    [
      "tunnel=vxlan",
      "execution error at (cilium/templates/validate.yaml:41:5): tunnel was deprecated in v1.14 and has been removed in v1.15. For details please refer to https://docs.cilium.io/en/v1.15/operations/upgrade/#helm-options",
    ],
    [
      "cluster.name=Foo",
      "execution error at (cilium/templates/validate.yaml:159:5): The cluster name is invalid: must consist of lower case alphanumeric characters and '-', and must start and end with an alphanumeric character",
    ],
    [
      "hubble.enabled=false,hubble.relay.enabled=true",
      "execution error at (cilium/templates/validate.yaml:71:7): Hubble Relay requires .Values.hubble.enabled=true",
    ],
    ["encryption.enabled=true", "podwire does not support encryption.enabled=true; possible: false"],
    ["kubeProxyReplacement=true", "podwire does not support kubeProxyReplacement=true; possible: false"],
    ["tunnelProtocol=geneve", "podwire does not support tunnelProtocol=geneve; possible: unset, vxlan"],
    ["kubeProxyReplacment=false", "podwire does not support the value kubeProxyReplacment"],
  ])("--set %s", (set, message) => {
    expect(checkValues(parsed(set) as ValueTree)).toBe(message)
  })

  test("the article's values are fine", () => {
    expect(
      checkValues(parsed("routingMode=tunnel", "kubeProxyReplacement=false", "bpf.masquerade=false") as ValueTree),
    ).toBeUndefined()
  })
})

describe("--set", () => {
  test.each<[string, unknown]>([
    ["a=1,b=true,c=x", { a: 1, b: true, c: "x" }],
    ["a.b.c=0", { a: { b: { c: 0 } } }],
    ["a={x,2,}", { a: ["x", 2, ""] }],
    ["a={}", { a: [] }],
    ["a[1].b=x", { a: [undefined, { b: "x" }] }],
    ["a=null", { a: null }],
    ["a=007", { a: "007" }],
    ["a=x\\,y", { a: "x,y" }],
    ["a\\.b=1", { "a.b": 1 }],
    ["a=", { a: "" }],
  ])("%s", (text, tree) => {
    expect(parsed(text)).toEqual(tree)
  })

  test.each([
    ["a", 'failed parsing --set data: key "a" has no value'],
    ["a,b=1", 'failed parsing --set data: key "a" has no value (cannot end with ,)'],
    ["a[x]=1", 'failed parsing --set data: error parsing index: strconv.Atoi: parsing "x": invalid syntax'],
    ["a[-1]=1", "failed parsing --set data: negative -1 index not allowed"],
  ])("%s is refused", (text, message) => {
    expect(parsed(text)).toBe(message)
  })
})
