/** Every command of the article, in order, typed into one shell: Flannel with its policy, the migration, policy and HTTP rules on Cilium. */
import { expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const heredoc = (file: string, text: string): string => `cat > ${file} <<'EOF'\n${text}EOF`

const PODS = `apiVersion: v1
kind: Pod
metadata:
  name: backend-pod
  labels:
    app: backend
spec:
  containers:
  - name: nginx-container
    image: nginx
    ports:
    - containerPort: 80
---
apiVersion: v1
kind: Pod
metadata:
  name: client-pod
  labels:
    app: client
spec:
  containers:
  - name: busybox-container
    image: busybox:1.28
    command: ['sh', '-c', 'sleep 3600']
`
const DENY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny-ingress
spec:
  podSelector: {}
  policyTypes:
  - Ingress
`
const L7 = `apiVersion: "cilium.io/v2"
kind: CiliumNetworkPolicy
metadata:
  name: "l7-policy-example"
spec:
  endpointSelector:
    matchLabels:
      app: backend
  ingress:
  - fromEndpoints:
    - matchLabels:
        app: client
    toPorts:
    - ports:
      - port: "80"
        protocol: TCP
      rules:
        http:
        - method: "GET"
          path: "/allowed"
`
const READY = "kubectl wait --for=condition=Ready pod --all --timeout=60s"
const BACKEND_IP = "BACKEND_IP=$(kubectl get pod backend-pod -o jsonpath='{.status.podIP}')"
/** The article's lines, the second command of the first one glued to it. */
const CLEAN = `sudo rm -rf /etc/cni/net.d/* sudo ip link delete cni0 2>/dev/null
sudo ip link delete flannel.1 2>/dev/null 
sudo systemctl restart kubelet`
const DOWNLOAD = `CILIUM_CLI_VERSION=$(curl -s https://raw.githubusercontent.com/cilium/cilium-cli/main/stable.txt)
CLI_ARCH=amd64
if [ "$(uname -m)" = "aarch64" ]; then CLI_ARCH=arm64; fi
curl -L --fail --remote-name-all https://github.com/cilium/cilium-cli/releases/download/\${CILIUM_CLI_VERSION}/cilium-linux-\${CLI_ARCH}.tar.gz{,.sha256sum}
sha256sum --check cilium-linux-\${CLI_ARCH}.tar.gz.sha256sum
sudo tar xzvfC cilium-linux-\${CLI_ARCH}.tar.gz /usr/local/bin
rm cilium-linux-\${CLI_ARCH}.tar.gz{,.sha256sum}`
const INSTALL = `cilium install
cilium upgrade \\
  --set routingMode=tunnel \\
  --set kubeProxyReplacement=false \\
  --set bpf.masquerade=false`

const CLEAR_LINE = "\u001b[2K"

/** What a terminal shows in the end: the last of the frames drawn over each other, without colours. */
function onScreen(text: string): string {
  const last = text.lastIndexOf(CLEAR_LINE)
  const frame = last < 0 ? text : text.slice(last + CLEAR_LINE.length)
  return frame.replaceAll("\r", "").replace(/\u001b\[[0-9;]*m/g, "")
}

test("the article, from its first command to its last", async () => {
  const cluster = await createCluster({ preset: "article" })
  let printed = ""
  const decoder = new TextDecoder()
  const terminal = cluster.terminal("k8s-master", {
    onOutput: (_, data) => {
      printed += decoder.decode(data, { stream: true })
    },
  })
  await terminal.settle()
  const type = async (line: string): Promise<string> => {
    printed = ""
    terminal.write(`${line}\n`)
    await terminal.settle()
    return onScreen(printed)
      .replaceAll("root@k8s-master:~# ", "")
      .replace(/^(> )+/gm, "")
  }

  // Flannel: the tables, and a policy without effect.
  expect(await type("ssh k8s-worker-1 ip addr show flannel.1")).toContain("link/ether 26:1f:d2:c5:65:4e")
  expect(await type("ssh k8s-worker-1 ip route")).toContain("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink")
  expect(await type("ssh k8s-worker-1 bridge fdb show dev flannel.1")).toContain("5e:83:73:4b:98:06 dst 192.168.80.105")
  await type(heredoc("pods.yaml", PODS))
  await type(heredoc("deny.yaml", DENY))
  await type(heredoc("l7.yaml", L7))
  expect(await type("kubectl apply -f pods.yaml")).toBe("pod/backend-pod created\npod/client-pod created\n")
  await type(READY)
  await type(BACKEND_IP)
  // busybox:1.28 has no curl: the article's line cannot have worked.
  expect(await type("kubectl exec client-pod -- curl --connect-timeout 2 $BACKEND_IP")).toContain(
    'exec: "curl": executable file not found in $PATH',
  )
  const fetch = "kubectl exec client-pod -- wget -q -O - --timeout=2 $BACKEND_IP"
  expect(await type(fetch)).toContain("Welcome to nginx!")
  expect(await type("kubectl apply -f deny.yaml")).toBe(
    "networkpolicy.networking.k8s.io/default-deny-ingress created\n",
  )
  expect(await type(fetch)).toContain("Welcome to nginx!")

  // From Flannel to Cilium. The master is cleaned like a worker: with its flannel.1 the agent there would not start.
  await type("kubectl delete -f deny.yaml -f pods.yaml")
  await type(
    "kubectl delete -f https://raw.githubusercontent.com/flannel-io/flannel/v0.27.4/Documentation/kube-flannel.yml",
  )
  for (const worker of ["k8s-worker-1", "k8s-worker-2", "k8s-worker-3"]) await type(`ssh ${worker} '${CLEAN}'`)
  await type(CLEAN)
  const download = await type(DOWNLOAD)
  expect(download).toContain("cilium-linux-amd64.tar.gz: OK\ncilium\n")
  expect(await type(INSTALL)).toBe(
    "ℹ️  Using Cilium version 1.18.0\n🔮 Auto-detected cluster name: kubernetes\n🔮 Auto-detected kube-proxy has been installed\n".repeat(
      2,
    ),
  )
  const status = await type("cilium status --wait")
  expect(status).toContain(`    /¯¯\\
 /¯¯\\__/¯¯\\    Cilium:             OK
 \\__/¯¯\\__/    Operator:           OK
 /¯¯\\__/¯¯\\    Envoy DaemonSet:    OK
 \\__/¯¯\\__/    Hubble Relay:       disabled
    \\__/       ClusterMesh:        disabled

DaemonSet              cilium                   Desired: 4, Ready: 4/4, Available: 4/4
`)
  // The article counts 4/4: its pods had been restarted. Here CoreDNS still is as Flannel left it.
  expect(status).toMatch(/^Cluster Pods: {10}\d\/2 managed by Cilium$/m)
  await type("sleep 60")
  expect(await type("cilium status | grep Pods:")).toBe("Cluster Pods:          2/2 managed by Cilium\n")

  // The same policy, and one that reads HTTP.
  await type("kubectl apply -f pods.yaml")
  await type(READY)
  await type(BACKEND_IP)
  expect(await type(fetch)).toContain("Welcome to nginx!")
  await type("kubectl apply -f deny.yaml")
  expect(await type(fetch)).toBe("wget: download timed out\ncommand terminated with exit code 1\n")
  expect(await type("kubectl apply -f l7.yaml")).toBe("ciliumnetworkpolicy.cilium.io/l7-policy-example created\n")
  expect(await type(`kubectl exec -it backend-pod -- /bin/sh -c 'echo "200" > /usr/share/nginx/html/allowed'`)).toBe("")
  const get = "kubectl exec client-pod -- wget -q -O - --timeout=2 http://$BACKEND_IP"
  expect(await type(`${get}/allowed`)).toBe("200\n")
  expect(await type(`${get}/denied`)).toBe(
    "wget: server returned error: HTTP/1.1 403 Forbidden\ncommand terminated with exit code 1\n",
  )
})
