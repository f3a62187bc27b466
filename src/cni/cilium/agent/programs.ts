/** Small programs of the agent's image: what its init containers run. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import type { Vfs } from "../../../linux/task/vfs.ts"
import { defineTool } from "../../../shell/tool.ts"

/** Copies a file; an executable stays one. */
function copy(from: Vfs, source: string, to: Vfs, target: string): boolean {
  const tool = from.toolAt(source)
  const data = from.readFile(source)
  if (typeof data === "string") return false
  if (tool !== undefined) to.install(target, tool)
  else if (to.writeFile(target, data) !== undefined) return false
  return true
}

/** `cp FROM TO`: all that the scripts of the chart ask of it. */
export const cp: Tool = defineTool("cp", async (proc) => {
  const [from = "", to = ""] = proc.argv
    .slice(1)
    .filter((word) => !word.startsWith("-"))
    .map((word) => proc.path(word))
  if (copy(proc.fs, from, proc.fs, to)) return 0
  await proc.err(`cp: cannot stat '${from}': No such file or directory\n`)
  return 1
})

/** Runs a program of the host, in the host's file system. Models nsenter(1) for mount and cgroup namespaces. */
export const nsenter: Tool = defineTool("nsenter", async (proc) => {
  const words = proc.argv.slice(1)
  const first = words.findIndex((word) => !word.startsWith("--"))
  const refused = words.slice(0, Math.max(first, 0)).find((word) => !/^--(mount|cgroup)=\/hostproc\/1\/ns\//.test(word))
  if (refused !== undefined || first < 0) {
    await proc.err(`nsenter: podwire does not support ${refused ?? "a call without a program"}\n`)
    return 1
  }
  const [program = "", ...rest] = words.slice(first)
  const { root } = proc.kernel
  const tool = root.toolAt(program)
  if (tool === undefined) {
    await proc.err(`nsenter: failed to execute ${program}: No such file or directory\n`)
    return 127
  }
  const child = proc.spawn([program, ...rest], { tool, fs: root, cwd: "/" })
  return typeof child === "string" ? 126 : (await proc.wait(child)).code
})

/** What is mounted on a machine beyond its root. */
const mounts = new WeakMap<Kernel, Map<string, { source: string; type: string }>>()

function mountsOf(kernel: Kernel): Map<string, { source: string; type: string }> {
  let known = mounts.get(kernel)
  if (known === undefined) mounts.set(kernel, (known = new Map()))
  return known
}

/** `mount`, and `mount -t TYPE SOURCE TARGET`: a folder, noted as mounted. */
export const mount: Tool = defineTool("mount", async (proc) => {
  const known = mountsOf(proc.kernel)
  const [flag, type = "", source = "", target = ""] = proc.argv.slice(1)
  if (flag === undefined) {
    for (const [path, entry] of known) await proc.out(`${entry.source} on ${path} type ${entry.type} (rw,relatime)\n`)
    return 0
  }
  if (flag !== "-t" || target === "") {
    await proc.err(`mount: podwire does not support ${proc.argv.slice(1).join(" ")}\n`)
    return 1
  }
  proc.fs.mkdir(target, { recursive: true })
  known.set(target, { source, type })
  return 0
})

/** Mounts cgroup2 where the agent wants it. */
export const ciliumMount: Tool = defineTool("cilium-mount", async (proc) => {
  const target = proc.argv[1] ?? "/run/cilium/cgroupv2"
  proc.fs.mkdir(target, { recursive: true })
  mountsOf(proc.kernel).set(target, { source: "none", type: "cgroup2" })
  return 0
})

const SYSCTL_FILE = "/etc/sysctl.d/99-zzz-override_cilium.conf"

/** Keeps systemd from turning rp_filter on for pods' devices. Models tools/sysctlfix. */
export const sysctlfix: Tool = defineTool("cilium-sysctlfix", async (proc) => {
  proc.fs.mkdir("/etc/sysctl.d", { recursive: true })
  proc.fs.writeFile(
    SYSCTL_FILE,
    "# Disable rp_filter on Cilium interfaces since it may cause mangled packets to be dropped\n-net.ipv4.conf.lxc*.rp_filter = 0\n-net.ipv4.conf.cilium_*.rp_filter = 0\n# The kernel uses max(conf.all, conf.{dev}) as its value, so we need to set .all. to 0 as well.\n# Otherwise it will overrule the device specific settings.\nnet.ipv4.conf.all.rp_filter = 0\n",
  )
  await proc.err(`systemd-sysctl.service: ${SYSCTL_FILE} created\n`)
  return 0
})

/** Puts the plugin into /opt/cni/bin of the node. Models plugins/cilium-cni/install-plugin.sh. */
export const installPlugin: Tool = defineTool("install-plugin.sh", async (proc) => {
  const folder = "/host/opt/cni/bin"
  proc.fs.mkdir(folder, { recursive: true })
  if (!proc.fs.exists(`${folder}/loopback`)) await place(proc, "/cni/loopback", `${folder}/loopback`)
  return (await place(proc, "/opt/cni/bin/cilium-cni", `${folder}/cilium-cni`)) ? 0 : 1
})

async function place(proc: Process, from: string, to: string): Promise<boolean> {
  await proc.out(`Installing ${to.slice(to.lastIndexOf("/") + 1)} to ${to} ...\n`)
  if (!copy(proc.fs, from, proc.fs, to)) return false
  await proc.out(`Wrote ${to}\n`)
  return true
}

/** Takes old state away when the configuration asks for it. Models images/cilium/init-container.sh. */
export const initContainer: Tool = defineTool("init-container.sh", async (proc) => {
  const wanted = [
    ["CILIUM_BPF_STATE", "--bpf-state"],
    ["CILIUM_ALL_STATE", "--all-state"],
  ].filter(([name = ""]) => proc.env.get(name) === "true")
  for (const [, flag = ""] of wanted) {
    const child = proc.spawn(["cilium-dbg", "post-uninstall-cleanup", "-f", flag])
    if (typeof child !== "string") await proc.wait(child)
  }
  return 0
})

/** Before the agent stops: the configuration stays, so that pods can still be deleted; there is nothing to do. */
export const cniUninstall: Tool = defineTool("cni-uninstall.sh", async () => 0)
