/** The agent's DaemonSet. Models templates/cilium-agent/daemonset.yaml. */
import type { Manifest } from "../../../kube/api/types.ts"
import { configEnv, DIRECTORY, hostVolume, NODE_ENV, onNodeOf, PART_OF, probeOf, security } from "./objects.ts"
import { IMAGES, NAMESPACE, reference } from "./release.ts"
import type { Values } from "./values.ts"

const LABELS = { "k8s-app": "cilium" }
const ALL_LABELS = { ...LABELS, "app.kubernetes.io/name": "cilium-agent", ...PART_OF }
const IMAGE = reference(IMAGES.agent)
const CONTAINER = { image: IMAGE, imagePullPolicy: "IfNotPresent" }
const TERMINATION = { terminationMessagePolicy: "FallbackToLogsOnError" }

/** What the AWS plugin leaves behind is taken away before the agent's own rules come. */
const POST_START = `set -o errexit
set -o pipefail
set -o nounset

if [[ "$(iptables-save | grep -E -c 'AWS-SNAT-CHAIN|AWS-CONNMARK-CHAIN')" != "0" ]];
then
    echo 'Deleting iptables rules created by the AWS CNI VPC plugin'
    iptables-save | grep -E -v 'AWS-SNAT-CHAIN|AWS-CONNMARK-CHAIN' | iptables-restore
fi
echo 'Done!'
`

const mount = (name: string, mountPath: string, more: object = {}): object => ({ mountPath, name, ...more })
const READ_ONLY = { readOnly: true }
const INTO = { mountPropagation: "HostToContainer" }
const SYS = ["SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"]

function agentContainer(values: Values): object {
  const l7 = values.flag("l7Proxy")
  const health = (headers: Readonly<Record<string, string>>, more: object): object => {
    const httpHeaders = Object.entries(headers).map(([name, value]) => ({ name, value }))
    const probe = probeOf(9879, "/healthz", more) as { httpGet: object }
    return { ...probe, httpGet: { ...probe.httpGet, httpHeaders } }
  }
  return {
    name: "cilium-agent",
    ...CONTAINER,
    command: ["cilium-agent"],
    args: ["--config-dir=/tmp/cilium/config-map"],
    startupProbe: health(
      { brief: "true" },
      { failureThreshold: 300, periodSeconds: 2, successThreshold: 1, initialDelaySeconds: 5 },
    ),
    livenessProbe: health(
      { brief: "true", "require-k8s-connectivity": "false" },
      { periodSeconds: 30, successThreshold: 1, failureThreshold: 10, timeoutSeconds: 5 },
    ),
    readinessProbe: health(
      { brief: "true" },
      { periodSeconds: 30, successThreshold: 1, failureThreshold: 3, timeoutSeconds: 5 },
    ),
    env: [
      ...NODE_ENV,
      { name: "CILIUM_CLUSTERMESH_CONFIG", value: "/var/lib/cilium/clustermesh/" },
      { name: "GOMEMLIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1" } } },
      { name: "KUBE_CLIENT_BACKOFF_BASE", value: "1" },
      { name: "KUBE_CLIENT_BACKOFF_DURATION", value: "120" },
    ],
    lifecycle: {
      postStart: { exec: { command: ["bash", "-c", POST_START] } },
      preStop: { exec: { command: ["/cni-uninstall.sh"] } },
    },
    securityContext: security(
      "CHOWN KILL NET_ADMIN NET_RAW IPC_LOCK SYS_MODULE SYS_ADMIN SYS_RESOURCE DAC_OVERRIDE FOWNER SETGID SETUID".split(
        " ",
      ),
    ),
    ...TERMINATION,
    volumeMounts: [
      ...(l7 ? [mount("envoy-sockets", "/var/run/cilium/envoy/sockets", { readOnly: false })] : []),
      mount("host-proc-sys-net", "/host/proc/sys/net"),
      mount("host-proc-sys-kernel", "/host/proc/sys/kernel"),
      mount("bpf-maps", "/sys/fs/bpf", INTO),
      mount("cilium-run", "/var/run/cilium"),
      mount("cilium-netns", "/var/run/cilium/netns", INTO),
      mount("etc-cni-netd", "/host/etc/cni/net.d"),
      mount("clustermesh-secrets", "/var/lib/cilium/clustermesh", READ_ONLY),
      mount("lib-modules", "/lib/modules", READ_ONLY),
      mount("xtables-lock", "/run/xtables.lock"),
      ...(hasTls(values) ? [mount("hubble-tls", "/var/lib/cilium/tls/hubble", READ_ONLY)] : []),
      mount("tmp", "/tmp"),
    ],
  }
}

const hasTls = (values: Values): boolean => values.flag("hubble.enabled") && values.flag("hubble.tls.enabled")

/** Runs a helper of the image in the host's own namespaces. */
const onHost = (
  name: string,
  program: string,
  env: readonly object[],
  argument: string,
  namespaces: string,
): object => ({
  name,
  ...CONTAINER,
  env: [...env, { name: "BIN_PATH", value: "/opt/cni/bin" }],
  command: [
    "sh",
    "-ec",
    `cp /usr/bin/${program} /hostbin/${program};\nnsenter ${namespaces} "\${BIN_PATH}/${program}"${argument};\nrm /hostbin/${program}\n`,
  ],
  volumeMounts: [mount("hostproc", "/hostproc"), mount("cni-path", "/hostbin")],
  ...TERMINATION,
  securityContext: security(SYS),
})

const MOUNT_NS = "--mount=/hostproc/1/ns/mnt"

function initContainers(): object[] {
  return [
    {
      name: "config",
      ...CONTAINER,
      command: ["cilium-dbg", "build-config"],
      env: NODE_ENV,
      volumeMounts: [mount("tmp", "/tmp")],
      ...TERMINATION,
    },
    onHost(
      "mount-cgroup",
      "cilium-mount",
      [{ name: "CGROUP_ROOT", value: "/run/cilium/cgroupv2" }],
      " $CGROUP_ROOT",
      `--cgroup=/hostproc/1/ns/cgroup ${MOUNT_NS}`,
    ),
    onHost("apply-sysctl-overwrites", "cilium-sysctlfix", [], "", MOUNT_NS),
    {
      name: "mount-bpf-fs",
      ...CONTAINER,
      args: ['mount | grep "/sys/fs/bpf type bpf" || mount -t bpf bpf /sys/fs/bpf'],
      command: ["/bin/bash", "-c", "--"],
      ...TERMINATION,
      securityContext: { privileged: true },
      volumeMounts: [mount("bpf-maps", "/sys/fs/bpf", { mountPropagation: "Bidirectional" })],
    },
    {
      name: "clean-cilium-state",
      ...CONTAINER,
      command: ["/init-container.sh"],
      env: [
        configEnv("CILIUM_ALL_STATE", "clean-cilium-state"),
        configEnv("CILIUM_BPF_STATE", "clean-cilium-bpf-state"),
        configEnv("WRITE_CNI_CONF_WHEN_READY", "write-cni-conf-when-ready"),
      ],
      ...TERMINATION,
      securityContext: security(["NET_ADMIN", "SYS_MODULE", "SYS_ADMIN", "SYS_RESOURCE"]),
      volumeMounts: [
        mount("bpf-maps", "/sys/fs/bpf"),
        mount("cilium-cgroup", "/run/cilium/cgroupv2", INTO),
        mount("cilium-run", "/var/run/cilium"),
      ],
    },
    {
      name: "install-cni-binaries",
      ...CONTAINER,
      command: ["/install-plugin.sh"],
      resources: { requests: { cpu: "100m", memory: "10Mi" } },
      securityContext: security([]),
      ...TERMINATION,
      volumeMounts: [mount("cni-path", "/host/opt/cni/bin")],
    },
  ]
}

/** The parts of a TLS secret under other names. */
const secretSource = (name: string, paths?: Readonly<Record<string, string>>): object => ({
  secret: {
    name,
    optional: true,
    ...(paths === undefined ? {} : { items: Object.entries(paths).map(([key, path]) => ({ key, path })) }),
  },
})

const etcdClient = (name: string, kind: string): object =>
  secretSource(name, {
    "tls.key": `${kind}-etcd-client.key`,
    "tls.crt": `${kind}-etcd-client.crt`,
    "ca.crt": `${kind}-etcd-client-ca.crt`,
  })

function volumes(values: Values): object[] {
  return [
    { name: "tmp", emptyDir: {} },
    hostVolume("cilium-run", "/var/run/cilium", DIRECTORY),
    hostVolume("cilium-netns", "/var/run/netns", DIRECTORY),
    hostVolume("bpf-maps", "/sys/fs/bpf", DIRECTORY),
    hostVolume("hostproc", "/proc", "Directory"),
    hostVolume("cilium-cgroup", "/run/cilium/cgroupv2", DIRECTORY),
    hostVolume("cni-path", "/opt/cni/bin", DIRECTORY),
    hostVolume("etc-cni-netd", "/etc/cni/net.d", DIRECTORY),
    hostVolume("lib-modules", "/lib/modules"),
    hostVolume("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
    ...(values.flag("l7Proxy") ? [hostVolume("envoy-sockets", "/var/run/cilium/envoy/sockets", DIRECTORY)] : []),
    {
      name: "clustermesh-secrets",
      projected: {
        defaultMode: 0o400,
        sources: [
          secretSource("cilium-clustermesh"),
          etcdClient("clustermesh-apiserver-remote-cert", "common"),
          etcdClient("clustermesh-apiserver-local-cert", "local"),
        ],
      },
    },
    hostVolume("host-proc-sys-net", "/proc/sys/net", "Directory"),
    hostVolume("host-proc-sys-kernel", "/proc/sys/kernel", "Directory"),
    ...(hasTls(values)
      ? [
          {
            name: "hubble-tls",
            projected: {
              defaultMode: 0o400,
              sources: [
                secretSource("hubble-server-certs", {
                  "tls.crt": "server.crt",
                  "tls.key": "server.key",
                  "ca.crt": "client-ca.crt",
                }),
              ],
            },
          },
        ]
      : []),
  ]
}

/** @param checksum of cilium-config: in the template with rollOutCiliumPods, so that a change restarts the agents */
export function agentDaemonSet(values: Values, checksum: string): Manifest {
  const annotations = {
    ...(values.flag("rollOutCiliumPods") ? { "cilium.io/cilium-configmap-checksum": checksum } : {}),
    "kubectl.kubernetes.io/default-container": "cilium-agent",
  }
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "cilium", namespace: NAMESPACE, labels: ALL_LABELS },
    spec: {
      selector: { matchLabels: LABELS },
      updateStrategy: { rollingUpdate: { maxUnavailable: 2 }, type: "RollingUpdate" },
      template: {
        metadata: { annotations, labels: ALL_LABELS },
        spec: {
          securityContext: { appArmorProfile: { type: "Unconfined" }, seccompProfile: { type: "Unconfined" } },
          containers: [agentContainer(values)],
          initContainers: initContainers(),
          restartPolicy: "Always",
          priorityClassName: "system-node-critical",
          serviceAccountName: "cilium",
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: 1,
          hostNetwork: true,
          affinity: { podAntiAffinity: onNodeOf(LABELS) },
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          volumes: volumes(values),
        },
      },
    },
  }
}
