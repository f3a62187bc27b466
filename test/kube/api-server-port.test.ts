/** The control plane's ports, to programs that come over the network without credentials. Locked by hand to Go's net/http and k8s.io/apiserver 1.31. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

describe("the API server's port", () => {
  let cluster: Cluster
  const on = async (command: string): Promise<string> => {
    const { output, code } = await cluster.node("control-plane").exec(command)
    return `${output} [${code}]`
  }
  beforeAll(async () => {
    cluster = await createCluster({ nodes: 1 })
  })

  test("plain HTTP is told what it met", async () => {
    expect(await on("curl -s -i http://10.96.0.1:443/")).toBe(
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n [0]",
    )
  })

  test("busybox's wget, in a pod, is told too", async () => {
    const container = {
      name: "client",
      image: "busybox:1.28",
      command: ["wget", "-T", "3", "-O-", "http://10.96.0.1:443"],
    }
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "client" },
      spec: { restartPolicy: "Never", tolerations: [{ operator: "Exists" }], containers: [container] },
    })
    await cluster.settle()
    expect(await on("kubectl logs client")).toBe(
      "Connecting to 10.96.0.1:443 (10.96.0.1:443)\nwget: server returned error: HTTP/1.0 400 Bad Request\n [0]",
    )
  })

  test("its certificate is the cluster's own", async () => {
    expect(await on("curl -sS https://10.96.0.1/")).toMatch(
      /^curl: \(60\) SSL certificate problem: unable to get local issuer certificate\nMore details here: [^\n]+\n\ncurl failed .*\[60\]$/s,
    )
    expect(await on("curl -sk https://10.96.0.1/healthz")).toBe("ok [0]")
  })

  test.each([
    ["https://10.96.0.1/", 'forbidden: User "system:anonymous" cannot get path "/"'],
    ["-I https://10.96.0.1/version", undefined],
    [
      "https://10.96.0.1/api/v1/namespaces/default/pods?limit=1",
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "https://10.96.0.1/api/v1/pods?watch=1",
      'pods is forbidden: User "system:anonymous" cannot watch resource "pods" in API group "" at the cluster scope',
    ],
    [
      "-X DELETE https://10.96.0.1/apis/apps/v1/namespaces/a/deployments/b",
      'deployments.apps "b" is forbidden: User "system:anonymous" cannot delete resource "deployments" in API group "apps" in the namespace "a"',
    ],
    [
      "https://10.96.0.1/api/v1/namespaces/a/pods/b/log",
      'pods "b" is forbidden: User "system:anonymous" cannot get resource "pods/log" in API group "" in the namespace "a"',
    ],
    ["https://127.0.0.1:10257/metrics", 'forbidden: User "system:anonymous" cannot get path "/metrics"'],
  ])("nobody may ask %s", async (args, message) => {
    const { output } = await cluster.node("control-plane").exec(`curl -sk ${args}`)
    if (message === undefined) expect(output).toMatch(/^HTTP\/2 403 \r\naudit-id: /)
    else expect(JSON.parse(output)).toMatchObject({ kind: "Status", reason: "Forbidden", code: 403, message })
  })

  test("a token nobody knows", async () => {
    const { output } = await cluster
      .node("control-plane")
      .exec("curl -sk -H 'Authorization: Bearer x' https://10.96.0.1/")
    expect(JSON.parse(output)).toMatchObject({ reason: "Unauthorized", code: 401 })
  })

  test("everybody may see whether it is well, its version and cluster-info", async () => {
    expect(await on("curl -sk https://127.0.0.1:10259/livez")).toBe("ok [0]")
    expect(await on("curl -sk https://10.96.0.1/version")).toContain('\n  "gitVersion": "v1.31.9",\n')
    const info = "https://10.96.0.1/api/v1/namespaces/kube-public/configmaps/cluster-info"
    expect(await on(`curl -sk ${info}`)).toContain('"kubeconfig": "apiVersion: v1')
  })
})
