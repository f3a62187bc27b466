/** A shell on the article's cluster, for a terminal on a page. */
import { cilium, createCluster } from "podwire"
import { type FromShell, Shell, type ToShell } from "./shell.ts"

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: backend-pod, labels: { app: backend } }
spec:
  nodeName: k8s-worker-2
  containers: [{ name: nginx, image: nginx, ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: client-pod, labels: { app: client } }
spec:
  nodeName: k8s-worker-1
  containers: [{ name: busybox, image: "busybox:1.28", command: [sleep, "36000"] }]
`

/** The page names the plugin when it starts the worker. */
const cluster = await createCluster({ preset: "article", ...(self.name === "cilium" ? { cni: cilium() } : {}) })
await cluster.apply(PODS)
for (const name of ["client-pod", "backend-pod"]) await cluster.pod(name).ready()
const shell = new Shell(cluster, "k8s-master", (message: FromShell) => postMessage(message))
addEventListener("message", ({ data }: MessageEvent<ToShell>) => shell.hear(data))
