/**
 * TLS's outside (RFC 8446 section 5.1): records of application data. What is in them is masked, not encrypted, and of the
 * handshake there is the client's first message alone: a capture shows that something private passes, how much and when, and cannot be read by accident.
 */

const HEADER = 5
const APPLICATION_DATA = 23
/** A ClientHello in front: see tls-hello.ts. */
const HANDSHAKE = 22
/** What TLS 1.3 writes for the sake of old boxes on the way. */
const LEGACY_VERSION = 0x0303
/** Payload of a record at most, as OpenSSL fills them. */
const RECORD_MAX = 16384
/** What an AEAD adds: the inner content type and the tag. */
const OVERHEAD = 17

/** A stream of bytes that looks like noise, and is the same for the same record number. */
function mask(bytes: Uint8Array, sequence: number): Uint8Array {
  let state = (sequence * 0x9e3779b9 + 0x85ebca6b) >>> 0 || 1
  return bytes.map((byte) => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return byte ^ (state & 255)
  })
}

/** Makes records of what is written. */
export class TlsWriter {
  #sequence = 0

  seal(data: Uint8Array): Uint8Array {
    const records: Uint8Array[] = []
    for (let at = 0; at < data.length; at += RECORD_MAX) records.push(this.#record(data.subarray(at, at + RECORD_MAX)))
    const whole = new Uint8Array(records.reduce((size, record) => size + record.length, 0))
    let at = 0
    for (const record of records) {
      whole.set(record, at)
      at += record.length
    }
    return whole
  }

  #record(data: Uint8Array): Uint8Array {
    const inner = new Uint8Array(data.length + OVERHEAD)
    inner.set(data)
    inner[data.length] = APPLICATION_DATA
    const record = new Uint8Array(HEADER + inner.length)
    const view = new DataView(record.buffer)
    view.setUint8(0, APPLICATION_DATA)
    view.setUint16(1, LEGACY_VERSION)
    view.setUint16(3, inner.length)
    record.set(mask(inner, this.#sequence++), HEADER)
    return record
  }
}

/** Takes records apart, split anywhere. */
export class TlsReader {
  #buffer = new Uint8Array(0)
  #sequence = 0
  /** What came is no TLS. */
  fault = false

  /** What came and is not taken yet. */
  get pending(): Uint8Array {
    return this.#buffer
  }

  push(data: Uint8Array): void {
    const whole = new Uint8Array(this.#buffer.length + data.length)
    whole.set(this.#buffer)
    whole.set(data, this.#buffer.length)
    this.#buffer = whole
  }

  /** What a client says in the clear has been acted upon by whoever cares. */
  #skipHandshake(): void {
    while (this.#buffer[0] === HANDSHAKE && this.#buffer.length >= HEADER) {
      const length = new DataView(this.#buffer.buffer, this.#buffer.byteOffset).getUint16(3)
      if (this.#buffer.length < HEADER + length) return
      this.#buffer = this.#buffer.slice(HEADER + length)
    }
  }

  /** The payload of the next record, or `undefined` while it is incomplete. */
  take(): Uint8Array | undefined {
    this.#skipHandshake()
    const buffer = this.#buffer
    if (buffer.length > 0 && buffer[0] !== APPLICATION_DATA && buffer[0] !== HANDSHAKE) this.fault = true
    if (this.fault || buffer[0] === HANDSHAKE || buffer.length < HEADER) return undefined
    const length = new DataView(buffer.buffer, buffer.byteOffset).getUint16(3)
    if (length < OVERHEAD || length > RECORD_MAX + 256) this.fault = true
    if (this.fault || buffer.length < HEADER + length) return undefined
    const inner = mask(buffer.subarray(HEADER, HEADER + length), this.#sequence++)
    this.#buffer = buffer.slice(HEADER + length)
    return inner.subarray(0, length - OVERHEAD)
  }
}
