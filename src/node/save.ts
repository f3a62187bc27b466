/** Writing what a lab produced. */
import { mkdir, writeFile } from "node:fs/promises"
import { dirname } from "node:path"

/**
 * Writes a file: a capture, a figure, a table. Folders that do not exist are made; a file that does is replaced.
 *
 * @param path where, relative to the process's folder
 * @param data bytes as they are, or text as UTF-8
 * @returns the path, for printing
 * @throws the file system's error (`EACCES`, `EISDIR`, …)
 * @example await save("vxlan.pcapng", capture.toPcapng())
 */
export async function save(path: string, data: Uint8Array | string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, data)
  return path
}
