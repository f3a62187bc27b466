/** What a container image name runs. */
import type { Signal } from "../linux/task/signal.ts"
import type { Vfs } from "../linux/task/vfs.ts"

/** What a container image name runs, for {@link ClusterOptions.images}. */
export interface Image {
  /** Repository without registry and tag: `nginx`, `busybox`. */
  readonly name: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  /** Time a first pull takes, in nanoseconds. */
  readonly pullTime: number
  /** What asks its first process to end (SIGTERM). */
  readonly stopSignal?: Signal
  /** Fills a container's root file system. */
  build(fs: Vfs): void
}
