/** The images of a kubeadm cluster: the control plane, kube-proxy, CoreDNS. */
import type { ApiServer } from "../kube/api/server.ts"
import { klog } from "../kube/client/klog.ts"
import { COREDNS_IMAGE, ETCD_IMAGE, REGISTRY } from "../kube/kubeadm/options.ts"
import { TcpListener, type TcpSocket } from "../linux/inet/tcp-socket.ts"
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

/** Answers one connection; loaded with the first. */
type Serve = () => Promise<(proc: Process, socket: TcpSocket) => Promise<number>>

/**
 * A process of the control plane. What it does is done by podwire's API server, controllers and scheduler themselves; the process
 * holds its ports, so that it can be reached and probed, says who may not ask what, and ends when it is told to.
 */
function component(name: string, place: string, listens: Listens, serve?: Serve): Image {
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
      if (serve !== undefined) thread(proc, (own) => accept(own, listener, serve))
    }
    await terminated(proc)
    for (const listener of listeners) listener.close()
    return 0
  })
  return image(name, `/usr/local/bin/${name}`, tool)
}

async function accept(proc: Process, listener: TcpListener, serve: Serve): Promise<number> {
  for (;;) {
    const socket = await listener.accept(proc)
    thread(proc, async (own) => (await own.task.load(serve))(own, socket))
  }
}

function thread(proc: Process, main: (proc: Process) => Promise<number>): void {
  const child = proc.spawn(proc.argv, { tool: { name: proc.argv[0] ?? "", main } })
  if (typeof child !== "string") proc.children.delete(child)
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
  const kube = (name: string, listens: Listens, serve: Serve): void =>
    images.add(`${REGISTRY}/${name}`, component(name, secure, listens, serve))
  images.add(
    repository(ETCD_IMAGE),
    component("etcd", "serve.go:210", (flag) =>
      ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"].flatMap((name) => hostPorts(flag(name))),
    ),
  )
  const serving = () => import("./secure-server.ts")
  const anonymous: Serve = () => serving().then(({ serveAnonymous }) => serveAnonymous(api))
  const health: Serve = () => serving().then(({ serveHealth }) => serveHealth)
  kube("kube-apiserver", (flag) => [`0.0.0.0:${flag("secure-port")}`], anonymous)
  kube("kube-controller-manager", (flag) => [`${flag("bind-address")}:10257`], health)
  kube("kube-scheduler", (flag) => [`${flag("bind-address")}:10259`], health)
  const proxy = lazyTool("kube-proxy", () => import("../kube/proxy/kube-proxy.ts").then((m) => m.kubeProxy(api)))
  images.add(`${REGISTRY}/kube-proxy`, image("kube-proxy", "/usr/local/bin/kube-proxy", proxy))
  const dns = lazyTool("coredns", () => import("./coredns.ts").then((module) => module.coredns(api)))
  images.add(repository(COREDNS_IMAGE), image("coredns", "/coredns", dns, ["/coredns"]))
}

const repository = (reference: string): string => reference.slice(0, reference.lastIndexOf(":"))
