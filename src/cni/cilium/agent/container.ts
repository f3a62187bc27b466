/** The agent's image: the one place that says which programs are in it. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Vfs } from "../../../linux/task/vfs.ts"
import { lazyTool } from "../../../shell/lazy-tool.ts"
import { loopback } from "../../plugins.ts"
import { agentOf } from "./registry.ts"

const programs = (): Promise<typeof import("./programs.ts")> => import("./programs.ts")

/** What the image's environment names (HUBBLE_SERVER of images/cilium/Dockerfile). */
const SOCKET = "unix:///var/run/cilium/hubble.sock"
const NO_HUBBLE = "dial unix /var/run/cilium/hubble.sock: connect: no such file or directory"

/** Fills a container's root, over what a Debian-like image has. */
export function agentRoot(fs: Vfs, api: ApiServer): void {
  const dbg = lazyTool("cilium-dbg", () => import("../dbg/cilium-dbg.ts").then((module) => module.ciliumDbg(api)))
  fs.install(
    "/usr/bin/cilium-agent",
    lazyTool("cilium-agent", () => import("./daemon.ts").then((module) => module.ciliumAgent(api))),
  )
  fs.install(
    "/usr/bin/hubble",
    lazyTool("hubble", async () => {
      const [{ hubbleTool }, { observerOf }] = await Promise.all([import("../hubble/hubble.ts"), import("./hubble.ts")])
      // In an agent's container it talks to that agent alone, whatever port it is given.
      return hubbleTool((proc) => observerOf(proc.kernel) ?? NO_HUBBLE, SOCKET)
    }),
  )
  fs.install("/usr/bin/cilium-dbg", dbg)
  fs.install("/usr/bin/cilium", dbg)
  fs.install(
    "/usr/bin/cp",
    lazyTool("cp", () => programs().then(({ cp }) => cp)),
  )
  fs.install(
    "/usr/bin/nsenter",
    lazyTool("nsenter", () => programs().then(({ nsenter }) => nsenter)),
  )
  fs.install(
    "/usr/bin/mount",
    lazyTool("mount", () => programs().then(({ mount }) => mount)),
  )
  fs.install(
    "/usr/bin/cilium-mount",
    lazyTool("cilium-mount", () => programs().then(({ ciliumMount }) => ciliumMount)),
  )
  fs.install(
    "/usr/bin/cilium-sysctlfix",
    lazyTool("cilium-sysctlfix", () => programs().then(({ sysctlfix }) => sysctlfix)),
  )
  fs.install(
    "/install-plugin.sh",
    lazyTool("install-plugin.sh", () => programs().then(({ installPlugin }) => installPlugin)),
  )
  fs.install(
    "/init-container.sh",
    lazyTool("init-container.sh", () => programs().then(({ initContainer }) => initContainer)),
  )
  fs.install(
    "/cni-uninstall.sh",
    lazyTool("cni-uninstall.sh", () => programs().then(({ cniUninstall }) => cniUninstall)),
  )
  fs.install("/cni/loopback", loopback)
  fs.install(
    "/opt/cni/bin/cilium-cni",
    lazyTool("cilium-cni", () => import("../plugin/cilium-cni.ts").then((module) => module.ciliumCni(agentOf))),
  )
}
