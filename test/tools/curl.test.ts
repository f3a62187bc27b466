/** curl where no recording has it: what --write-out knows of a transfer that failed, and ports it cannot take. Locked by hand to curl 7.88.1. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

describe("curl", () => {
  let cluster: Cluster
  const curl = async (args: string): Promise<string> => {
    const { output, code } = await cluster.node("control-plane").exec(`curl ${args}`)
    return `${output.trimEnd()} [${code}]`
  }
  beforeAll(async () => {
    cluster = await createCluster({ nodes: 1 })
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web" },
      spec: {
        hostNetwork: true,
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "nginx", image: "nginx" }],
      },
    })
    await cluster.pod("web").ready()
  })

  test.each([
    ["-s -X POST -w %{method} http://127.0.0.1:1", "POST [7]"],
    ["-s -d x -w %{method} http://127.0.0.1:1", "POST [7]"],
    ["-sI -w %{method} http://127.0.0.1:1", "HEAD [7]"],
    ["-s -w %{method} http://127.0.0.1:1", "GET [7]"],
  ])("%s knows the method that was not sent", async (args, expected) => {
    expect(await curl(args)).toBe(expected)
  })

  test("the type of one answer is not the next one's", async () => {
    const urls = "http://127.0.0.1/ http://127.0.0.1:1/"
    expect(await curl(`-s -o /dev/null -o /dev/null -w '<%{content_type}>' ${urls}`)).toBe("<text/html><> [7]")
  })

  test.each(["abc", "70000", "-5"])("--local-port %s is no port", async (port) => {
    expect(await curl(`--local-port ${port} http://127.0.0.1/`)).toMatch(
      /^curl: option --local-port: is badly used here\ncurl: try 'curl --help'.* \[2\]$/,
    )
  })

  test("a range of ports is refused by name", async () => {
    expect(await curl("--local-port 10-20 http://127.0.0.1/")).toBe(
      "curl: podwire does not support a range of ports: --local-port 10-20 [2]",
    )
  })
})
