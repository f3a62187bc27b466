/** A simulated cluster for programs of the host: its API on a port, its clock at the pace of the host's. */
import type { AddressInfo } from "node:net"
import type { Cluster } from "../../index.ts"
import { HostClock } from "./host-clock.ts"

const HOST = "127.0.0.1"

/** How {@link serve} listens. */
export interface ServeOptions {
  /** The port on 127.0.0.1 (0: a free one). */
  port?: number
}

/** A cluster that is being served. */
export interface Served {
  /** `http://127.0.0.1:6443` */
  readonly url: string
  /** The text of a kubeconfig that leads there. */
  readonly kubeconfig: string
  /** Ends it: open watches end, the clock stands still. */
  close(): Promise<void>
}

/**
 * Serves a cluster's API to a real kubectl, and lets its virtual time pass as fast as the host's. Only this machine is answered, and everybody on it is
 * the cluster's administrator.
 * @throws Error when the port is taken
 * @example const { url, kubeconfig, close } = await serve(await createCluster({ preset: "article" }))
 */
export async function serve(cluster: Cluster, options: ServeOptions = {}): Promise<Served> {
  // The only thing of podwire/node that needs WebSockets.
  const { createApiServer } = await import("./api-server.ts")
  const server = createApiServer(await cluster.gateway())
  await new Promise<void>((done, fail) => {
    server.once("error", fail)
    server.listen(options.port ?? 0, HOST, done)
  })
  const clock = new HostClock(cluster)
  clock.start()
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`
  return {
    url,
    kubeconfig: kubeconfigOf(url),
    async close() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
      await clock.stop()
    },
  }
}

/** With the names that kubeadm gives. */
const kubeconfigOf = (url: string): string => `apiVersion: v1
kind: Config
clusters:
- cluster:
    server: ${url}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
users:
- name: kubernetes-admin
  user: {}
`
