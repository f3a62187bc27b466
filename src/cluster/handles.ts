/** What a user holds: a machine, a pod. They cost nothing until something is asked of them. */

import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { ExecResult } from "../shell/exec-result.ts"
import { printable } from "../shell/exec-result.ts"
import type { ExecOptions } from "./command.ts"
import { commandLine } from "./command.ts"
import type { Reach, ReachOptions } from "./reach.ts"

/** What handles ask of their cluster. */
export interface HandleHost {
  execOnNode(name: string, script: string, options: ExecOptions): Promise<ExecResult>
  execInPod(namespace: string, name: string, script: string, options: ExecOptions): Promise<ExecResult>
  nsenter(namespace: string, name: string, script: string, options: ExecOptions): Promise<ExecResult>
  kernelOf(node: string): Kernel
  podState(
    namespace: string,
    name: string,
  ): { ip: string; node: string; phase: string; ready: boolean; net: NetNamespace | undefined }
  podReady(namespace: string, name: string, timeout: string | number): Promise<void>
  reach(from: NodeHandle | PodHandle, to: ReachTarget, options: ReachOptions): Promise<Reach>
}

/** Where to: `"backend-pod:80"`, `"namespace/pod:80"`, `"k8s-worker-1:10250"`, `"10.244.2.2:80"`, or a handle. */
export type ReachTarget = string | NodeHandle | PodHandle

/** A machine of the cluster. */
export class NodeHandle {
  readonly name: string
  /** The address of its uplink, `192.168.80.103`. */
  readonly ip: string
  readonly #host: HandleHost

  constructor(host: HandleHost, name: string, ip: string) {
    this.#host = host
    this.name = name
    this.ip = ip
  }

  /**
   * Runs a command line in bash on the machine, as root, and returns when it has ended, in virtual time. A non-zero exit code is data.
   * @example await cluster.node("k8s-worker-1").exec("ip route")
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>
  /** The same with values quoted: node.exec`ping -c 1 ${address}`. */
  exec(command: TemplateStringsArray, ...values: unknown[]): Promise<ExecResult>
  exec(command: string | TemplateStringsArray, ...rest: unknown[]): Promise<ExecResult> {
    const options = typeof command === "string" ? ((rest[0] as ExecOptions | undefined) ?? {}) : {}
    return this.#host.execOnNode(this.name, commandLine(command, rest), options)
  }

  /**
   * Tries to reach something from here with real packets, as curl, nc or ping would, and says how it went; failing is a result. Pods are
   * waited for until they are Ready (60 s).
   * @param target an address, a pod or a node, with the port; see {@link ReachTarget}
   * @throws RangeError for a name that does not exist, with the names that do; TypeError when the port is missing
   * @example console.log((await cluster.node("k8s-worker-1").reach("backend-pod:80")).explain())
   */
  reach(target: ReachTarget, options: ReachOptions = {}): Promise<Reach> {
    return this.#host.reach(this, target, options)
  }

  /** The machine's kernel: devices, routes, tables as objects. */
  get kernel(): Kernel {
    return this.#host.kernelOf(this.name)
  }

  toString(): string {
    return `node ${this.name} (${this.ip})`
  }
}

printable(NodeHandle, (node) => node.toString())

/** A pod, by name: it need not exist yet. */
export class PodHandle {
  readonly name: string
  readonly namespace: string
  readonly #host: HandleHost

  constructor(host: HandleHost, namespace: string, name: string) {
    this.#host = host
    this.namespace = namespace
    this.name = name
  }

  /**
   * Runs a command line in the pod's first container, with what is in its image, as `kubectl exec POD -- sh -c` does.
   * @example await cluster.pod("client-pod").exec("wget -qO- http://10.244.2.2/")
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>
  /** The same with values quoted: pod.exec`wget -qO- ${url}`. */
  exec(command: TemplateStringsArray, ...values: unknown[]): Promise<ExecResult>
  exec(command: string | TemplateStringsArray, ...rest: unknown[]): Promise<ExecResult> {
    const options = typeof command === "string" ? ((rest[0] as ExecOptions | undefined) ?? {}) : {}
    return this.#host.execInPod(this.namespace, this.name, commandLine(command, rest), options)
  }

  /**
   * Runs the node's own tools inside the pod's network, as `nsenter -t PID -n` on the node does: for `ip`, `tcpdump` and others that the
   * image does not have.
   * @example await cluster.pod("client-pod").nsenter("ip route")
   */
  nsenter(command: string, options?: ExecOptions): Promise<ExecResult>
  nsenter(command: TemplateStringsArray, ...values: unknown[]): Promise<ExecResult>
  nsenter(command: string | TemplateStringsArray, ...rest: unknown[]): Promise<ExecResult> {
    const options = typeof command === "string" ? ((rest[0] as ExecOptions | undefined) ?? {}) : {}
    return this.#host.nsenter(this.namespace, this.name, commandLine(command, rest), options)
  }

  /**
   * Tries to reach something from here with real packets, as curl, nc or ping would, and says how it went; failing is a result. Pods are
   * waited for until they are Ready (60 s).
   * @param target an address, a pod or a node, with the port; see {@link ReachTarget}
   * @throws RangeError for a name that does not exist, with the names that do; TypeError when the port is missing
   * @example console.log((await cluster.pod("client-pod").reach("backend-pod:80")).explain())
   */
  reach(target: ReachTarget, options: ReachOptions = {}): Promise<Reach> {
    return this.#host.reach(this, target, options)
  }

  /** The pod's address; empty before it has one. */
  get ip(): string {
    return this.#host.podState(this.namespace, this.name).ip
  }

  /** The machine it runs on; empty before it is scheduled. */
  get node(): string {
    return this.#host.podState(this.namespace, this.name).node
  }

  /** The pod's network namespace: devices, routes, sockets as objects. Throws while it has none. */
  get net(): NetNamespace {
    const { net } = this.#host.podState(this.namespace, this.name)
    if (net === undefined) throw new Error(`${this} has no network yet`)
    return net
  }

  /** `Pending`, `Running`, … */
  get phase(): string {
    return this.#host.podState(this.namespace, this.name).phase
  }

  /** Waits, in virtual time, until the pod is Ready (60 s). Throws with its state when it is not by then. */
  ready(timeout: string | number = "60s"): Promise<void> {
    return this.#host.podReady(this.namespace, this.name, timeout)
  }

  toString(): string {
    return `pod ${this.namespace}/${this.name}`
  }
}

printable(PodHandle, (pod) => pod.toString())
