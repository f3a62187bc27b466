/**
 * Workers under a policy of our own, on hosts that send no headers: a worker from a blob has the policy of the document that made it, and a page of the
 * site that has nothing but this policy is put into a hidden frame. A worker from an address would have none, and under the page's own policy no cell
 * could be made into a function.
 */
import { KERNEL_PAGE, KERNEL_POLICY } from "./policy.ts"
import script from "./worker.ts?worker&url"

type Starter = () => Worker

let starter: Promise<Starter> | undefined

/** The frame is loaded with the first call; after a failure, with the next one again. */
export const confinement = (): Promise<Starter> =>
  (starter ??= load().catch((error) => {
    starter = undefined
    throw error
  }))

async function load(): Promise<Starter> {
  const frame = document.createElement("iframe")
  frame.hidden = true
  frame.title = "podwire kernel"
  // Vite's server knows no folders.
  frame.src = `${import.meta.env.BASE_URL.replace(/\/?$/, "/")}${KERNEL_PAGE}${import.meta.env.DEV ? "index.html" : ""}`
  await new Promise((done) => {
    frame.addEventListener("load", done, { once: true })
    document.body.append(frame)
  })
  const policy = frame.contentDocument?.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')
  if (policy?.content !== KERNEL_POLICY) {
    frame.remove()
    // What a host shows for a page that is not there may have no policy at all.
    throw new Error(`${frame.src} did not come, or is of another version of this site: reload the page`)
  }
  // The frame's own: they are what the policy goes by.
  const { Blob, URL, Worker } = frame.contentWindow as Window & typeof globalThis
  // A static import would be asked for under worker-src, which has to know nothing but blobs.
  const text = `import(${JSON.stringify(new URL(script, location.href).href)}).catch(reportError)`
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }))
  return () => new Worker(address, { type: "module", name: "podwire kernel" })
}
