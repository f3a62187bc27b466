import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { sha512 } from "../../src/linux/crypto/sha512.ts"

test("as OpenSSL computes it, at every length around a block", () => {
  for (const length of [0, 1, 55, 111, 112, 113, 127, 128, 129, 255, 256, 1000]) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255)
    expect(sha512(data)).toBe(createHash("sha512").update(data).digest("hex"))
  }
})
