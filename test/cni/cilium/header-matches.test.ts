/** headerMatches on a cluster: values out of Secrets, and what each mismatch action makes the server see. */
import { beforeAll, describe, expect, test } from "vitest"
import { EchoServers, sendRequest } from "../../../src/cluster/verify/http-probe.ts"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"
import { ipv4 } from "../../../src/wire/address.ts"

const pod = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: "c", image: "busybox:1.28", command: ["sleep", "36000"] }] },
})
const policy = (headerMatches: object[]): object => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name: "headers" },
  spec: {
    endpointSelector: { matchLabels: { app: "server" } },
    ingress: [{ toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }], rules: { http: [{ headerMatches }] } }] }],
  },
})

let cluster: Cluster
const servers = new EchoServers()

beforeAll(async () => {
  cluster = await createCluster({ nodes: 2, cni: cilium() })
  await cluster.apply([
    pod("client"),
    pod("server"),
    { apiVersion: "v1", kind: "Secret", metadata: { name: "token" }, stringData: { value: "Bearer 42" } },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "two" }, stringData: { a: "1", b: "2" } },
  ])
  for (const name of ["client", "server"]) await cluster.pod(name).ready()
})

/** The status, and what the server saw of a header. */
async function ask(match: object, headers: Record<string, string>): Promise<[number, string | undefined]> {
  await cluster.apply(policy([match]))
  await cluster.settle()
  const [from, to] = ["client", "server"].map((name) => {
    const { net, ip } = cluster.pod(name)
    return { net, address: ipv4(ip) }
  }) as [Parameters<typeof sendRequest>[0], Parameters<typeof sendRequest>[1]]
  servers.ensure(to.net, 8080)
  const answer = await sendRequest(from, to, 8080, { method: "GET", path: "/", host: "server", headers })
  return [answer.status, answer.headers["x-token"]]
}

const secret = { name: "token", namespace: "default" }

describe("a value in a Secret", () => {
  test("lets those pass that know it", async () => {
    expect(await ask({ name: "X-Token", secret }, { "X-Token": "Bearer 42" })).toEqual([200, "Bearer 42"])
    expect(await ask({ name: "X-Token", secret }, { "X-Token": "Bearer 41" })).toEqual([403, undefined])
    expect(await ask({ name: "X-Token", secret }, {})).toEqual([403, undefined])
  })

  test("that is not there, or not the only one, is nobody's", async () => {
    for (const name of ["missing", "two"])
      expect(await ask({ name: "X-Token", secret: { name, namespace: "default" } }, { "X-Token": "1" })).toEqual([
        403,
        undefined,
      ])
  })
})

describe("a mismatch", () => {
  test("REPLACE puts the value in place of another, ADD beside it", async () => {
    const replace = { name: "X-Token", secret, mismatch: "REPLACE" }
    expect(await ask(replace, { "X-Token": "guess" })).toEqual([200, "Bearer 42"])
    expect(await ask(replace, {})).toEqual([200, "Bearer 42"])
    expect(await ask({ name: "X-Token", value: "b", mismatch: "ADD" }, {})).toEqual([200, "b"])
  })

  test("DELETE takes the header away, LOG lets it pass", async () => {
    expect(await ask({ name: "X-Token", value: "b", mismatch: "DELETE" }, { "X-Token": "a" })).toEqual([200, undefined])
    expect(await ask({ name: "X-Token", value: "b", mismatch: "LOG" }, { "X-Token": "a" })).toEqual([200, "a"])
  })
})
