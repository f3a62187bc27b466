/** The shell of a CNI plugin: environment and standard input in, result or error out. Models containernetworking/cni/pkg/skel. */

import { type Dict, isDict } from "../kube/api/json.ts"
import { type CniError, type CniResult, parseJson, readAnswer } from "../kube/cri/cni.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { BytesFile, type OpenFile, SinkFile } from "../linux/task/file.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { readResult, resultFor, versionAtLeast } from "./result.ts"

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
    await proc.out(JSON.stringify(answer, undefined, 4))
    return 1
  }
  if (answer !== undefined && !("code" in request))
    await proc.out(JSON.stringify(resultFor(versionOf(request.config), answer), undefined, 4))
  return 0
}

const versionOf = (config: Dict): string => String(config["cniVersion"] ?? "")

async function handle(command: string, request: CniRequest, handlers: CniHandlers): Promise<CniAnswer> {
  if (command !== "ADD" && command !== "DEL" && command !== "CHECK")
    return failure(`unknown CNI_COMMAND: ${command}`, CniCode.INVALID_ENVIRONMENT)
  const version = versionOf(request.config)
  if (command === "CHECK" && !versionAtLeast(version, "0.4.0"))
    return failure("config version does not allow CHECK", CniCode.INCOMPATIBLE_VERSION)
  if (version !== "" && !VERSIONS.includes(version))
    return {
      ...failure("incompatible CNI versions", CniCode.INCOMPATIBLE_VERSION),
      details: `config is ${JSON.stringify(version)}, plugin supports [${VERSIONS.map((known) => JSON.stringify(known)).join(" ")}]`,
    }
  if (command === "ADD") return handlers.add(request)
  if (command === "DEL") return handlers.del(request)
  return handlers.check?.(request)
}

/** What each command cannot do without, in the order it is complained of. */
function missingVariables(proc: Process): string[] {
  const command = proc.env.get("CNI_COMMAND")
  if (command !== "ADD" && command !== "CHECK" && command !== "DEL") return []
  const needed = ["CNI_CONTAINERID", ...(command === "DEL" ? [] : ["CNI_NETNS"]), "CNI_IFNAME", "CNI_PATH"]
  return needed.filter((name) => (proc.env.get(name) ?? "") === "")
}

/** Models skel.go getCmdArgsFromEnv, validateConfig and pkg/utils. */
function readRequest(proc: Process, stdin: string): CniRequest | CniError {
  const missing = missingVariables(proc)
  if (missing.length > 0)
    return failure(`required env variables [${missing.join(",")}] missing`, CniCode.INVALID_ENVIRONMENT)
  const config = parseJson(stdin)
  if (!isDict(config))
    return failure(`error unmarshall network config: ${goComplaint(config)}`, CniCode.DECODING_FAILURE)
  const containerId = proc.env.get("CNI_CONTAINERID") ?? ""
  const ifname = proc.env.get("CNI_IFNAME") ?? ""
  const refused = refuseNetwork(config["name"]) ?? refuseContainer(containerId) ?? refuseInterface(ifname)
  if (refused !== undefined) return refused
  const pairs = (proc.env.get("CNI_ARGS") ?? "").split(";").filter((pair) => pair.includes("="))
  return {
    proc,
    kernel: proc.kernel,
    config,
    stdin,
    containerId,
    netnsPath: proc.env.get("CNI_NETNS") ?? "",
    ifname,
    args: new Map(
      pairs.map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ),
  }
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

function refuseNetwork(name: unknown): CniError | undefined {
  if (typeof name !== "string" || name === "") return failure("missing network name", CniCode.INVALID_NETWORK_CONFIG)
  if (NAME.test(name)) return undefined
  return { ...failure("invalid characters found in network name", CniCode.INVALID_NETWORK_CONFIG), details: name }
}

function refuseContainer(id: string): CniError | undefined {
  if (id === "" || NAME.test(id)) return undefined
  return { ...failure("invalid characters in containerID", CniCode.INVALID_ENVIRONMENT), details: id }
}

function refuseInterface(name: string): CniError | undefined {
  const invalid = (msg: string, details?: string): CniError => ({
    ...failure(msg, CniCode.INVALID_ENVIRONMENT),
    ...(details === undefined ? {} : { details }),
  })
  if (name.length > 15) return invalid("interface name is too long", "interface name should be less than 16 characters")
  if (name === "." || name === "..") return invalid("interface name is . or ..")
  return /[/:\s]/.test(name) ? invalid("interface name contains / or : or whitespace characters") : undefined
}

/** Go's words for a text that is no JSON object. */
function goComplaint(value: unknown): string {
  if (value === undefined) return "unexpected end of JSON input"
  const kind = Array.isArray(value)
    ? "array"
    : value === null
      ? "null"
      : typeof value === "boolean"
        ? "bool"
        : typeof value
  return `json: cannot unmarshal ${kind} into Go value of type struct { Name string "json:\\"name\\"" }`
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
  const answer = readAnswer(code, stdout, "")
  return typeof answer === "object" ? readResult(answer) : answer
}
