/** A shell on the article's cluster, for a terminal on a page. */
import { cilium, createCluster, type Terminal } from "podwire"

export type ToShell =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "interrupt" | "end" }
  | { readonly kind: "complete"; readonly line: string }

export type FromShell =
  | { readonly kind: "output"; readonly text: string }
  /** It waits for a line. */
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "words"; readonly line: string; readonly words: readonly string[] }

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
/** Virtual time that passes at most before the page has a turn. A program that prints nothing runs at an hour a second. */
const SLICE_NS = 180e9
const SLICE_MS = 50
/** Between two outputs virtual time may leap; the reader waits at most this long (ms). */
const PAUSE_MAX_MS = 1000

const tell = (message: FromShell): void => postMessage(message)
/** Ends a pause: something was typed. */
let wake = (): void => undefined
const pause = (milliseconds: number): Promise<void> =>
  new Promise((done) => {
    wake = done
    setTimeout(done, milliseconds)
  })

/** The page names the plugin when it starts the worker. */
const cluster = await createCluster({ preset: "article", ...(self.name === "cilium" ? { cni: cilium() } : {}) })
await cluster.apply(PODS)
for (const name of ["client-pod", "backend-pod"]) await cluster.pod(name).ready()
const decoder = new TextDecoder()
let pending = ""
const terminal: Terminal = cluster.terminal("k8s-master", {
  onOutput: (_, data) => {
    pending += decoder.decode(data, { stream: true })
  },
})
let working = false

/** Lets the shell work until it wants a line again. */
async function work(): Promise<void> {
  if (working) return
  working = true
  const { sim } = cluster
  const rests = (): boolean => terminal.code !== undefined || terminal.wantsInput
  let shown = sim.now
  for (;;) {
    await slice(() => rests() || pending !== "")
    if (pending !== "") {
      await pause(Math.min((sim.now - shown) / 1e6, PAUSE_MAX_MS))
      shown = sim.now
      tell({ kind: "output", text: pending })
      pending = ""
    } else if (rests()) break
    else await pause(SLICE_MS)
  }
  working = false
  tell(terminal.code === undefined ? { kind: "ready" } : { kind: "ended", code: terminal.code })
}

async function slice(done: () => boolean): Promise<void> {
  const { sim } = cluster
  let over = false
  const timer = sim.schedule(SLICE_NS, { fire: () => (over = true) }, 0)
  await sim.until(() => over || done())
  sim.cancel(timer)
}

addEventListener("message", ({ data }: MessageEvent<ToShell>) => {
  if (data.kind === "complete") {
    tell({ kind: "words", line: data.line, words: terminal.complete(data.line) })
    return
  }
  if (data.kind === "line") terminal.write(`${data.text}\n`)
  else if (data.kind === "interrupt") terminal.interrupt()
  else terminal.end()
  wake()
  void work()
})
void work()
