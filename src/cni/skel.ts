/** The shell of a CNI plugin: environment and standard input in, result or error out. Models containernetworking/cni/pkg/skel. */

import { type Dict, isDict } from "../kube/api/json.ts"
import { type CniError, type CniResult, parseJson, readAnswer } from "../kube/cri/cni.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { BytesFile, type OpenFile, SinkFile } from "../linux/task/file.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"

/** Error codes of the CNI specification. */
export const CniCode = {
  INCOMPATIBLE_VERSION: 1,
  INVALID_ENVIRONMENT: 4,
  DECODING_FAILURE: 6,
  INVALID_NETWORK_CONFIG: 7,
  INTERNAL: 999,
} as const

export interface CniRequest {
  readonly proc: Process
  readonly kernel: Kernel
  readonly config: Dict
  /** The configuration as it came, for plugins that pass it on. */
  readonly stdin: string
  readonly containerId: string
  readonly netnsPath: string
  readonly ifname: string
  /** CNI_ARGS: `K8S_POD_NAME` and its like. */
  readonly args: ReadonlyMap<string, string>
}

/** A refusal, or nothing to print. */
export type CniAnswer = CniResult | CniError | undefined

export interface CniHandlers {
  add(request: CniRequest): Promise<CniAnswer>
  del(request: CniRequest): Promise<CniAnswer>
  check?(request: CniRequest): Promise<CniAnswer>
}

const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"]

export const failure = (msg: string, code: number = CniCode.INTERNAL): CniError => ({ code, msg })

export const isFailure = (answer: CniAnswer | string): answer is CniError =>
  typeof answer === "object" && "code" in answer

/** A plugin as a program, to be installed in /opt/cni/bin. */
export function cniPlugin(name: string, handlers: CniHandlers): Tool {
  return defineTool(name, (proc) => main(proc, name, handlers))
}

async function main(proc: Process, name: string, handlers: CniHandlers): Promise<number> {
  const command = proc.env.get("CNI_COMMAND") ?? ""
  if (command === "") {
    await proc.err(`CNI ${name} plugin version unknown\nCNI protocol versions supported: ${VERSIONS.join(", ")}\n`)
    return 0
  }
  if (command === "VERSION") {
    await proc.out(`${JSON.stringify({ cniVersion: "1.0.0", supportedVersions: VERSIONS })}\n`)
    return 0
  }
  const request = readRequest(proc, await proc.readText())
  const answer = "code" in request ? request : await handle(command, request, handlers)
  if (isFailure(answer)) {
    await proc.out(`${JSON.stringify(answer, undefined, 4)}\n`)
    return 1
  }
  if (answer !== undefined) await proc.out(JSON.stringify(answer, undefined, 4))
  return 0
}

async function handle(command: string, request: CniRequest, handlers: CniHandlers): Promise<CniAnswer> {
  if (command === "ADD") return handlers.add(request)
  if (command === "DEL") return handlers.del(request)
  if (command === "CHECK") return handlers.check?.(request)
  return failure(`unknown CNI_COMMAND: ${command}`, CniCode.INVALID_ENVIRONMENT)
}

function readRequest(proc: Process, stdin: string): CniRequest | CniError {
  const config = parseJson(stdin)
  if (!isDict(config))
    return failure("error unmarshall network config: unexpected end of JSON input", CniCode.DECODING_FAILURE)
  if (typeof config["name"] !== "string" || config["name"] === "")
    return failure("missing network name", CniCode.INVALID_NETWORK_CONFIG)
  const missing = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"].filter(
    (name) => (proc.env.get(name) ?? "") === "",
  )
  if (missing.length > 0)
    return failure(`required env variables [${missing.join(",")}] missing`, CniCode.INVALID_ENVIRONMENT)
  const pairs = (proc.env.get("CNI_ARGS") ?? "").split(";").filter((pair) => pair.includes("="))
  return {
    proc,
    kernel: proc.kernel,
    config,
    stdin,
    containerId: proc.env.get("CNI_CONTAINERID") ?? "",
    netnsPath: proc.env.get("CNI_NETNS") ?? "",
    ifname: proc.env.get("CNI_IFNAME") ?? "",
    args: new Map(
      pairs.map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ),
  }
}

/** The namespace that CNI_NETNS names. */
export function requestNamespace(request: CniRequest): NetNamespace | undefined {
  const name = request.netnsPath.slice(request.netnsPath.lastIndexOf("/") + 1)
  return request.kernel.namespaces.find((net) => net.name === name && name !== "")
}

export function noNamespace(request: CniRequest): CniError {
  const path = JSON.stringify(request.netnsPath)
  return failure(`failed to open netns ${path}: failed to Statfs ${path}: no such file or directory`)
}

/** Runs another plugin with this one's environment: its result, nothing, or the text of its error. */
export async function delegate(
  request: CniRequest,
  type: string,
  command: string,
  stdin: string,
): Promise<CniResult | undefined | string> {
  const { proc } = request
  const folder = proc.env.get("CNI_PATH") ?? ""
  const tool = proc.fs.toolAt(`${folder}/${type}`)
  if (tool === undefined) return `failed to find plugin ${JSON.stringify(type)} in path [${folder}]`
  let stdout = ""
  const decoder = new TextDecoder()
  const fds = new Map<number, OpenFile>([
    [0, new BytesFile(new TextEncoder().encode(stdin))],
    [
      1,
      new SinkFile((data) => {
        stdout += decoder.decode(data)
      }),
    ],
  ])
  const child = proc.spawn([type], { tool, fds, env: new Map([...proc.env, ["CNI_COMMAND", command]]) })
  if (typeof child === "string") return child
  const { code } = await proc.wait(child)
  return readAnswer(code, stdout, "")
}
