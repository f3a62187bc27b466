/** What cells have besides the language: as much of Node's globals as a page's Worker has, too. */

interface Console {
  log(...args: unknown[]): void
  info(...args: unknown[]): void
  debug(...args: unknown[]): void
  /** Prints to stderr. */
  error(...args: unknown[]): void
  /** Prints to stderr. */
  warn(...args: unknown[]): void
  trace(...args: unknown[]): void
  dir(value: unknown, options?: { depth?: number | null; showHidden?: boolean; colors?: boolean }): void
  /** Prints when the condition does not hold. */
  assert(condition?: boolean, ...args: unknown[]): void
  count(label?: string): void
  countReset(label?: string): void
  /** Indents what is printed until `groupEnd()`. */
  group(...args: unknown[]): void
  groupCollapsed(...args: unknown[]): void
  groupEnd(): void
}
declare var console: Console

declare function setTimeout<A extends unknown[]>(
  callback: (...args: A) => void,
  milliseconds?: number,
  ...args: A
): number
declare function setInterval<A extends unknown[]>(
  callback: (...args: A) => void,
  milliseconds?: number,
  ...args: A
): number
declare function clearTimeout(timer: number | undefined): void
declare function clearInterval(timer: number | undefined): void
declare function queueMicrotask(callback: () => void): void
declare function structuredClone<T>(value: T, options?: { transfer?: readonly unknown[] }): T
declare function atob(base64: string): string
declare function btoa(binary: string): string

declare class TextEncoder {
  readonly encoding: string
  /** UTF-8. */
  encode(text?: string): Uint8Array
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  readonly encoding: string
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string
}

declare class URLSearchParams {
  constructor(init?: string | Record<string, string> | Iterable<[string, string]> | URLSearchParams)
  readonly size: number
  append(name: string, value: string): void
  delete(name: string, value?: string): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string, value?: string): boolean
  set(name: string, value: string): void
  sort(): void
  forEach(callback: (value: string, name: string, all: URLSearchParams) => void): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  [Symbol.iterator](): IterableIterator<[string, string]>
}
declare class URL {
  constructor(url: string | URL, base?: string | URL)
  static canParse(url: string | URL, base?: string | URL): boolean
  href: string
  readonly origin: string
  protocol: string
  username: string
  password: string
  host: string
  hostname: string
  port: string
  pathname: string
  search: string
  readonly searchParams: URLSearchParams
  hash: string
  toJSON(): string
}

declare class Event {
  constructor(type: string, options?: { bubbles?: boolean; cancelable?: boolean; composed?: boolean })
  readonly type: string
  readonly target: EventTarget | null
  readonly defaultPrevented: boolean
  preventDefault(): void
  stopPropagation(): void
}
declare class EventTarget {
  addEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
    options?: boolean | { once?: boolean; passive?: boolean; signal?: AbortSignal },
  ): void
  removeEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
  ): void
  dispatchEvent(event: Event): boolean
}
interface AbortSignal extends EventTarget {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
}
declare var AbortSignal: {
  abort(reason?: unknown): AbortSignal
  timeout(milliseconds: number): AbortSignal
  any(signals: Iterable<AbortSignal>): AbortSignal
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare var performance: { now(): number; readonly timeOrigin: number }
declare var crypto: { getRandomValues<T extends ArrayBufferView>(into: T): T; randomUUID(): string }
