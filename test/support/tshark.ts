/** Wireshark's opinion of capture files: with all checksums checked, and Linux's VXLAN port known. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findProgram } from "./needs.ts"

export const tsharkProgram: string | undefined = findProgram("tshark")

const CHECKS = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`])

/** Runs tshark on a capture and returns what it prints. Throws with its words when it cannot read the file. */
export function tshark(capture: Uint8Array, args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "podwire-"))
  try {
    const file = join(folder, "capture")
    writeFileSync(file, capture)
    const run = spawnSync(
      tsharkProgram as string,
      ["-r", file, "-n", ...CHECKS, "-d", "udp.port==8472,vxlan", ...args],
      { encoding: "utf8", maxBuffer: 1e9, env: { ...process.env, TZ: "UTC", HOME: folder } },
    )
    if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`)
    return run.stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Fields of every frame; a field that occurs more than once (outer and inner header) is joined by commas. */
export function tsharkFields(capture: Uint8Array, fields: readonly string[], filter = ""): Record<string, string>[] {
  const args = ["-T", "fields", ...fields.flatMap((field) => ["-e", field]), "-E", "separator=|"]
  const text = tshark(capture, filter === "" ? args : [...args, "-Y", filter])
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Object.fromEntries(line.split("|").map((value, i) => [fields[i] as string, value])))
}

const BAD = ["ip", "tcp", "udp", "icmp"].map((protocol) => `${protocol}.checksum.status == "Bad"`)

/** Each frame by itself: a capture at several places has every segment several times, which is no stream. */
const SINGLE = ["-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE"]

/** Frames that are malformed or have a wrong checksum, as a line each; empty for a good capture. */
export const tsharkProblems = (capture: Uint8Array): string[] =>
  tshark(capture, [...SINGLE, "-Y", ["_ws.malformed", ...BAD].join(" || ")])
    .split("\n")
    .filter((line) => line !== "")

/** What tshark finds odd about TCP, as `frame: message`. Only sensible for a capture on one device. */
export const tsharkTcpNotes = (capture: Uint8Array): string[] =>
  tsharkFields(capture, ["frame.number", "_ws.expert.message"], "tcp.analysis.flags").map(
    (row) => `${row["frame.number"]}: ${row["_ws.expert.message"]}`,
  )
