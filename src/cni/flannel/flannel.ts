/** Flannel as a cluster takes it: manifest, images, plugins. */

import type { ApiServer } from "../../kube/api/server.ts"
import type { ContainerImage } from "../../kube/cri/image.ts"
import type { Tool } from "../../linux/task/tool.ts"
import type { Vfs } from "../../linux/task/vfs.ts"
import { lazyTool } from "../../shell/lazy-tool.ts"
import { shTool } from "../../shell/programs.ts"
import { defineTool } from "../../shell/tool.ts"
import { VERSIONS } from "../../versions.ts"
import { bridgePlugin, hostLocal, loopback, portmap } from "../plugins.ts"
import type { CniProvider } from "../provider.ts"
import { IMAGE, PLUGIN_IMAGE } from "./images.ts"
import type { FlannelOptions } from "./options.ts"

/** As much of cp as the init containers need: `cp -f FROM TO`, executables included. */
const cp: Tool = defineTool("cp", async (proc) => {
  const [from = "", to = ""] = proc.argv
    .slice(1)
    .filter((arg) => !arg.startsWith("-"))
    .map((arg) => proc.path(arg))
  const tool = proc.fs.toolAt(from)
  const data = proc.fs.readFile(from)
  if (typeof data === "string") {
    await proc.err(`cp: can't stat '${from}': No such file or directory\n`)
    return 1
  }
  if (tool !== undefined) proc.fs.install(to, tool)
  else if (proc.fs.writeFile(to, data) !== undefined) {
    await proc.err(`cp: can't create '${to}': No such file or directory\n`)
    return 1
  }
  return 0
})

const daemon = (api: ApiServer): Tool =>
  lazyTool("flanneld", () => import("./flanneld.ts").then((module) => module.flanneld(api)))
const metaPlugin: Tool = lazyTool("flannel", () => import("./meta-plugin.ts").then((module) => module.flannelPlugin))

function image(name: string, pullTime: number, size: number, build: (fs: Vfs) => void): ContainerImage {
  return {
    name,
    entrypoint: [],
    cmd: [],
    env: {},
    workingDir: "/",
    pullTime,
    size,
    build(fs) {
      fs.install("/bin/cp", cp)
      fs.install("/bin/sh", shTool)
      build(fs)
    },
  }
}

/**
 * The Flannel CNI: pods on the same node meet on a bridge, pods on different nodes over VXLAN or plain routes.
 *
 * @example createCluster({ cni: flannel({ backend: "vxlan" }) })
 */
export function flannel(options: FlannelOptions = {}): CniProvider {
  return {
    name: "flannel",
    manifests: async () => (await import("./manifest.ts")).flannelManifests(options),
    images: (api) => [
      {
        repository: IMAGE,
        tag: `v${VERSIONS.flannel}`,
        image: image("flannel", 2_400_000_000, 33_232_759, (fs) => fs.install("/opt/bin/flanneld", daemon(api))),
      },
      {
        repository: PLUGIN_IMAGE,
        tag: `v${VERSIONS.flannelCniPlugin}`,
        image: image("flannel-cni-plugin", 900_000_000, 4_916_313, (fs) => fs.install("/flannel", metaPlugin)),
      },
    ],
    plugins: [bridgePlugin(options.naming), hostLocal, loopback, portmap],
  }
}
