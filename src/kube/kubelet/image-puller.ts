/** Pulling images. Models pkg/kubelet/images/image_manager.go. */
import type { Container } from "kubernetes-types/core/v1.js"
import type { Simulation } from "../../sim/simulation.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import type { Task } from "../../sim/task.ts"
import { imageTag } from "../api/defaults.ts"
import { type ContainerImage, canonicalImage, type ImageStore } from "../cri/image.ts"

export interface PulledImage {
  readonly image: ContainerImage
  /** `docker.io/library/nginx:latest`. */
  readonly reference: string
  /** `docker.io/library/nginx@sha256:…`. */
  readonly id: string
}

export interface PullFailure {
  readonly reason: "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName"
  readonly message: string
}

type Say = (type: "Normal" | "Warning", reason: string, message: string) => void

export class ImagePuller {
  readonly #sim: Simulation
  readonly #store: ImageStore
  /** References that are on the node. */
  readonly #present = new Map<string, PulledImage>()

  constructor(sim: Simulation, store: ImageStore) {
    this.#sim = sim
    this.#store = store
  }

  /** An image that was put on the node beforehand. */
  preload(name: string): void {
    const reference = canonicalImage(name) ?? name
    const image = this.#store.resolve(reference)
    if (image !== undefined && image !== "no-tag") this.#present.set(reference, pulledImage(image, reference))
  }

  /** Images on the node, for the node's status. */
  get present(): readonly PulledImage[] {
    return [...this.#present.values()]
  }

  /** Makes sure that a container's image is there, and says so as events do. */
  async ensure(task: Task, container: Container, say: Say): Promise<PulledImage | PullFailure> {
    const name = container.image ?? ""
    const reference = canonicalImage(name)
    if (reference === undefined) {
      const message = `Failed to apply default image tag ${JSON.stringify(name)}: couldn't parse image name ${JSON.stringify(name)}: invalid reference format`
      say("Warning", "InspectFailed", message)
      return { reason: "InvalidImageName", message }
    }
    const known = this.#present.get(reference)
    const policy = container.imagePullPolicy ?? (imageTag(name) === "latest" ? "Always" : "IfNotPresent")
    if (policy === "Never" || (policy === "IfNotPresent" && known !== undefined)) {
      if (known === undefined) {
        say(
          "Warning",
          "ErrImageNeverPull",
          `Container image ${JSON.stringify(name)} is not present with pull policy of Never`,
        )
        return {
          reason: "ErrImageNeverPull",
          message: `Container image ${JSON.stringify(name)} is not present with pull policy of Never`,
        }
      }
      say("Normal", "Pulled", `Container image ${JSON.stringify(name)} already present on machine`)
      return known
    }
    return this.#pull(task, name, reference, known, say)
  }

  async #pull(
    task: Task,
    name: string,
    reference: string,
    known: PulledImage | undefined,
    say: Say,
  ): Promise<PulledImage | PullFailure> {
    say("Normal", "Pulling", `Pulling image ${JSON.stringify(name)}`)
    const began = this.#sim.now
    const found = this.#store.resolve(reference)
    if (found === undefined || found === "no-tag") {
      await task.sleep(1200 * MILLISECOND)
      const message = pullError(reference, found === "no-tag")
      say("Warning", "Failed", `Failed to pull image ${JSON.stringify(name)}: ${message}`)
      return { reason: "ErrImagePull", message }
    }
    // A pull of what is there already only asks the registry for the digest.
    await task.sleep(known === undefined ? found.pullTime : 900 * MILLISECOND)
    const took = goDuration(this.#sim.now - began)
    const size = found.size ?? sizeOf(reference)
    say(
      "Normal",
      "Pulled",
      `Successfully pulled image ${JSON.stringify(name)} in ${took} (${took} including waiting). Image size: ${size} bytes.`,
    )
    const pulled = pulledImage(found, reference)
    this.#present.set(reference, pulled)
    return pulled
  }
}

const pulledImage = (image: ContainerImage, reference: string): PulledImage => ({
  image,
  reference,
  id: `${reference.replace(/:[^:/]*$/, "")}@sha256:${digest(reference)}`,
})

/** containerd's words. */
function pullError(reference: string, noTag: boolean): string {
  const head = `failed to pull and unpack image ${JSON.stringify(reference)}: failed to resolve reference ${JSON.stringify(reference)}: `
  // cri-client strips the code Unknown, no other.
  return noTag
    ? `rpc error: code = NotFound desc = ${head}${reference}: not found`
    : `${head}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
}

/** Whole milliseconds as Go prints a duration: `850ms`, `3.2s`, `1m2.5s`. */
export function goDuration(ns: number): string {
  const ms = Math.round(ns / MILLISECOND)
  if (ms < 1000) return `${ms}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`
  return minutes === 0 ? seconds : `${minutes}m${seconds}`
}

function hash(text: string, seed: number): number {
  let value = seed
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** 64 hexadecimal digits that belong to a name: simulated images have no bytes to digest. */
function digest(text: string): string {
  return Array.from({ length: 8 }, (_, i) =>
    hash(text, 0x811c9dc5 ^ (i * 0x9e3779b1))
      .toString(16)
      .padStart(8, "0"),
  ).join("")
}

const sizeOf = (reference: string): number => 2_000_000 + (hash(reference, 0x811c9dc5) % 70_000_000)
