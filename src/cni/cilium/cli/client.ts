/** The CLI's view of a cluster: its kubeconfig, and commands in its pods. Models CLI:k8s/client.go. */
import { parse } from "yaml"
import { isDict } from "../../../kube/api/json.ts"
import type { Registry } from "../../../kube/api/registry.ts"
import type { ApiServer } from "../../../kube/api/server.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { Pod } from "../../../kube/api/types.ts"
import { SinkFile } from "../../../linux/task/file.ts"
import type { Process } from "../../../linux/task/process.ts"

export interface KubeContext {
  readonly context: string
  readonly cluster: string
  readonly user: string
  readonly server: string
}

/** Where a cluster without a kubeconfig of its own is taken to be: what kubeadm writes. */
const KUBEADM: KubeContext = {
  context: "kubernetes-admin@kubernetes",
  cluster: "kubernetes",
  user: "kubernetes-admin",
  server: "",
}

interface Named {
  name?: string
  cluster?: { server?: string }
  context?: { cluster?: string; user?: string }
}

export class Client {
  readonly registry: Registry
  readonly proc: Process
  readonly context: KubeContext
  readonly #api: ApiServer

  constructor(api: ApiServer, proc: Process, context: KubeContext) {
    this.#api = api
    this.registry = api.registry
    this.proc = proc
    this.context = context
  }

  list<T>(plural: string, namespace?: string, labels: Readonly<Record<string, string>> = {}): T[] {
    return this.registry
      .list(this.registry.resource(plural), namespace === undefined ? {} : { namespace })
      .filter(({ metadata }) =>
        Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
      ) as unknown[] as T[]
  }

  get<T>(plural: string, namespace: string | undefined, name: string): T | undefined {
    const found = this.registry.get(this.registry.resource(plural), namespace, name)
    return isStatus(found) ? undefined : (found as unknown as T)
  }

  /** Runs a command in a container: what it prints, or the text of an error. */
  async exec(pod: Pod, container: string, command: readonly string[]): Promise<{ stdout: string } | { error: string }> {
    const { namespace = "", name } = pod.metadata
    const decoder = new TextDecoder()
    const out = { stdout: "", stderr: "" }
    const session = this.#api.agents.get(pod.spec.nodeName ?? "")?.exec(namespace, name, {
      container,
      command,
      tty: false,
      streams: {
        stdout: new SinkFile((data) => {
          out.stdout += decoder.decode(data)
        }),
        stderr: new SinkFile((data) => {
          out.stderr += decoder.decode(data)
        }),
      },
    })
    if (session === undefined) return { error: `node ${pod.spec.nodeName} does not answer` }
    if (isStatus(session)) return { error: session.message ?? "exec failed" }
    while (session.status === undefined) await this.proc.task.wait(session.done)
    if (session.status.status === "Success") return { stdout: out.stdout }
    const code = session.status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message ?? "1"
    const said = out.stderr.trim() === "" ? "" : `: ${JSON.stringify(out.stderr)}`
    return {
      error: `command failed (pod=${namespace}/${name}, container=${container}): command terminated with exit code ${code}${said}`,
    }
  }
}

/** Reads the kubeconfig; the text of the error when it says nothing of the context. */
export function readContext(proc: Process, wanted: string | undefined, file: string | undefined): KubeContext | string {
  const path = file ?? proc.env.get("KUBECONFIG") ?? `${proc.env.get("HOME") ?? "/root"}/.kube/config`
  const text = proc.fs.readText(proc.path(path))
  if (!("text" in text)) {
    if (file !== undefined) return `stat ${file}: no such file or directory`
    return wanted === undefined || wanted === "" ? KUBEADM : `context ${JSON.stringify(wanted)} does not exist`
  }
  const config: unknown = parse(text.text)
  if (!isDict(config)) return KUBEADM
  const named = (key: string): Named[] => (Array.isArray(config[key]) ? (config[key] as Named[]) : [])
  const name = wanted || String(config["current-context"] ?? "")
  const context = named("contexts").find((one) => one.name === name)?.context
  if (context === undefined) return `context ${JSON.stringify(name)} does not exist`
  const cluster = named("clusters").find((one) => one.name === context.cluster)?.cluster
  return { context: name, cluster: context.cluster ?? "", user: context.user ?? "", server: cluster?.server ?? "" }
}
