/** The images a cluster can pull. */
import { busybox } from "./busybox.ts"
import type { Image } from "./image.ts"
import { nginx } from "./nginx.ts"

/** What exists unless a cluster is given more. */
export const BUILT_IN_IMAGES: readonly Image[] = [nginx, busybox]

/** Answers `docker.io/library/nginx:latest` and the like; any tag of a known repository is the same program. */
export class ImageRegistry {
  readonly #images = new Map<string, Image>()

  constructor(images: readonly Image[] = []) {
    for (const image of [...BUILT_IN_IMAGES, ...images]) this.#images.set(image.name, image)
  }

  /** Adds an image under its repository: `ghcr.io/flannel-io/flannel`. */
  add(repository: string, image: Image): void {
    this.#images.set(repository, image)
  }

  /** Every image's name. */
  get names(): string[] {
    return [...this.#images.keys()]
  }

  resolve(reference: string): Image | undefined {
    const repository = reference.replace(/@sha256:.*$/, "").replace(/:[^:/]*$/, "")
    const [registry, ...path] = repository.split("/")
    if (registry !== "docker.io") return this.#images.get(repository)
    return path[0] === "library" ? this.#images.get(path.slice(1).join("/")) : this.#images.get(path.join("/"))
  }
}
