/** All that the simulated web has: the releases of Flannel and of cilium-cli. Loaded when somebody first asks. */
import { flannelRelease } from "../../cni/flannel/release.ts"
import type { WebFile } from "../../cni/provider.ts"
import { toYaml } from "../../tools/kubectl/yaml/emit.ts"
import { VERSIONS } from "../../versions.ts"
import { programArchive, sumFile } from "./archive.ts"
import { CILIUM_BINARIES } from "./binaries.ts"

const CLI = "cilium/cilium-cli"
const CLI_TAG = `v${VERSIONS.ciliumCli}`

function ciliumCli(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const encoder = new TextEncoder()
  files.set(`https://raw.githubusercontent.com/${CLI}/main/stable.txt`, encoder.encode(`${CLI_TAG}\n`))
  // What it said on the day a cluster begins: 1.18.3 came five days later.
  files.set("https://raw.githubusercontent.com/cilium/cilium/main/stable.txt", encoder.encode("v1.18.2\n"))
  for (const [arch, binary] of Object.entries(CILIUM_BINARIES)) {
    const name = `cilium-linux-${arch}.tar.gz`
    const url = `https://github.com/${CLI}/releases/download/${CLI_TAG}/${name}`
    const archive = programArchive("cilium", binary)
    files.set(url, archive)
    files.set(`${url}.sha256sum`, encoder.encode(sumFile(archive, name)))
  }
  return files
}

const bytesOf = ({ content }: WebFile): Uint8Array =>
  new TextEncoder().encode(typeof content === "string" ? content : content.map(toYaml).join("---\n"))

/** Every file by its URL. */
export function webFiles(): ReadonlyMap<string, Uint8Array> {
  return new Map([...flannelRelease().map((file): [string, Uint8Array] => [file.url, bytesOf(file)]), ...ciliumCli()])
}

/** What `releases/latest` of a repository leads to. */
export const LATEST: ReadonlyMap<string, string> = new Map([
  ["flannel-io/flannel", `v${VERSIONS.flannel}`],
  [CLI, CLI_TAG],
])
