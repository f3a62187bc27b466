/** The images of Cilium's pods. Their programs are loaded when they first run. */
import type { ApiServer } from "../../kube/api/server.ts"
import type { ContainerImage } from "../../kube/cri/image.ts"
import type { Vfs } from "../../linux/task/vfs.ts"
import { lazyTool } from "../../shell/lazy-tool.ts"
import type { ProvidedImage } from "../provider.ts"
import { agentRoot } from "./agent/container.ts"
import { type ChartImage, IMAGES } from "./chart/release.ts"

function image(
  { repository, tag }: ChartImage,
  pullTime: number,
  size: number,
  build: (fs: Vfs) => void,
): ProvidedImage {
  const name = repository.slice(repository.lastIndexOf("/") + 1)
  const made: ContainerImage = { name, entrypoint: [], cmd: [], env: {}, workingDir: "/", pullTime, size, build }
  return { repository, tag, image: made }
}

/** @param base gives a root file system the programs of a Debian-like image */
export function ciliumImages(api: ApiServer, base: (fs: Vfs) => void): ProvidedImage[] {
  return [
    image(IMAGES.agent, 9_800_000_000, 245_000_000, (fs) => {
      base(fs)
      agentRoot(fs, api)
    }),
    image(IMAGES.operator, 2_600_000_000, 37_000_000, (fs) => {
      fs.install(
        "/usr/bin/cilium-operator-generic",
        lazyTool("cilium-operator-generic", () =>
          import("./operator/operator.ts").then((module) => module.ciliumOperator(api)),
        ),
      )
    }),
    image(IMAGES.envoy, 4_700_000_000, 80_000_000, (fs) => {
      base(fs)
      fs.install(
        "/usr/bin/cilium-envoy-starter",
        lazyTool("cilium-envoy-starter", () => import("./envoy-starter.ts").then((module) => module.envoyStarter)),
      )
    }),
    image(IMAGES.relay, 1_900_000_000, 29_000_000, (fs) => {
      fs.install(
        "/usr/bin/hubble-relay",
        lazyTool("hubble-relay", () => import("./relay.ts").then((module) => module.hubbleRelay(api))),
      )
    }),
  ]
}
