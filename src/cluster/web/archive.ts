/** Archives of a release: one program in each, and beside it its sum. The same bytes at every run. */
import { sha256 } from "../../linux/crypto/sha256.ts"
import { gzip } from "../../tools/archive/gzip.ts"
import { emitTar } from "../../tools/archive/tar-format.ts"

/** 2025-08-01T08:17:06Z: when a release's files were made. */
const BUILT = 1_754_036_226

/** A gzip'd tar with an executable of these bytes. */
export function programArchive(name: string, binary: string): Uint8Array {
  const owner = { uid: 0, gid: 0, uname: "root", gname: "root" }
  const data = new TextEncoder().encode(binary)
  return gzip(emitTar([{ name, type: "file", mode: 0o755, ...owner, mtime: BUILT, target: "", data }]))
}

/** A file for sha256sum --check. */
export const sumFile = (data: Uint8Array, name: string): string => `${sha256(data)}  ${name}\n`
