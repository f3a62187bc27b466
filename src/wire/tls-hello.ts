/**
 * The first message of a TLS handshake (RFC 8446 section 4.1.2) as far as it is in the clear: who the client wants to talk to (RFC 6066
 * section 3). Nothing in it is secret, and nothing here computes a secret: random fields are what the caller gives.
 */

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const LEGACY_VERSION = 0x0303
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
const RANDOM = 32
const Extension = {
  SERVER_NAME: 0,
  SUPPORTED_GROUPS: 10,
  SIGNATURE_ALGORITHMS: 13,
  SUPPORTED_VERSIONS: 43,
  KEY_SHARE: 51,
} as const
const HOST_NAME = 0
const X25519 = 0x001d

/** A record with a ClientHello. `random` gives 96 bytes: the random, the session id, the key share. */
export function emitClientHello(serverName: string, random: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(serverName)
  const extensions = [
    // An address is no name: it is not sent.
    ...(/^[\d.]+$|:/.test(serverName)
      ? []
      : [extension(Extension.SERVER_NAME, list16([HOST_NAME, ...list16([...name])]))]),
    extension(Extension.SUPPORTED_VERSIONS, [2, 3, 4]),
    extension(Extension.SUPPORTED_GROUPS, list16(word(X25519))),
    // ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, rsa_pkcs1_sha256.
    extension(Extension.SIGNATURE_ALGORITHMS, list16([4, 3, 8, 4, 4, 1])),
    extension(Extension.KEY_SHARE, list16([...word(X25519), ...list16([...random.subarray(64, 96)])])),
  ].flat()
  const body = [
    ...word(LEGACY_VERSION),
    ...random.subarray(0, RANDOM),
    RANDOM,
    ...random.subarray(32, 64),
    // TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256.
    ...list16([0x13, 2, 0x13, 3, 0x13, 1]),
    // No compression.
    1,
    0,
    ...list16(extensions),
  ]
  const message = [CLIENT_HELLO, 0, ...list16(body)]
  // The first record says TLS 1.0, for old boxes on the way.
  return Uint8Array.from([HANDSHAKE, 3, 1, ...list16(message)])
}

const word = (value: number): number[] => [value >>> 8, value & 255]
const list16 = (bytes: readonly number[]): number[] => [...word(bytes.length), ...bytes]
const extension = (type: number, data: readonly number[]): number[] => [...word(type), ...list16(data)]

/** What the bytes of a connection begin with; undefined while more of them are needed. `name` is empty when none is asked for. */
export function readClientHello(bytes: Uint8Array): { readonly tls: boolean; readonly name: string } | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== HANDSHAKE || (bytes.length > 1 && bytes[1] !== 3)) return NO_TLS
  if (bytes.length < RECORD_HEADER) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = RECORD_HEADER + view.getUint16(3)
  if (bytes.length < end) return undefined
  try {
    return readMessage(new DataView(bytes.buffer, bytes.byteOffset, end))
  } catch (thrown) {
    if (thrown instanceof RangeError) return NO_TLS
    throw thrown
  }
}

const NO_TLS = { tls: false, name: "" } as const

function readMessage(view: DataView): { tls: boolean; name: string } {
  let at = RECORD_HEADER
  if (view.getUint8(at) !== CLIENT_HELLO) return NO_TLS
  at += MESSAGE_HEADER + 2 + RANDOM
  at += 1 + view.getUint8(at)
  at += 2 + view.getUint16(at)
  at += 1 + view.getUint8(at)
  if (at === view.byteLength) return { tls: true, name: "" }
  const end = at + 2 + view.getUint16(at)
  for (at += 2; at < end; at += 4 + view.getUint16(at + 2))
    if (view.getUint16(at) === Extension.SERVER_NAME) return { tls: true, name: readServerName(view, at + 4) }
  return { tls: true, name: "" }
}

/** The first host name of the list. */
function readServerName(view: DataView, start: number): string {
  const end = start + 2 + view.getUint16(start)
  for (let at = start + 2; at < end; at += 3 + view.getUint16(at + 1)) {
    if (view.getUint8(at) !== HOST_NAME) continue
    let name = ""
    for (let i = 0; i < view.getUint16(at + 1); i++) name += String.fromCharCode(view.getUint8(at + 3 + i))
    return name.toLowerCase()
  }
  return ""
}
