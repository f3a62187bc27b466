/**
 * Pages that were visited once work without a network. Built by site/integrations/offline.ts, which puts the names of the files in. Pages come from
 * the network while there is one; what has its content's hash in its name never changes, and comes from the cache.
 */

/** A hash of the whole site: another site is another service worker, with a cache of its own. */
declare const VERSION: string
/** Fetched when the worker is installed; paths below the scope. */
declare const FIRST: readonly string[]
/** Kept once they were asked for. */
declare const LATER: readonly string[]

// The site's types are those of pages; of a service worker only this is used.
interface LifeEvent extends Event {
  waitUntil(promise: Promise<unknown>): void
}
interface Asked extends Event {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
interface Scope {
  readonly registration: ServiceWorkerRegistration
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: "install" | "activate", listen: (event: LifeEvent) => void): void
  addEventListener(type: "fetch", listen: (event: Asked) => void): void
}
const worker = self as unknown as Scope

const scope = worker.registration.scope
/** Several sites may share an origin, and with it the caches. */
const OURS = `podwire ${scope} `
const NAME = OURS + VERSION
const url = (path: string): string => new URL(path, scope).href
const unchanging = new Set([...FIRST, ...LATER].filter(isHashed).map(url))

function isHashed(path: string): boolean {
  return /^(?:_astro|pagefind\/(?:index|fragment))\//.test(path)
}

worker.addEventListener("install", (event) => event.waitUntil(install()))
worker.addEventListener("activate", (event) => event.waitUntil(activate()))
worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request
  if (method !== "GET" || !url.startsWith(scope)) return
  event.respondWith(unchanging.has(withoutQuery(url)) ? fromCache(event.request) : fromNetwork(event.request))
})

async function install(): Promise<void> {
  const [cache, before] = [await caches.open(NAME), await previous()]
  const keep = async (path: string): Promise<boolean> => {
    const old = isHashed(path) ? await before?.match(url(path)) : undefined
    if (old !== undefined) await cache.put(url(path), old)
    return old !== undefined
  }
  await Promise.all(LATER.map(keep))
  await Promise.all(
    // A page's old version may be in the browser's own cache.
    FIRST.map(async (path) => (await keep(path)) || (await cache.add(new Request(url(path), { cache: "no-cache" })))),
  )
}

async function previous(): Promise<Cache | undefined> {
  const name = (await caches.keys()).filter((one) => one.startsWith(OURS) && one !== NAME).at(-1)
  return name === undefined ? undefined : caches.open(name)
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== NAME) await caches.delete(name)
  // The page that brought the worker is served by it, too.
  await worker.clients.claim()
}

async function fromCache(request: Request): Promise<Response> {
  const cache = await caches.open(NAME)
  const cached = await cache.match(request)
  if (cached !== undefined) return cached
  const response = await fetch(request)
  if (response.ok) await cache.put(request, response.clone())
  return response
}

async function fromNetwork(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    const cache = await caches.open(NAME)
    const cached = await cache.match(request, { ignoreSearch: true })
    const missing = request.mode === "navigate" ? await cache.match(url("404.html")) : undefined
    if (cached !== undefined) return cached
    if (missing === undefined) throw error
    return new Response(missing.body, { status: 404, headers: missing.headers })
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "")
}
