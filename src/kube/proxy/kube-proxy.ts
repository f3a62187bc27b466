/** kube-proxy: follows Services and EndpointSlices and writes a node's rules. Models cmd/kube-proxy and pkg/proxy/iptables. */
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { WaitQueue } from "../../sim/task.ts"
import { VERSIONS } from "../../versions.ts"
import type { ApiServer } from "../api/server.ts"
import type { EndpointSlice, Service } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { klog } from "../client/klog.ts"
import { type ProxyConfig, parseProxyConfig } from "./config.ts"
import { Proxier } from "./proxier.ts"

/** Changes that come together are written together. */
const COLLECT = 10 * MILLISECOND
/** iptables.minSyncPeriod. */
const MIN_SYNC_PERIOD = SECOND

/** The daemon, talking to this API server. */
export function kubeProxy(api: ApiServer): Tool {
  return defineTool("kube-proxy", (proc) => new KubeProxy(api, proc).main())
}

class KubeProxy {
  readonly #api: ApiServer
  readonly #proc: Process
  readonly #wake = new WaitQueue()
  #informers: readonly Informer[] = []
  #changed = true
  #terminated = false

  constructor(api: ApiServer, proc: Process) {
    this.#api = api
    this.#proc = proc
  }

  async main(): Promise<number> {
    const config = this.#configure()
    if (typeof config === "string") {
      await klog(this.#proc, "E", "run.go:72", `"command failed" err=${JSON.stringify(config)}`)
      return 1
    }
    this.#proc.on("SIGTERM", () => this.#terminate())
    this.#proc.on("SIGINT", () => this.#terminate())
    await this.#greet(config)
    const { registry } = this.#api
    this.#informers = ["services", "endpointslices"].map(
      (plural) => new Informer(registry, registry.resource(plural), {}, () => this.#touch()),
    )
    this.#api.followers.add(this)
    try {
      await this.#loop(new Proxier(this.#proc.net, config.clusterCIDR), config.node)
    } finally {
      // The rules stay: traffic goes on while kube-proxy is replaced.
      for (const informer of this.#informers) informer.stop()
      this.#api.followers.delete(this)
    }
    return 0
  }

  /** The rules are as the API says. */
  get quiet(): boolean {
    return !this.#changed && this.#informers.every((informer) => informer.pending === 0)
  }

  /** Flags and file, or what is wrong with them. */
  #configure(): (ProxyConfig & { node: string }) | string {
    const flags = new Map(
      this.#proc.argv.slice(1).map((word) => {
        const [name = "", ...value] = word.split("=")
        return [name, value.join("=")] as const
      }),
    )
    const unknown = [...flags.keys()].find((name) => name !== "--config" && name !== "--hostname-override")
    if (unknown !== undefined) return `podwire's kube-proxy does not support ${unknown}`
    const path = flags.get("--config") ?? ""
    const file = this.#proc.fs.readText(path)
    if (!("text" in file)) return `failed complete: open ${path}: no such file or directory`
    const config = parseProxyConfig(file.text)
    return typeof config === "string"
      ? config
      : { ...config, node: (flags.get("--hostname-override") || this.#proc.hostname).toLowerCase() }
  }

  async #greet({ node }: { node: string }): Promise<void> {
    const log = (place: string, text: string): Promise<void> => klog(this.#proc, "I", place, text)
    await log("server_linux.go:66", '"Using iptables proxy"')
    await log("server.go:677", `"Successfully retrieved node IP(s)" IPs=["${this.#nodeIp(node)}"]`)
    await log("server_linux.go:169", '"Using iptables Proxier"')
    await log("server.go:483", `"Version info" version="v${VERSIONS.kubernetes}"`)
    for (const [place, name] of [
      ["config.go:197", "service config"],
      ["config.go:105", "endpoint slice config"],
      ["config.go:326", "node config"],
    ] as const)
      await log(place, `"Starting ${name} controller"`)
    for (const name of ["service config", "endpoint slice config", "node config"])
      await log("shared_informer.go:320", `Caches are synced for ${name}`)
  }

  #nodeIp(node: string): string {
    const { registry } = this.#api
    const [found] = registry.list(registry.resource("nodes"), { name: node }) as {
      status?: { addresses?: { address: string }[] }
    }[]
    return found?.status?.addresses?.[0]?.address ?? ""
  }

  #touch(): void {
    this.#changed = true
    this.#wake.wake()
  }

  #terminate(): void {
    this.#terminated = true
    this.#wake.wake()
  }

  async #loop(proxier: Proxier, node: string): Promise<void> {
    const { registry } = this.#api
    while (!this.#terminated) {
      if (!this.#changed) {
        await this.#proc.task.wait(this.#wake)
        continue
      }
      await this.#pause(COLLECT)
      this.#changed = false
      const error = proxier.sync(
        registry.list(registry.resource("services")) as Service[],
        registry.list(registry.resource("endpointslices")) as EndpointSlice[],
        node,
      )
      if (error !== undefined)
        await klog(
          this.#proc,
          "E",
          "proxier.go:1549",
          `"Failed to execute iptables-restore" err=${JSON.stringify(error)} ipFamily="IPv4"`,
        )
      await this.#pause(MIN_SYNC_PERIOD)
    }
  }

  /** Sleeps, unless it is to end. */
  async #pause(ns: number): Promise<void> {
    const until = this.#proc.kernel.sim.now + ns
    while (!this.#terminated && this.#proc.kernel.sim.now < until)
      await this.#proc.task.wait(this.#wake, until - this.#proc.kernel.sim.now)
  }
}
