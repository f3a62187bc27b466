/** flannel's CNI plugin: turns subnet.env into a configuration for bridge and host-local. Models flannel-io/cni-plugin. */

import { type Dict, goJson, isDict } from "../../kube/api/json.ts"
import { parseJson } from "../../kube/cri/cni.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { formatPrefix, networkOf, parsePrefix } from "../../wire/address.ts"
import { CniCode, type CniRequest, cniPlugin, delegate, failure } from "../skel.ts"
import { readSubnetEnv, SUBNET_FILE, type SubnetEnv } from "./subnet-env.ts"

const DATA_DIR = "/var/lib/cni/flannel"

export const flannelPlugin: Tool = cniPlugin("flannel", {
  async add(request) {
    const path = typeof request.config["subnetFile"] === "string" ? request.config["subnetFile"] : SUBNET_FILE
    const env = readSubnetEnv(request.proc.fs, path)
    if (typeof env === "string") return failure(env)
    const config = delegateConfig(request.config, env)
    if (typeof config === "string") return failure(config, CniCode.INTERNAL)
    const text = goJson(config)
    request.proc.fs.mkdir(DATA_DIR, { recursive: true })
    request.proc.fs.writeFile(stored(request), text, 0o600)
    const result = await delegate(request, String(config["type"]), "ADD", text)
    return typeof result === "string" ? failure(`failed to delegate add: ${result}`) : result
  },

  async del(request) {
    const file = request.proc.fs.readText(stored(request))
    // Nothing stored: nothing was added, or it is gone already.
    if (!("text" in file)) return undefined
    const config = parseJson(file.text)
    const error = await delegate(request, isDict(config) ? String(config["type"]) : "bridge", "DEL", file.text)
    if (typeof error === "string") return failure(error)
    request.proc.fs.unlink(stored(request))
    return undefined
  },
})

const stored = (request: CniRequest): string => `${DATA_DIR}/${request.containerId}`

function delegateConfig(config: Dict, env: SubnetEnv): Dict | string {
  const delegated: Dict = isDict(config["delegate"]) ? { ...config["delegate"] } : {}
  for (const name of ["name", "ipam"])
    if (delegated[name] !== undefined)
      return `'delegate' dictionary must not have (invalid) key: ${JSON.stringify(name)}`
  delegated["name"] = config["name"]
  delegated["type"] ??= "bridge"
  delegated["ipMasq"] ??= !env.ipMasq
  delegated["mtu"] ??= env.mtu
  if (delegated["type"] === "bridge") delegated["isGateway"] ??= true
  delegated["cniVersion"] = config["cniVersion"]
  const subnet = parsePrefix(env.subnet)
  if (subnet === undefined) return `invalid CIDR address: ${env.subnet}`
  const network = formatPrefix(networkOf(subnet.address, subnet.length), subnet.length)
  delegated["ipam"] = { type: "host-local", ranges: [[{ subnet: network }]], routes: [{ dst: env.network }] }
  return delegated
}
