/** Base64 text (RFC 4648). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

export function toBase64(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const length = Math.min(bytes.length - i, 3) + 1
    for (let digit = 0; digit < 4; digit++) text += digit < length ? ALPHABET[(word >> (18 - 6 * digit)) & 63] : "="
  }
  return text
}

export const textToBase64 = (text: string): string => toBase64(new TextEncoder().encode(text))
