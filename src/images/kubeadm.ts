/** The images of a kubeadm cluster: the control plane, kube-proxy, CoreDNS. */
import type { ApiServer } from "../kube/api/server.ts"
import { klog } from "../kube/client/klog.ts"
import { COREDNS_IMAGE, ETCD_IMAGE, REGISTRY } from "../kube/kubeadm/options.ts"
import { TcpListener } from "../linux/inet/tcp-socket.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { lazyTool } from "../shell/lazy-tool.ts"
import { defineTool } from "../shell/tool.ts"
import { WaitQueue } from "../sim/task.ts"
import { parseIpv4 } from "../wire/address.ts"
import type { Image } from "./image.ts"
import type { ImageRegistry } from "./registry.ts"

function image(name: string, path: string, tool: Tool, entrypoint: readonly string[] = []): Image {
  return {
    name,
    entrypoint,
    cmd: [],
    env: {},
    workingDir: "/",
    pullTime: 4_000_000_000,
    build: (fs) => {
      fs.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true })
      fs.install(path, tool)
    },
  }
}

/** Where a control plane's process listens, by its own flags. */
type Listens = (flag: (name: string) => string) => string[]

/**
 * A process of the control plane. What it does is done by podwire's API server, controllers and scheduler themselves; the process
 * holds its ports, so that it can be reached and probed, and ends when it is told to.
 */
function component(name: string, place: string, listens: Listens): Image {
  const tool = defineTool(name, async (proc) => {
    const flag = (wanted: string): string =>
      proc.argv.find((word) => word.startsWith(`--${wanted}=`))?.slice(wanted.length + 3) ?? ""
    const listeners: TcpListener[] = []
    for (const address of listens(flag)) {
      const [host = "", port = ""] = address.split(":")
      const listener = TcpListener.listen(proc.net, parseIpv4(host) ?? 0, Number(port))
      if (typeof listener === "string") {
        await klog(proc, "E", "run.go:72", `"command failed" err="failed to listen on ${address}: ${listener}"`)
        return 1
      }
      await klog(proc, "I", place, `Serving securely on ${address.replace(/^0\.0\.0\.0:/, "[::]:")}`)
      listeners.push(listener)
    }
    await terminated(proc)
    for (const listener of listeners) listener.close()
    return 0
  })
  return image(name, `/usr/local/bin/${name}`, tool)
}

/** Sleeps until somebody asks the process to end. */
async function terminated(proc: Process): Promise<void> {
  const wake = new WaitQueue()
  let over = false
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    proc.on(signal, () => {
      over = true
      wake.wake()
    })
  while (!over) await proc.task.wait(wake)
}

const hostPorts = (urls: string): string[] => urls.split(",").map((url) => url.replace(/^https?:\/\//, ""))
const secure = "secure_serving.go:213"

/** Adds them; their programs talk to this API server. */
export function addKubeadmImages(images: ImageRegistry, api: ApiServer): void {
  const kube = (name: string, listens: Listens): void =>
    images.add(`${REGISTRY}/${name}`, component(name, secure, listens))
  images.add(
    repository(ETCD_IMAGE),
    component("etcd", "serve.go:210", (flag) =>
      ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"].flatMap((name) => hostPorts(flag(name))),
    ),
  )
  kube("kube-apiserver", (flag) => [`0.0.0.0:${flag("secure-port")}`])
  kube("kube-controller-manager", (flag) => [`${flag("bind-address")}:10257`])
  kube("kube-scheduler", (flag) => [`${flag("bind-address")}:10259`])
  const proxy = lazyTool("kube-proxy", () => import("../kube/proxy/kube-proxy.ts").then((m) => m.kubeProxy(api)))
  images.add(`${REGISTRY}/kube-proxy`, image("kube-proxy", "/usr/local/bin/kube-proxy", proxy))
  const dns = lazyTool("coredns", () => import("./coredns.ts").then((module) => module.coredns(api)))
  images.add(repository(COREDNS_IMAGE), image("coredns", "/coredns", dns, ["/coredns"]))
}

const repository = (reference: string): string => reference.slice(0, reference.lastIndexOf(":"))
