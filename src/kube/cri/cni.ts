/** The Container Network Interface as a runtime uses it: configuration in /etc/cni/net.d, plugins in /opt/cni/bin. Models libcni. */
import type { Kernel } from "../../linux/kernel.ts"
import type { Vfs } from "../../linux/task/vfs.ts"
import type { Task } from "../../sim/task.ts"
import { type Dict, isDict } from "../api/json.ts"
import { runProgram } from "./program.ts"

export const CNI_CONF_DIR = "/etc/cni/net.d"
export const CNI_BIN_DIR = "/opt/cni/bin"

/** What a plugin prints on success (CNI 1.0 result, also for 0.3.1). */
export interface CniResult {
  cniVersion: string
  interfaces?: { name: string; mac?: string; sandbox?: string }[]
  ips?: { version?: string; interface?: number; address: string; gateway?: string }[]
  routes?: { dst: string; gw?: string; mtu?: number }[]
  dns?: Dict
}

/** What a plugin prints when it fails. */
export interface CniError {
  cniVersion?: string
  code: number
  msg: string
  details?: string
}

export interface NetworkConfig {
  readonly name: string
  readonly cniVersion: string
  readonly plugins: readonly Dict[]
}

/** What the runtime tells plugins about a pod. */
export interface CniArgs {
  readonly containerId: string
  /** `/var/run/netns/cni-…`. */
  readonly netns: string
  readonly ifname: string
  readonly args: Readonly<Record<string, string>>
  readonly portMappings: readonly Dict[]
}

/** The network the runtime would use: the first file of its folder, by name. */
export function loadNetwork(fs: Vfs): NetworkConfig | undefined {
  const names = fs.readdir(CNI_CONF_DIR)
  if (typeof names === "string") return undefined
  for (const name of names.filter((file) => /\.(conf|conflist|json)$/.test(file))) {
    const file = fs.readText(`${CNI_CONF_DIR}/${name}`)
    const config = "text" in file ? parseNetwork(file.text, name.endsWith(".conflist")) : undefined
    if (config !== undefined) return config
  }
  return undefined
}

function parseNetwork(source: string, isList: boolean): NetworkConfig | undefined {
  const json = parseJson(source)
  if (!isDict(json) || typeof json["name"] !== "string") return undefined
  const plugins = isList ? json["plugins"] : [json]
  if (!Array.isArray(plugins) || plugins.length === 0) return undefined
  return { name: json["name"], cniVersion: String(json["cniVersion"] ?? "0.1.0"), plugins: plugins.filter(isDict) }
}

/** The value of a JSON text, or `undefined`. */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch {
    return undefined
  }
}

/** Joins a sandbox to a network; text when that fails. Models libcni AddNetworkList. */
export async function addNetwork(
  kernel: Kernel,
  task: Task,
  network: NetworkConfig,
  args: CniArgs,
): Promise<CniResult | string> {
  let result: CniResult | undefined
  for (const plugin of network.plugins) {
    const answer = await execPlugin(kernel, task, "ADD", network, plugin, args, result)
    if (typeof answer === "string") return `plugin type=${JSON.stringify(plugin["type"])} failed (add): ${answer}`
    result = answer ?? result
  }
  return result ?? { cniVersion: network.cniVersion }
}

/** Takes a sandbox off a network: the plugins in reverse. Models libcni DelNetworkList. */
export async function delNetwork(
  kernel: Kernel,
  task: Task,
  network: NetworkConfig,
  args: CniArgs,
  previous: CniResult,
): Promise<string | undefined> {
  for (const plugin of [...network.plugins].reverse()) {
    const answer = await execPlugin(kernel, task, "DEL", network, plugin, args, previous)
    if (typeof answer === "string") return `plugin type=${JSON.stringify(plugin["type"])} failed (delete): ${answer}`
  }
  return undefined
}

async function execPlugin(
  kernel: Kernel,
  task: Task,
  command: "ADD" | "DEL",
  network: NetworkConfig,
  plugin: Dict,
  args: CniArgs,
  previous: CniResult | undefined,
): Promise<CniResult | undefined | string> {
  const type = String(plugin["type"])
  const tool = kernel.root.toolAt(`${CNI_BIN_DIR}/${type}`)
  if (tool === undefined) return `failed to find plugin ${JSON.stringify(type)} in path [${CNI_BIN_DIR}]`
  const stdin = JSON.stringify(injectConfig(network, plugin, args, previous))
  const done = await runProgram(kernel, task, [type], { tool, env: pluginEnv(command, args), stdin })
  if (typeof done === "string") return done
  return readAnswer(done.code, done.stdout, done.stderr)
}

/** The plugin's own section with name, version, previous result and what its capabilities ask for. */
function injectConfig(network: NetworkConfig, plugin: Dict, args: CniArgs, previous: CniResult | undefined): Dict {
  const { capabilities, ...rest } = plugin
  const wantsPorts = isDict(capabilities) && capabilities["portMappings"] === true && args.portMappings.length > 0
  return {
    ...rest,
    cniVersion: network.cniVersion,
    name: network.name,
    ...(wantsPorts ? { runtimeConfig: { portMappings: args.portMappings } } : {}),
    ...(previous === undefined ? {} : { prevResult: previous }),
  }
}

export function pluginEnv(command: string, args: CniArgs): Map<string, string> {
  return new Map([
    ["CNI_COMMAND", command],
    ["CNI_CONTAINERID", args.containerId],
    ["CNI_NETNS", args.netns],
    [
      "CNI_ARGS",
      Object.entries(args.args)
        .map(([key, value]) => `${key}=${value}`)
        .join(";"),
    ],
    ["CNI_IFNAME", args.ifname],
    ["CNI_PATH", CNI_BIN_DIR],
    ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  ])
}

/** A result, nothing, or the text of an error. Models libcni invoke.ExecPluginWithResult. */
export function readAnswer(code: number, stdout: string, stderr: string): CniResult | undefined | string {
  const json = stdout.trim() === "" ? undefined : parseJson(stdout)
  if (code === 0) return isDict(json) ? (json as unknown as CniResult) : undefined
  if (!isDict(json))
    return stdout.trim() === ""
      ? `netplugin failed with no error message${stderr === "" ? "" : `: ${stderr}`}`
      : `netplugin failed: ${stdout}`
  const { msg, details } = json as unknown as CniError
  return details === undefined || details === "" ? msg : `${msg}; ${details}`
}
