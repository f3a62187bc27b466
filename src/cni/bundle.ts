/** loopback and portmap: the small plugins of the standard bundle. Models plugins/main/loopback and plugins/meta/portmap. */

import { isDict } from "../kube/api/json.ts"
import type { CniResult } from "../kube/cri/cni.ts"
import { linkUp } from "../linux/rtnetlink/link.ts"
import type { Tool } from "../linux/task/tool.ts"
import { cniPlugin, failure, noNamespace, requestNamespace } from "./skel.ts"

export const loopback: Tool = cniPlugin("loopback", {
  async add(request) {
    const net = requestNamespace(request)
    if (net === undefined) return noNamespace(request)
    linkUp(net.loopback)
    return {
      cniVersion: String(request.config["cniVersion"]),
      interfaces: [{ name: "lo", mac: "00:00:00:00:00:00", sandbox: request.netnsPath }],
      ips: [{ version: "4", interface: 0, address: "127.0.0.1/8" }],
      dns: {},
    }
  },
  async del() {
    return undefined
  },
})

/** Passes on what came before it. Host ports need address translation, which is not here. */
export const portmap: Tool = cniPlugin("portmap", {
  async add({ config }) {
    const runtime = isDict(config["runtimeConfig"]) ? config["runtimeConfig"] : {}
    const mappings = Array.isArray(runtime["portMappings"]) ? runtime["portMappings"] : []
    if (mappings.length > 0) return failure("podwire does not support hostPort: there is no address translation")
    return isDict(config["prevResult"])
      ? (config["prevResult"] as unknown as CniResult)
      : failure("must be called as chained plugin")
  },
  async del() {
    return undefined
  },
})
