/** What a kubelet needs to know of container images. */
import type { Signal } from "../../linux/task/signal.ts"
import type { Vfs } from "../../linux/task/vfs.ts"

export interface ContainerImage {
  /** Repository without registry and tag: `nginx`, `busybox`. */
  readonly name: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  /** Time a first pull takes, in nanoseconds. */
  readonly pullTime: number
  /** Compressed size in bytes, as the kubelet reports it (0: drawn from the name). */
  readonly size?: number
  /** What asks it to stop (SIGTERM). */
  readonly stopSignal?: Signal
  /** Fills a container's root file system. */
  build(fs: Vfs): void
}

/** All registries of the world, as far as this cluster is concerned. */
export interface ImageStore {
  /** The image of a canonical reference (`docker.io/library/nginx:latest`), `"no-tag"` when only its repository exists. */
  resolve(reference: string): ContainerImage | "no-tag" | undefined
}

/** `docker.io/library/nginx:latest` for `nginx`; `undefined` when malformed. Models distribution's ParseDockerRef. */
export function canonicalImage(text: string): string | undefined {
  const match =
    /^((?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9._-]+(?:\/[a-z0-9._-]+)*)(?::([\w][\w.-]{0,127}))?(@sha256:[a-f0-9]{64})?$/.exec(
      text,
    )
  if (match === null) return undefined
  const path = match[1] as string
  const first = path.split("/")[0] as string
  const hasRegistry = path.includes("/") && (/[.:]/.test(first) || first === "localhost")
  const repository = hasRegistry ? path : `docker.io/${path.includes("/") ? path : `library/${path}`}`
  // Upper case is for registries' host names only.
  if (/[A-Z]/.test(hasRegistry ? path.slice(first.length) : path)) return undefined
  if (match[3] !== undefined) return `${repository}${match[3]}`
  return `${repository}:${match[2] ?? "latest"}`
}
