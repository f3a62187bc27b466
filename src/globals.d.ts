/** The few globals that Node, pages and Workers share and that lib.es does not name. */
declare class TextEncoder {
  encode(text?: string): Uint8Array
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean })
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}
interface MessagePort {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}
declare class MessageChannel {
  readonly port1: MessagePort
  readonly port2: MessagePort
}
