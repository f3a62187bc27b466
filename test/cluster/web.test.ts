/** The simulated web: names, hosts, redirects, files, and the programs that fetch them. */
import { describe, expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"
import { needs } from "../support/needs.ts"
import { tshark, tsharkProblems, tsharkProgram, tsharkTcpNotes } from "../support/tshark.ts"

const FLANNEL = "https://raw.githubusercontent.com/flannel-io/flannel/v0.27.4/Documentation/kube-flannel.yml"
const RELEASE = "https://github.com/flannel-io/flannel/releases"
const CLI = "https://github.com/cilium/cilium-cli/releases/download/v0.18.6/cilium-linux-amd64.tar.gz"

const article = createCluster({ preset: "article", cni: "none" })
const run = async (line: string): Promise<{ stdout: string; stderr: string; code: number }> => {
  const { stdout, stderr, code } = await (await article).node("k8s-master").exec(line)
  return { stdout, stderr, code }
}

describe("names", () => {
  test("are asked of the NAT's name server, and known", async () => {
    expect((await run("cat /etc/resolv.conf")).stdout).toBe("nameserver 10.0.2.3\n")
    expect((await run("ping -c 1 raw.githubusercontent.com | head -1")).stdout).toBe(
      "PING raw.githubusercontent.com (185.199.108.133) 56(84) bytes of data.\n",
    )
  })
  test("that nobody has are refused in each program's words", async () => {
    expect(await run("curl -sS https://nosuchhost.invalid/")).toEqual({
      stdout: "",
      stderr: "curl: (6) Could not resolve host: nosuchhost.invalid\n",
      code: 6,
    })
    expect((await run("ping -c 1 nosuchhost.invalid")).stderr).toBe(
      "ping: nosuchhost.invalid: Name or service not known\n",
    )
  })
  test("travel as A and AAAA from one socket", async () => {
    const cluster = await article
    const capture = await cluster.capture({ filter: "udp port 53" }, () => run("curl -s https://github.com/"))
    const lines = capture
      .on("k8s-master", "enp0s3")
      .toString()
      .split("\n")
      .filter((line) => line !== "")
    expect(lines.length).toBe(4)
    expect(new Set(lines.map((line) => /10\.0\.2\.15\.(\d+)/.exec(line)?.[1])).size).toBe(1)
  })
})

describe("curl", () => {
  test("follows a release to where its files are, and names them as asked", async () => {
    const { stdout, code } = await run(
      `cd /tmp; curl -sSL --fail --remote-name-all ${CLI}{,.sha256sum} -w '%{http_code} %{num_redirects} %{scheme}\\n'; sha256sum --check *.sha256sum; tar tvzf *.tar.gz`,
    )
    expect(stdout).toMatch(
      /^200 1 HTTPS\n200 1 HTTPS\ncilium-linux-amd64\.tar\.gz: OK\n-rwxr-xr-x root\/root +\d+ 2025-08-01 08:17 cilium\n$/,
    )
    expect(code).toBe(0)
  })
  test("gets the same bytes at every run", async () => {
    const other = await createCluster({ seed: 7, nodes: 1, cni: "none" })
    const sum = `curl -sL ${CLI} | sha256sum`
    expect((await other.node("control-plane").exec(sum)).stdout).toBe((await run(sum)).stdout)
  })
  test("a file that is not there", async () => {
    const raw = "https://raw.githubusercontent.com/cilium/cilium-cli/main/nothing.txt"
    expect(await run(`curl -s ${raw}`)).toEqual({ stdout: "404: Not Found", stderr: "", code: 0 })
    expect(await run(`curl -fsS ${raw}`)).toEqual({
      stdout: "",
      stderr: "curl: (22) The requested URL returned error: 404\n",
      code: 22,
    })
    expect((await run(`curl -s ${RELEASE}/download/v9/nothing.yml`)).stdout).toBe("Not Found")
  })
  test("http is sent to https; its head is HTTP/2's", async () => {
    const where = await run("curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://github.com/a")
    expect(where.stdout).toBe("301 https://github.com/a")
    const head = (await run(`curl -sI ${RELEASE}/latest/download/kube-flannel.yml`)).stdout
    expect(head).toMatch(/^HTTP\/2 302 \r\ndate: .* GMT\r\n/)
    expect(head).toContain(`location: ${RELEASE}/download/v0.27.4/kube-flannel.yml\r\n`)
  })
  test("nothing of a TLS connection can be read from a capture", async () => {
    const cluster = await article
    const capture = await cluster.capture({ filter: "tcp port 443" }, () => run(`curl -sL ${FLANNEL}`))
    expect(Buffer.from(capture.toPcapng()).toString("latin1")).not.toMatch(/kube-flannel|HTTP/)
  })
})

needs({ tshark: tsharkProgram !== undefined })("Wireshark", () => {
  test("reads names and TLS records, and finds nothing malformed", async () => {
    const cluster = await article
    const taken = await cluster.capture({ on: "k8s-master" }, () =>
      run(`curl -sL ${FLANNEL}; ping -c 1 nosuch.invalid`),
    )
    const frames = taken.on("k8s-master", "enp0s3").toPcapng()
    expect(tsharkProblems(frames)).toEqual([])
    expect(tsharkTcpNotes(frames)).toEqual([])
    expect(
      tshark(frames, ["-Y", "dns.flags.response == 1", "-T", "fields", "-e", "dns.flags.rcode", "-e", "dns.a"]),
    ).toBe("0\t185.199.108.133\n0\t\n3\t\n3\t\n")
    expect(tshark(frames, ["-Y", "tls.record.content_type", "-T", "fields", "-e", "tls.record.content_type"])).toMatch(
      /^22,23\n(23\n){2,}$/,
    )
  })
})

/** The words of the real kubectl 1.31, recorded against a server that answers 404, one that refuses, a name that is none, and no TLS. */
describe("kubectl -f URL", () => {
  test.each([
    [
      "https://raw.githubusercontent.com/nothing.yml",
      'error: unable to read URL "https://raw.githubusercontent.com/nothing.yml", server reported 404 Not Found, status code=404\n',
    ],
    [
      "http://10.0.2.2:1/x.yml",
      "The connection to the server 10.0.2.2:1 was refused - did you specify the right host or port?\n",
    ],
    [
      "http://no.such.invalid/x.yml",
      "Unable to connect to the server: dial tcp: lookup no.such.invalid on 10.0.2.3:53: no such host\n",
    ],
    [
      "https://10.0.2.2:80/x.yml",
      "Unable to connect to the server: tls: first record does not look like a TLS handshake\n",
    ],
    ["http://", "Unable to connect to the server: http: no Host in request URL\n"],
  ])("%s", async (url, words) => {
    for (const verb of ["apply", "create", "delete"])
      expect(await run(`kubectl ${verb} -f ${url}`)).toEqual({ stdout: "", stderr: words, code: 1 })
  })
})

const CREATED = `namespace/kube-flannel created
clusterrole.rbac.authorization.k8s.io/flannel created
clusterrolebinding.rbac.authorization.k8s.io/flannel created
serviceaccount/flannel created
configmap/kube-flannel-cfg created
daemonset.apps/kube-flannel-ds created
`

test("Flannel, applied from the web to a cluster without a CNI: nodes become ready", async () => {
  const cluster = await createCluster({ nodes: 2, cni: "none" })
  const node = cluster.node("control-plane")
  expect((await node.exec("kubectl get nodes --no-headers | awk '{print $2}'")).stdout).toBe("NotReady\nNotReady\n")
  expect((await node.exec(`kubectl apply -f ${FLANNEL}`)).output).toBe(CREATED)
  expect((await node.exec(`kubectl apply -f ${FLANNEL}`)).output).toBe(CREATED.replaceAll("created", "unchanged"))
  const rollout = await node.exec("kubectl rollout status -n kube-flannel ds/kube-flannel-ds --timeout=60s | tail -1")
  expect(rollout.output).toBe('daemon set "kube-flannel-ds" successfully rolled out\n')
  expect((await node.exec("kubectl wait --for=condition=Ready node --all --timeout=60s")).output).toBe(
    "node/control-plane condition met\nnode/worker-1 condition met\n",
  )
  expect((await node.exec("ip route show dev flannel.1")).output).toBe("10.244.1.0/24 via 10.244.1.0 onlink \n")
})

/** Sums of the files at the tag: the repository's own, and what the real kubectl kustomize makes of Documentation/kustomization there. */
test.each([
  [FLANNEL, "2242ee218f3c3e724e4efe5f31826a3e38cfdabf334de41aee2b12b48fd4818d"],
  [`${RELEASE}/download/v0.27.4/kube-flannel.yml`, "f17c57f82ffef1d53dbf558ac30755241980563044622778a15df339e4346c57"],
])("%s is the real one, byte for byte", async (url, sum) => {
  expect((await run(`curl -sL ${url} | sha256sum`)).stdout).toBe(`${sum}  -\n`)
})

test("the release's own file has its objects in another order", async () => {
  const { stdout } = await run(`kubectl apply -f ${RELEASE}/latest/download/kube-flannel.yml --dry-run=client`)
  expect(stdout.split("\n").map((line) => line.split("/")[0])).toEqual([
    "namespace",
    "serviceaccount",
    "clusterrole.rbac.authorization.k8s.io",
    "clusterrolebinding.rbac.authorization.k8s.io",
    "configmap",
    "daemonset.apps",
    "",
  ])
})
