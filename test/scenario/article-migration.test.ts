/** The article's way from Flannel to Cilium up to the CLI: its commands typed in order into one shell, on the master and on the workers. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, createCluster, type Terminal } from "../../src/index.ts"

const DELETE =
  "kubectl delete -f https://raw.githubusercontent.com/flannel-io/flannel/v0.27.4/Documentation/kube-flannel.yml"
/** As the article prints it: two commands in one line, of which only the first is one. */
const CLEAN = `sudo rm -rf /etc/cni/net.d/* sudo ip link delete cni0 2>/dev/null
sudo ip link delete flannel.1 2>/dev/null 
sudo systemctl restart kubelet`
const WORKERS = ["k8s-worker-1", "k8s-worker-2", "k8s-worker-3"]

let cluster: Cluster
let terminal: Terminal
let printed = ""

/** Types a command and returns what it printed before the next prompt. */
async function type(line: string): Promise<string> {
  printed = ""
  terminal.write(`${line}\n`)
  await terminal.settle()
  return printed.replaceAll("root@k8s-master:~# ", "").replace(/^(> )+/gm, "")
}

beforeAll(async () => {
  cluster = await createCluster({ preset: "article" })
  await cluster.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "before" },
    spec: { nodeName: "k8s-worker-1", containers: [{ name: "c", image: "nginx" }] },
  })
  await cluster.pod("before").ready()
  const decoder = new TextDecoder()
  terminal = cluster.terminal("k8s-master", {
    onOutput: (_, data) => (printed += decoder.decode(data, { stream: true })),
  })
  await terminal.settle()
})

describe("Flannel is removed", () => {
  test("from the API: a line an object, in the file's order", async () => {
    expect(await type(DELETE)).toBe(`namespace "kube-flannel" deleted
clusterrole.rbac.authorization.k8s.io "flannel" deleted
clusterrolebinding.rbac.authorization.k8s.io "flannel" deleted
serviceaccount "flannel" deleted
configmap "kube-flannel-cfg" deleted
daemonset.apps "kube-flannel-ds" deleted
`)
    expect(await type("kubectl get pods -n kube-flannel")).toBe("No resources found in kube-flannel namespace.\n")
  })

  test("which takes nothing from the nodes", async () => {
    for (const node of WORKERS) {
      expect(await type(`ssh ${node} ls /etc/cni/net.d /run/flannel`)).toMatch(
        /10-flannel\.conflist\n[\s\S]*subnet\.env\n/,
      )
      expect(await type(`ssh ${node} ip -br link show flannel.1`)).toMatch(/^flannel\.1 /)
      expect(await type(`ssh ${node} "ip route show dev flannel.1 | wc -l"`)).toBe("3\n")
      expect(await type(`ssh ${node} "iptables-save | grep -c 'j FLANNEL'"`)).toBe("2\n")
    }
    expect(await type("curl -s -o /dev/null -w '%{http_code}\\n' http://10.244.1.2/")).toBe("200\n")
  })

  test("from the nodes: the glued line removes the configuration, and cni0 stays", async () => {
    for (const node of WORKERS) expect(await type(`ssh ${node} '${CLEAN}'`)).toBe("")
    expect(await type(CLEAN)).toBe("")
    expect(await type("ssh k8s-worker-1 ls -A /etc/cni/net.d")).toBe("")
    expect(await type("ssh k8s-worker-1 ip -br link show cni0")).toMatch(/^cni0 +UP/)
    expect(await type("ssh k8s-worker-1 ip -br link show flannel.1")).toBe('Device "flannel.1" does not exist.\n')
    expect(await type("ssh k8s-worker-1 ls /run/flannel /var/lib/cni/networks/cbr0")).toMatch(
      /^\/run\/flannel:\nsubnet\.env\n\n\/var\/lib\/cni\/networks\/cbr0:\n10\.244\.1\.2\nlast_reserved_ip\.0\nlock\n$/,
    )
    expect(await type("ssh k8s-worker-1 systemctl is-active kubelet")).toBe("active\n")
  })

  test("and every node says what it lacks, while the pods that run go on", async () => {
    await type("sleep 20")
    expect(await type("kubectl get nodes --no-headers | awk '{ print $2 }' | sort | uniq -c")).toBe(
      "      4 NotReady\n",
    )
    const message = "{.status.conditions[?(@.type=='Ready')].message}"
    expect(await type(`kubectl get node k8s-worker-1 -o jsonpath="${message}"`)).toBe(
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    )
    expect(await type("kubectl get pod before --no-headers | awk '{ print $3 }'")).toBe("Running\n")
    expect(await type("ssh k8s-worker-1 curl -s -o /dev/null -w '%{http_code}' http://10.244.1.2/")).toBe("200")
  })
})

/** The article's block, as it stands there. */
const DOWNLOAD: readonly string[] = [
  "CILIUM_CLI_VERSION=$(curl -s https://raw.githubusercontent.com/cilium/cilium-cli/main/stable.txt)",
  "CLI_ARCH=amd64",
  'if [ "$(uname -m)" = "aarch64" ]; then CLI_ARCH=arm64; fi',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  "curl -L --fail --remote-name-all https://github.com/cilium/cilium-cli/releases/download/${CILIUM_CLI_VERSION}/cilium-linux-${CLI_ARCH}.tar.gz{,.sha256sum}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  "sha256sum --check cilium-linux-${CLI_ARCH}.tar.gz.sha256sum",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  "sudo tar xzvfC cilium-linux-${CLI_ARCH}.tar.gz /usr/local/bin",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  "rm cilium-linux-${CLI_ARCH}.tar.gz{,.sha256sum}",
]
const HEADING = `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
`

describe("the CLI is installed", () => {
  test("by the article's block, line by line", async () => {
    expect(await type("which cilium || echo none")).toBe("none\n")
    const outputs: string[] = []
    for (const line of DOWNLOAD) outputs.push(await type(line))
    const [version, arch, condition, download = "", check, unpacked, removed] = outputs
    expect([version, arch, condition, removed]).toEqual(["", "", "", ""])
    // Both files were sent on by a redirect: a meter each, of two transfers.
    expect(download.split(HEADING).length).toBe(3)
    expect(download.match(/\r100 [ \d]{4}\d {2}100 [ \d]{4}\d {2} {2}0 {5}0 .*\n/g)?.length).toBe(2)
    expect(check).toBe("cilium-linux-amd64.tar.gz: OK\n")
    expect(unpacked).toBe("cilium\n")
    expect(await type("ls")).toBe("")
  })

  test("and runs", async () => {
    expect(await type("which cilium")).toBe("/usr/local/bin/cilium\n")
    expect(await type("cilium version --client | head -1")).toMatch(/^cilium-cli: v0\.18\.6 compiled with go/)
  })

  test("the archive for another architecture unpacks, and does not run", async () => {
    const url = "https://github.com/cilium/cilium-cli/releases/download/v0.18.6/cilium-linux-arm64.tar.gz"
    expect(await type(`cd /tmp; curl -sL ${url} | tar xz; ./cilium; echo $?; rm cilium; cd`)).toBe(
      "bash: ./cilium: cannot execute binary file: Exec format error\n126\n",
    )
  })
})
