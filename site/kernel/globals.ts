/** What a cell finds around it: the language, and what Node's globals and a Worker's have in common without network, storage or anybody to talk to. */

const LANGUAGE =
  "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape"
const SHARED =
  "AbortController AbortSignal Blob ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget File FormData Headers MessageChannel MessageEvent MessagePort Performance ReadableStream Request Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream URL URLPattern URLSearchParams WritableStream atob btoa clearInterval clearTimeout console crypto performance queueMicrotask setInterval setTimeout structuredClone"

/**
 * Takes everything else away from the global object and from what it inherits: `WorkerGlobalScope.prototype` has `fetch`, `indexedDB`, `caches` and
 * `navigator`. Whoever needs one of them takes it before.
 */
export function keepSharedGlobals(): void {
  const kept = new Set(`${LANGUAGE} ${SHARED}`.split(" "))
  // Of EventTarget's prototype signals and ports live, too.
  for (let scope: object = globalThis; scope !== EventTarget.prototype; scope = Object.getPrototypeOf(scope))
    for (const name of Object.getOwnPropertyNames(scope)) if (!kept.has(name)) remove(scope, name)
}

function remove(scope: object, name: string): void {
  // Constants of an old file system stay, which are numbers.
  if (!Reflect.deleteProperty(scope, name)) Reflect.defineProperty(scope, name, { value: undefined })
  else if (Object.hasOwn(scope, name))
    // Some engines make such a property anew when it is asked for.
    Object.defineProperty(scope, name, { value: undefined, writable: false, configurable: false })
}
