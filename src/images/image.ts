/** What a container image name runs. */
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
  /** Fills a container's root file system. */
  build(fs: Vfs): void
}

export interface ImageReference {
  /** `docker.io/library/nginx`. */
  repository: string
  tag: string
  /** The last part of the repository: `nginx`. */
  name: string
}

/** Reads `nginx`, `busybox:1.28`, `docker.io/library/nginx:1.29`; `undefined` when malformed. */
export function parseImage(text: string): ImageReference | undefined {
  const match = /^([a-z0-9]+(?:[._/:-][a-z0-9_]+)*?)(?::([\w][\w.-]{0,127}))?(?:@sha256:[a-f0-9]{64})?$/.exec(text)
  if (match === null) return undefined
  const path = match[1] as string
  const first = path.split("/")[0] as string
  const qualified =
    path.includes("/") && (first.includes(".") || first.includes(":") || first === "localhost")
      ? path
      : `docker.io/${path.includes("/") ? path : `library/${path}`}`
  return { repository: qualified, tag: match[2] ?? "latest", name: qualified.split("/").pop() as string }
}
