/** Ways out of a Worker, as texts that a Worker runs: to another machine, to the site itself, to what the site stores. */

/** Each asks `to`, another machine. */
const AWAY: Readonly<Record<string, string>> = {
  fetch: "fetch(to)",
  XMLHttpRequest:
    "new Promise((done) => { const ask = new XMLHttpRequest(); ask.open('GET', to); ask.onloadend = done; ask.send() })",
  WebSocket:
    "new Promise((done) => { const socket = new WebSocket(to.replace('http', 'ws')); socket.onclose = socket.onerror = done })",
  EventSource:
    "new Promise((done) => { const source = new EventSource(to); source.onerror = () => done(source.close()) })",
  module: "new Function('to', 'return import(to)')(to)",
  json: "new Function('to', 'return import(to, { with: { type: \"json\" } })')(to)",
  script: "importScripts(to)",
  font: "new FontFace('away', 'url(' + to + ')').load()",
  nested: "inWorker(URL.createObjectURL(new Blob(['fetch(\"' + to + '\").finally(() => postMessage(0))'])))",
}

/** Each asks `to`, the site. */
const HOME: Readonly<Record<string, string>> = {
  fetch: "fetch(to)",
  worker: "inWorker(to)",
  nested: "inWorker(URL.createObjectURL(new Blob(['fetch(\"' + to + '\").finally(() => postMessage(0))'])))",
  // What cells are run with comes this way.
  module: "new Function('to', 'return import(to)')(to)",
}

/** The ways by the addresses they ask for. */
export const AWAY_PATHS: readonly string[] = Object.keys(AWAY).map((way) => `/${way}`)
export const HOME_PATHS: readonly string[] = Object.keys(HOME).map((way) => `/favicon.svg?${way}`)

/** The text of a classic Worker that tries all of them, one after the other, and then says so. */
export function tryAll(away: string, home: string): string {
  const attempts = [...attemptsOf(AWAY, `${away}/`), ...attemptsOf(HOME, `${home}/favicon.svg?`)]
  return `
    const inWorker = (address) => new Promise((done) => {
      const worker = new Worker(address)
      worker.onmessage = worker.onerror = (event) => { event.preventDefault(); done(worker.terminate()) }
    })
    ;(async () => { ${attempts.join("\n")} })().then(() => postMessage("tried"))`
}

const attemptsOf = (ways: Readonly<Record<string, string>>, before: string): string[] =>
  Object.entries(ways).map(
    ([way, text]) => `try { const to = ${JSON.stringify(before + way)}; await ${text} } catch { /* refused */ }`,
  )

/** Names of what reaches the network, what is stored, other pages, or devices. */
const REACHING =
  "fetch|XMLHttpRequest|WebSocket|WebSocketStream|WebTransport|EventSource|importScripts|FontFace|FontFaceSet|Worker|SharedWorker|BroadcastChannel|IDBFactory|CacheStorage|StorageManager|StorageBucketManager|LockManager|ServiceWorkerContainer|ServiceWorkerRegistration|Permissions|WorkerNavigator|WorkerLocation|Notification|webkitRequestFileSystem"

/** Goes through everything that can be reached from `roots` by properties, prototypes and getters; which of those it found, and how much it saw. */
export const FIND_REACHING = `
function find(roots) {
  const reaching = /^(?:${REACHING})$/
  const [seen, found, todo] = [new Set(), new Set(), [...roots]]
  while (todo.length > 0) {
    const one = todo.pop()
    if ((typeof one !== "object" && typeof one !== "function") || one === null || seen.has(one)) continue
    seen.add(one)
    for (const name of [typeof one === "function" ? one.name : "", Object.prototype.toString.call(one).slice(8, -1)])
      if (reaching.test(name)) found.add(name)
    todo.push(Object.getPrototypeOf(one))
    for (const key of Reflect.ownKeys(one)) {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(one, key) ?? {}
      todo.push(value, get, set)
      for (const self of get === undefined ? [] : [one, globalThis]) try { todo.push(get.call(self)) } catch { /* of another */ }
    }
  }
  return { found: [...found].sort(), seen: seen.size }
}`
