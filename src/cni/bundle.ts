/** loopback: the smallest plugin of the standard bundle. Models plugins/main/loopback. */

import { linkUp } from "../linux/rtnetlink/link.ts"
import type { Tool } from "../linux/task/tool.ts"
import { cniPlugin, noNamespace, requestNamespace } from "./skel.ts"

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
