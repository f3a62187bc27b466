/** Pods and policies that tests of the policy engine share. */
import { expect } from "vitest"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import type { ParseOptions } from "../../src/policy/parse/options.ts"
import { externalPeer, type Peer, podPeer, reservedPeer } from "../../src/policy/peer.ts"
import { IPPROTO } from "../../src/policy/rule.ts"

export const pod = (namespace: string, app: string, address: string): Peer =>
  podPeer({ namespace, name: app, labels: { app }, namespaceLabels: { team: namespace }, addresses: [address] })

export const web = pod("default", "web", "10.0.0.1")
export const client = pod("default", "client", "10.0.0.2")
export const visitor = pod("other", "visitor", "10.0.0.3")
export const outside = externalPeer("outside", ["192.0.2.1"], ["www.example.com"])
export const host = reservedPeer("host", "host")

export const port = (number: number, protocol: number = IPPROTO.TCP) => ({ protocol, port: number })

/** A CiliumNetworkPolicy in namespace default. */
export function policy(spec: object, name = "p", kind = "CiliumNetworkPolicy"): PolicyObject {
  return { kind, metadata: { name, ...(kind === "CiliumNetworkPolicy" ? { namespace: "default" } : {}) }, spec }
}

export function evaluator(objects: readonly PolicyObject[], options: ParseOptions = {}): CiliumEvaluator {
  const cilium = new CiliumEvaluator()
  for (const object of objects) {
    const { rules, error } = parseCiliumPolicy(object, options)
    expect(error).toBeUndefined()
    cilium.repository.upsert(rules)
  }
  return cilium
}

export const selectWeb = { endpointSelector: { matchLabels: { app: "web" } } }
export const selectClient = { endpointSelector: { matchLabels: { app: "client" } } }
export const fromClient = { fromEndpoints: [{ matchLabels: { app: "client" } }] }
export const tcp = (number: number) => ({ ports: [{ port: String(number), protocol: "TCP" }] })
export const http = (number: number, rule: object) => ({ ...tcp(number), rules: { http: [rule] } })
