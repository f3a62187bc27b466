/** Log lines as k8s.io/klog writes them. */
import type { Process } from "../../linux/task/process.ts"
import { timestamp } from "../api/time.ts"

/** `I1122 20:52:00.000000       1 main.go:215] text`. A container's first process is number 1. */
export async function klog(proc: Process, level: "I" | "W" | "E", place: string, text: string): Promise<void> {
  const { sim } = proc.kernel
  const time = timestamp(sim)
  const micros = String(Math.floor(sim.now / 1000) % 1_000_000).padStart(6, "0")
  await proc.err(
    `${level}${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 19)}.${micros}       1 ${place}] ${text}\n`,
  )
}
