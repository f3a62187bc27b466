/** cilium-cli: its words, its columns, and what an installation on a cluster that had Flannel comes to. */
import { describe, expect, test } from "vitest"
import { ciliumCommand } from "../../../src/cni/cilium/cli/tool.ts"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"
import { tabwriter } from "../../../src/shell/tabwriter.ts"

/** The escapes that the real program prints. */
const COLORS = /\u001b\[\d*m/g
const plain = (text: string): string => text.replace(COLORS, "")

const on = async (cluster: Cluster, line: string, node?: string): Promise<string> =>
  (await cluster.exec(node ?? cluster.nodes[0]?.name ?? "", line)).output

/** A cluster with the program, and whatever network. */
async function lab(options: Parameters<typeof createCluster>[0]): Promise<Cluster> {
  const cluster = await createCluster(options)
  cluster.nodes[0]?.kernel.root.install("/usr/local/bin/cilium", ciliumCommand(cluster.server))
  return cluster
}

/** Flannel's objects and, on all nodes but those in `leave`, what it left. */
async function removeFlannel(cluster: Cluster, leave: readonly string[] = []): Promise<void> {
  await on(cluster, "kubectl delete namespace kube-flannel")
  for (const { name } of cluster.nodes)
    if (!leave.includes(name)) await on(cluster, "ip link delete flannel.1; rm -rf /etc/cni/net.d/*", name)
}

describe("columns", () => {
  test("as text/tabwriter makes them: a column ends where lines have no cell in it", () => {
    expect(tabwriter("a\tb\tc\nlonger\tx\ty\nalone\nz\tw\n", 4)).toBe(
      "a         b    c\nlonger    x    y\nalone\nz    w\n",
    )
  })

  test("empty cells have the padding; the last cell has none", () => {
    expect(tabwriter("a\t\tb\nc\t\t\n", 2)).toBe("a    b\nc    \n")
  })
})

describe("a cluster without Cilium", () => {
  test("status: what is not there", async () => {
    const cluster = await lab({ nodes: 2, cni: "none" })
    await cluster.advance("5s")
    const { stdout, stderr, code } = await cluster.exec("control-plane", "cilium status")
    expect(plain(stdout)).toBe(`    /¯¯\\
 /¯¯\\__/¯¯\\    Cilium:             1 errors
 \\__/¯¯\\__/    Operator:           disabled
 /¯¯\\__/¯¯\\    Envoy DaemonSet:    disabled (using embedded mode)
 \\__/¯¯\\__/    Hubble Relay:       disabled
    \\__/       ClusterMesh:        disabled

Containers:            cilium                   
                       cilium-operator          
                       clustermesh-apiserver    
                       hubble-relay             
Cluster Pods:          0/2 managed by Cilium
Helm chart version:    
Errors:                cilium    cilium    daemonsets.apps "cilium" not found
`)
    expect(stderr).toBe(
      'status check failed: [daemonsets.apps "cilium" not found, unable to retrieve ConfigMap "cilium-config": configmaps "cilium-config" not found]\n',
    )
    expect(code).toBe(1)
  })

  test("its kinds are unknown until the operator runs", async () => {
    const cluster = await lab({ nodes: 2, cni: "none" })
    expect(await on(cluster, "kubectl get cnp")).toBe(`error: the server doesn't have a resource type "cnp"\n`)
    await on(cluster, "cilium install")
    await cluster.advance("30s")
    expect(await on(cluster, "kubectl get cnp")).toBe("No resources found in default namespace.\n")
  })

  test("nothing to upgrade, to uninstall, to enable", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    expect(await on(cluster, "cilium upgrade")).toContain(
      '\nError: Unable to upgrade Cilium: "cilium" has no deployed releases\n',
    )
    expect(await on(cluster, "cilium uninstall")).toContain(
      "\nError: Unable to uninstall Cilium:  uninstall: Release not loaded: cilium: release: not found\n",
    )
    expect(await on(cluster, "cilium hubble enable")).toBe("\nError: Unable to enable Hubble: release: not found\n")
  })
})

describe("install", () => {
  test("says what it found; a second time the name is taken", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    const said =
      "ℹ️  Using Cilium version 1.18.0\n🔮 Auto-detected cluster name: kubernetes\n🔮 Auto-detected kube-proxy has been installed\n"
    expect(await on(cluster, "cilium install")).toBe(said)
    expect(await on(cluster, "cilium install")).toBe(
      `${said}\nError: Unable to install Cilium: cannot re-use a name that is still in use\n`,
    )
    const config = "kubectl get cm -n kube-system cilium-config -o jsonpath='{.data.cluster-name}'"
    expect(await on(cluster, config)).toBe("kubernetes")
    expect(await on(cluster, "kubectl get secret -n kube-system -l owner=helm --no-headers")).toMatch(
      /^sh\.helm\.release\.v1\.cilium\.v1 +helm\.sh\/release\.v1 +1 /,
    )
  })

  test("a dry run prints objects or values and changes nothing", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    expect(await on(cluster, "cilium install --dry-run-helm-values --set debug.enabled=false")).toBe(
      "cluster:\n  name: kubernetes\ndebug:\n  enabled: false\noperator:\n  replicas: 1\nroutingMode: tunnel\ntunnelProtocol: vxlan\n\n",
    )
    expect(await on(cluster, "cilium install --dry-run | grep -c '^kind:'")).toBe("23\n")
    expect(await on(cluster, "kubectl get ds -n kube-system cilium")).toContain("not found")
  })

  test("what is there and is not Helm's stops it", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    const metadata = { name: "cilium", namespace: "kube-system" }
    await cluster.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata })
    expect(await on(cluster, "cilium install")).toContain(
      'Error: Unable to install Cilium: Unable to continue with install: ServiceAccount "cilium" in namespace "kube-system" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"; annotation validation error: missing key "meta.helm.sh/release-name": must be set to "cilium"; annotation validation error: missing key "meta.helm.sh/release-namespace": must be set to "kube-system"\n',
    )
    expect(await on(cluster, "kubectl get ds -n kube-system cilium")).toContain("not found")
  })

  test.each([
    ["cilium install --version 1.17.6", "podwire has Cilium 1.18.0 alone: version 1.17.6 is not there"],
    [
      "cilium install --set encryption.enabled=true",
      "podwire does not support encryption.enabled=true; possible: false",
    ],
    ["cilium install --set cni.exclusive", 'failed parsing --set data: key "exclusive" has no value'],
    ["cilium install --datapath-mode native", "podwire does not support datapath mode native"],
  ])("%s is refused", async (line, message) => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    const { stderr, code } = await cluster.exec("control-plane", line)
    expect(stderr).toBe(`\nError: Unable to install Cilium: ${message}\n`)
    expect(code).toBe(1)
  })
})

describe("after an installation", () => {
  const made = (): Promise<Cluster> => createCluster({ nodes: 2, cni: cilium() })

  test("status, word for word", async () => {
    const cluster = await made()
    expect(plain(await on(cluster, "cilium status"))).toBe(`    /¯¯\\
 /¯¯\\__/¯¯\\    Cilium:             OK
 \\__/¯¯\\__/    Operator:           OK
 /¯¯\\__/¯¯\\    Envoy DaemonSet:    OK
 \\__/¯¯\\__/    Hubble Relay:       disabled
    \\__/       ClusterMesh:        disabled

DaemonSet              cilium                   Desired: 2, Ready: 2/2, Available: 2/2
DaemonSet              cilium-envoy             Desired: 2, Ready: 2/2, Available: 2/2
Deployment             cilium-operator          Desired: 1, Ready: 1/1, Available: 1/1
Containers:            cilium                   Running: 2
                       cilium-envoy             Running: 2
                       cilium-operator          Running: 1
                       clustermesh-apiserver    
                       hubble-relay             
Cluster Pods:          2/2 managed by Cilium
Helm chart version:    1.18.0
Image versions         cilium             quay.io/cilium/cilium:v1.18.0@sha256:dfea023972d06ec183cfa3c9e7809716f85daaff042e573ef366e9ec6a0c0ab2: 2
                       cilium-envoy       quay.io/cilium/cilium-envoy:v1.34.4-1753677767-266d5a01d1d55bd1d60148f991b98dac0390d363@sha256:231b5bd9682dfc648ae97f33dcdc5225c5a526194dda08124f5eded833bf02bf: 2
                       cilium-operator    quay.io/cilium/operator-generic:v1.18.0@sha256:398378b4507b6e9db22be2f4455d8f8e509b189470061b0f813f0fabaf944f51: 1
`)
  })

  test("the escapes are there, piped or not", async () => {
    const cluster = await made()
    expect((await on(cluster, "cilium status | head -1")).trimEnd()).toBe("\u001b[33m    /¯¯\\")
    expect(await on(cluster, "cilium status | sed -n 2p")).toContain(
      "\u001b[36m /¯¯\u001b[33m\\__/\u001b[32m¯¯\\\u001b[0m    Cilium:             \u001b[32mOK\u001b[0m",
    )
  })

  test("upgrade changes what its values change, and no agent restarts", async () => {
    const cluster = await made()
    const pods =
      "kubectl get pods -n kube-system -l app.kubernetes.io/part-of=cilium --no-headers | awk '{ print $1, $4 }'"
    const before = await on(cluster, pods)
    await on(cluster, "cilium upgrade --set bpf.masquerade=false --set policyEnforcementMode=always")
    await cluster.settle()
    expect(await on(cluster, pods)).toBe(before)
    const key = (name: string): Promise<string> =>
      on(cluster, `kubectl get cm -n kube-system cilium-config -o jsonpath='{.data.${name}}'`)
    expect(await key("enable-bpf-masquerade")).toBe("false")
    expect(await key("enable-policy")).toBe("always")
    expect(await key("cluster-name")).toBe("kubernetes")
    const labels =
      "kubectl get secret -n kube-system -l owner=helm -L status,version --no-headers | awk '{ print $5, $6 }'"
    expect(await on(cluster, labels)).toBe("superseded 1\ndeployed 2\n")
    await on(
      cluster,
      "kubectl rollout restart -n kube-system ds/cilium && kubectl rollout status -n kube-system ds/cilium",
    )
    expect(await on(cluster, pods)).not.toBe(before)
  })

  test("hubble enable says nothing and brings the relay", async () => {
    const cluster = await made()
    expect(await on(cluster, "cilium hubble enable")).toBe("")
    await on(cluster, "cilium status --wait")
    const status = plain(await on(cluster, "cilium status"))
    expect(status).toContain("Hubble Relay:       OK")
    expect(status).toContain("Deployment             hubble-relay             Desired: 1, Ready: 1/1, Available: 1/1")
    expect(status).toContain("Cluster Pods:          3/3 managed by Cilium")
    expect(await on(cluster, "cilium hubble enable --ui")).toContain("podwire does not support hubble.ui.enabled=true")
  })

  test("uninstall takes the objects; kinds, devices and configuration stay", async () => {
    const cluster = await made()
    expect(await on(cluster, "cilium uninstall")).toBe(
      "🔥 Deleting pods in cilium-test namespace...\n🔥 Deleting cilium-test namespace...\n⌛ Uninstalling Cilium\n🔥 Deleting pods in cilium-test namespace...\n🔥 Deleting cilium-test namespace...\n🔥 Cleaning up Cilium node annotations...\n",
    )
    await cluster.advance("30s")
    expect(
      await on(
        cluster,
        "kubectl get all,cm,secret -n kube-system -o name | grep -e cilium -e hubble; ls /etc/cni/net.d",
      ),
    ).toBe("05-cilium.conflist\n")
    expect(await on(cluster, "ip -br link | awk '{ print $1 }' | grep -c cilium_")).toBe("3\n")
    expect(await on(cluster, "kubectl get crd -o name | grep -c cilium.io")).not.toBe("0\n")
  })

  test("config view, set and delete", async () => {
    const cluster = await made()
    expect(await on(cluster, "cilium config view | head -2")).toMatch(
      /^agent-not-ready-taint-key +node\.cilium\.io\/agent-not-ready\nauto-direct-node-routes +false\n$/,
    )
    expect(await on(cluster, "cilium config set enable-policy never --restart=false")).toBe(
      "✨ Patching ConfigMap cilium-config with enable-policy=never...\n⚠️  Restart Cilium pods for configmap changes to take effect\n",
    )
    expect(await on(cluster, "cilium config delete enable-policy")).toBe(
      "✨ Removing key enable-policy from ConfigMap cilium-config...\n♻️  Restarted Cilium pods\n",
    )
  })

  test("version", async () => {
    const cluster = await made()
    expect(await on(cluster, "cilium version")).toBe(
      "cilium-cli: v0.18.6 compiled with go1.24.5 on linux/amd64\ncilium image (default): v1.18.0\ncilium image (stable): v1.18.2\ncilium image (running): 1.18.0\n",
    )
  })
})

describe("migration from Flannel", () => {
  const old = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "old" },
    spec: { nodeName: "worker-1", containers: [{ name: "c", image: "nginx" }] },
  }

  test("the DNS is restarted one a round, pods that run stay unmanaged until they are made anew", async () => {
    const cluster = await lab({ nodes: 2 })
    await cluster.apply(old)
    await cluster.pod("old").ready()
    const before = cluster.pod("old").ip
    await removeFlannel(cluster)
    await on(cluster, "cilium install && cilium status --wait")
    const managed = async (): Promise<string | undefined> =>
      /Cluster Pods: +(\S+) managed/.exec(plain(await on(cluster, "cilium status")))?.[1]
    const seen = [await managed()]
    for (let i = 0; i < 16; i++) {
      await cluster.advance("5s")
      const now = await managed()
      if (now !== seen.at(-1)) seen.push(now)
    }
    // While the old one still ends, there is one more.
    expect(seen).toEqual(["0/3", "1/4", "1/3", "2/4", "2/3"])
    expect(await on(cluster, "kubectl logs -n kube-system deploy/cilium-operator")).toContain(
      "Restarting unmanaged pod",
    )
    expect(cluster.pod("old").ip).toBe(before)
    expect(before).toMatch(/^10\.244\./)
    await on(cluster, "kubectl delete pod old --now")
    await cluster.apply(old)
    await cluster.pod("old").ready()
    expect(cluster.pod("old").ip).toMatch(/^10\.0\./)
    expect(await managed()).toBe("3/3")
  })

  test("Flannel's configuration is renamed, and again when it comes back", async () => {
    const cluster = await lab({ nodes: 2 })
    await on(cluster, "kubectl delete namespace kube-flannel")
    for (const { name } of cluster.nodes) await on(cluster, "ip link delete flannel.1", name)
    await on(cluster, "cilium install && cilium status --wait")
    const files = "ls /etc/cni/net.d"
    expect(await on(cluster, files)).toBe("05-cilium.conflist\n10-flannel.conflist.cilium_bak\n")
    await on(cluster, "cp /etc/cni/net.d/10-flannel.conflist.cilium_bak /etc/cni/net.d/10-flannel.conflist")
    expect(await on(cluster, files)).toBe("05-cilium.conflist\n10-flannel.conflist.cilium_bak\n")
  })

  test("a flannel.1 that was left holds the port: the agent there crashes until it is deleted", async () => {
    const cluster = await lab({ nodes: 2 })
    await removeFlannel(cluster, ["worker-1"])
    await on(cluster, "cilium install")
    await cluster.advance("60s")
    const status = plain(await on(cluster, "cilium status"))
    expect(status).toMatch(/Cilium: +2 errors/)
    expect(status).toContain("1 pods of DaemonSet cilium are not ready")
    expect(status).toContain("container cilium-agent is in CrashLoopBackOff, exited with code 1: ")
    expect(status).toMatch(/level=fatal .*setting up device cilium_vxlan: address already in use/)
    const waiting = await cluster.exec("control-plane", "cilium status --wait")
    expect(waiting.code).toBe(1)
    expect(waiting.stderr).toContain(
      "\nError: Unable to determine status:  wait canceled, cilium agent container has crashed or was terminated: context canceled\n",
    )
    await on(cluster, "ip link delete flannel.1", "worker-1")
    await cluster.advance("180s")
    expect(plain(await on(cluster, "cilium status"))).toMatch(/Cilium: +OK/)
  })
})

describe("help", () => {
  test("the root", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    const help = await on(cluster, "cilium")
    expect(await on(cluster, "cilium --help")).toBe(help)
    expect(help).toContain(`
Usage:
  cilium [flags]
  cilium [command]

Available Commands:
  bgp          Access to BGP control plane
  clustermesh  Multi Cluster Management
  completion   Generate the autocompletion script for the specified shell
`)
    expect(help).toContain(`
  -n, --namespace string           Namespace Cilium is running in (default "kube-system")

Use "cilium [command] --help" for more information about a command.
`)
  })

  test("a command", async () => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    expect(await on(cluster, "cilium status --help")).toContain(`Display status

Usage:
  cilium status [flags]

Flags:
  -h, --help                     help for status
      --ignore-warnings          Ignore warnings when waiting for status to report success
      --interactive              Refresh the status summary output after each retry when --wait flag is specified (default true)
  -o, --output string            Output format. One of: json, summary (default "summary")
`)
  })

  test.each([
    ["cilium instal", 'unknown command "instal" for "cilium"\n\nDid you mean this?\n\tinstall\n\n'],
    ["cilium frobnicate", 'unknown command "frobnicate" for "cilium"\n'],
    ["cilium install --frob", "unknown flag: --frob\n"],
    ["cilium connectivity test", 'podwire\'s cilium has no command "connectivity"\n'],
    ["cilium install --chart-directory x", "podwire does not support the flag --chart-directory\n"],
    ["cilium -n other status", "podwire has Cilium in kube-system alone, not in other\n"],
  ])("%s", async (line, message) => {
    const cluster = await lab({ nodes: 1, cni: "none" })
    const { stderr, code } = await cluster.exec("control-plane", line)
    expect(stderr).toBe(message)
    expect(code).toBe(1)
  })
})
