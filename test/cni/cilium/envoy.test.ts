/** The HTTP proxy of a node, behind a policy, asked with real connections. Expectations: Envoy's and cilium/proxy's sources, spec section 6. */
import { beforeAll, describe, expect, test } from "vitest"
import { normalizePath } from "../../../src/cni/cilium/envoy/path.ts"
import {
  type Cluster,
  cilium,
  createCluster,
  defineTool,
  type Image,
  type PodHandle,
  serveHttp,
  type Tool,
} from "../../../src/index.ts"
import { TcpSocket } from "../../../src/linux/inet/tcp-socket.ts"
import { parseIpv4 } from "../../../src/wire/address.ts"

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** An application that says what it was asked, and fails as often as it is told to. */
function application(): { image: Image; asked: string[] } {
  const asked: string[] = []
  let failures = 0
  const tool = defineTool("app", async (proc) => {
    await serveHttp(proc, {
      port: 80,
      handle: ({ method, target, head, body, client }) => {
        asked.push(`${method} ${target} from ${client}`)
        const fail = /^\/fail\/(\d+)/.exec(target)
        if (fail !== null && failures < Number(fail[1])) {
          failures++
          return { status: 500, reason: "Oops", headers: [["Content-Length", "0"]], body: text("") }
        }
        failures = 0
        const answer = text(
          `${head.headers.map(([name, value]) => `${name}: ${value}`).join("\n")}\n[${new TextDecoder().decode(body)}]\n`,
        )
        return {
          status: 200,
          reason: "Fine",
          headers: [
            ["X-App", "yes"],
            ["Content-Length", String(answer.length)],
            ["Server", "app"],
          ],
          body: answer,
        }
      },
      malformed: () => ({ status: 400, reason: "Bad Request", headers: [], body: text("") }),
    })
    return 0
  })
  return { image: imageOf("app", tool), asked }
}

/** A client of 1996: what it was answered, and then it waits to be read. */
const oldClient = defineTool("old", async (proc) => {
  const socket = await TcpSocket.connect(proc, parseIpv4(proc.argv.at(-1) ?? "") as number, 80)
  if (typeof socket === "string") return 1
  await socket.write(proc, text("GET /a HTTP/1.0\r\n\r\n"))
  const answer = await socket.read(proc, 65536)
  if (typeof answer !== "string") await proc.out(new TextDecoder().decode(answer))
  await proc.sleep(3600e9)
  return 0
})

const imageOf = (name: string, tool: Tool): Image => ({
  name,
  entrypoint: [`/${name}`],
  cmd: [],
  env: {},
  workingDir: "/",
  pullTime: 0,
  build: (fs) => fs.install(`/${name}`, tool),
})

const POLICY = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: l7 }
spec:
  endpointSelector: { matchLabels: { app: server } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: client } }]
      toPorts:
        - ports: [{ port: "80", protocol: TCP }, { port: "81", protocol: TCP }]
          rules:
            http:
              - { path: "/(a|fail/.*)" }
              - { method: POST, path: "/post" }
              - { path: "/host", host: "web\\\\.example" }
              - { path: "/header", headers: ["X-Token: 42"] }
`

let cluster: Cluster
let client: PodHandle
let ip: string
const { image, asked } = application()

const pod = (name: string, app: string, node: string, container: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: { app: ${app} } }\nspec: { nodeName: ${node}, containers: [{ name: main, ${container} }] }\n`

/** Runs curl in the client's network; what it printed. */
async function curl(words: string): Promise<string> {
  asked.length = 0
  return (await client.nsenter(`curl -s -m 5 ${words}`)).output
}

beforeAll(async () => {
  cluster = await createCluster({
    nodes: ["master", "near", "far"],
    cni: cilium(),
    images: [image, imageOf("old", oldClient)],
  })
  await cluster.apply(
    [
      pod("server", "server", "far", "image: app"),
      pod("client", "client", "near", "image: nginx"),
      pod("stranger", "stranger", "near", "image: nginx"),
      POLICY,
    ].join("---\n"),
  )
  client = cluster.pod("client")
  for (const name of ["server", "client", "stranger"]) await cluster.pod(name).ready()
  ip = cluster.pod("server").ip
})

describe("a refused request", () => {
  test("is answered by the proxy, byte for byte", async () => {
    expect(await curl(`-i http://${ip}/no`)).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\ncontent-length: 15\r\ncontent-type: text\/plain\r\ndate: \w+, \d\d \w+ 2025 [\d:]+ GMT\r\nserver: envoy\r\n\r\nAccess denied\r\n$/,
    )
    expect(asked).toEqual([])
  })

  test("HEAD gets the same head", async () => {
    expect(await curl(`-I http://${ip}/no`)).toContain("content-length: 15\r\n")
  })

  test("leaves the connection open for the next one, which is judged by itself", async () => {
    const codes = await curl(
      `-o /dev/null -o /dev/null -w '%{http_code}/%{num_connects} ' http://${ip}/no http://${ip}/a`,
    )
    expect(codes).toBe("403/1 200/0 ")
  })

  test("a client that L3 does not let in gets nothing", async () => {
    const stranger = await cluster.pod("stranger").nsenter(`curl -sS -m 2 http://${ip}/a`)
    expect(stranger.code).toBe(28)
  })
})

describe("an allowed request", () => {
  test("reaches the application from the router's address, with the proxy's headers", async () => {
    const answer = await curl(`http://${ip}/a`)
    expect(answer).toMatch(
      /^host: [\d.]+\nuser-agent: curl\/\S+\naccept: \*\/\*\nx-forwarded-proto: http\nx-envoy-internal: true\nx-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\nx-envoy-expected-rq-timeout-ms: 3600000\n\[\]\n$/,
    )
    const router = (
      await cluster.node("master").exec("kubectl get ciliumnode far -o jsonpath='{.spec.addresses[1].ip}'")
    ).stdout
    expect(asked).toEqual([`GET /a from ${router}`])
  })

  test("comes back with the application's headers in lower case, and the proxy's server", async () => {
    expect(await curl(`-i http://${ip}/a`)).toMatch(
      /^HTTP\/1\.1 200 OK\r\nx-app: yes\r\ncontent-length: \d+\r\nserver: envoy\r\ndate: [^\r]+\r\nx-envoy-upstream-service-time: \d+\r\n\r\nhost: /,
    )
  })

  test("brings its body", async () => {
    expect(await curl(`-X POST -d hello http://${ip}/post`)).toContain("content-length: 5")
    expect(await curl(`-X POST -d hello http://${ip}/post`)).toContain("[hello]")
    expect(await curl(`-o /dev/null -w '%{http_code}' http://${ip}/post`)).toBe("403")
  })

  test("host and headers count", async () => {
    const code = (words: string): Promise<string> => curl(`-o /dev/null -w '%{http_code}' ${words}`)
    expect(await code(`http://${ip}/host`)).toBe("403")
    expect(await code(`-H 'Host: web.example' http://${ip}/host`)).toBe("200")
    expect(await code(`-H 'Host: web.example:80' http://${ip}/host`)).toBe("403")
    expect(await code(`-H 'X-Token: 41' http://${ip}/header`)).toBe("403")
    expect(await code(`-H 'x-token: 42' http://${ip}/header`)).toBe("200")
  })
})

describe("an application that fails", () => {
  test("is asked up to four times", async () => {
    expect(await curl(`-o /dev/null -w '%{http_code}' http://${ip}/fail/3`)).toBe("200")
    expect(asked).toHaveLength(4)
    expect(await curl(`-o /dev/null -w '%{http_code}' http://${ip}/fail/9`)).toBe("500")
    expect(asked).toHaveLength(4)
  })

  test("that refuses connections is answered for", async () => {
    expect(await curl(`-i http://${ip}:81/a`)).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\ncontent-length: \d+\r\ncontent-type: text\/plain\r\n[\s\S]*\r\n\r\nupstream connect error or disconnect\/reset before headers\. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused$/,
    )
  })
})

describe("what is no HTTP/1.1", () => {
  test("HTTP/1.0 is told to upgrade", async () => {
    await cluster.apply(pod("old", "client", "near", `image: old, command: [/old, "${ip}"]`))
    const old = cluster.pod("old")
    await old.ready()
    await cluster.sim.advance(1e9)
    const logs = await cluster.node("master").exec("kubectl logs old")
    expect(logs.stdout).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
  })
})

describe("paths", () => {
  test.each([
    ["/a", "/a", false],
    ["//a///b", "/a/b", false],
    ["/./a/../b", "/b", false],
    ["/a/..", "/", false],
    ["/%61%2D", "/a-", false],
    ["/a%20b", "/a%20b", false],
    ["/a%2fb", "/a/b", true],
    ["/a?x=//y", "/a?x=//y", false],
    ["*", "*", false],
  ])("%s is %s to the rules", (target, path, redirect) => {
    expect(normalizePath(target)).toEqual({ path, redirect })
  })

  test.each(["/../a", "/%zz"])("%s is refused", (target) => expect(normalizePath(target)).toBeUndefined())

  test("an escaped slash sends the client to the result", async () => {
    const answer = await curl(`-i http://${ip}/fail%2f0`)
    expect(answer).toMatch(/^HTTP\/1\.1 307 Temporary Redirect\r\nlocation: http:\/\/[\d.]+\/fail\/0\r\n/)
  })
})
