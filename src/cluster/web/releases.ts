/** All that the simulated web has: the releases of Flannel, of cilium-cli and of Hubble. Loaded when somebody first asks. */
import { flannelRelease } from "../../cni/flannel/release.ts"
import type { WebFile } from "../../cni/provider.ts"
import { toYaml } from "../../tools/kubectl/yaml/emit.ts"
import { VERSIONS } from "../../versions.ts"
import { programArchive, sumFile } from "./archive.ts"
import { type Binary, CILIUM_BINARY, HUBBLE_BINARY } from "./binaries.ts"

const CLI = "cilium/cilium-cli"
const CLI_TAG = `v${VERSIONS.ciliumCli}`
const HUBBLE = "cilium/hubble"
const HUBBLE_TAG = `v${VERSIONS.cilium}`

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** stable.txt and, for each architecture, the archive with its sum. */
function programRelease(repository: string, tag: string, program: string, binary: Binary): [string, Uint8Array][] {
  const archives = Object.entries(binary).flatMap(([arch, bytes]): [string, Uint8Array][] => {
    const name = `${program}-linux-${arch}.tar.gz`
    const url = `https://github.com/${repository}/releases/download/${tag}/${name}`
    const archive = programArchive(program, bytes)
    return [
      [url, archive],
      [`${url}.sha256sum`, encode(sumFile(archive, name))],
    ]
  })
  return [[`https://raw.githubusercontent.com/${repository}/main/stable.txt`, encode(`${tag}\n`)], ...archives]
}

/** What it said on the day a cluster begins: 1.18.3 came five days later. */
const CILIUM_STABLE: [string, Uint8Array] = [
  "https://raw.githubusercontent.com/cilium/cilium/main/stable.txt",
  encode("v1.18.2\n"),
]

const bytesOf = ({ content }: WebFile): Uint8Array =>
  encode(typeof content === "string" ? content : content.map(toYaml).join("---\n"))

/** Every file by its URL. */
export function webFiles(): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ...flannelRelease().map((file): [string, Uint8Array] => [file.url, bytesOf(file)]),
    ...programRelease(CLI, CLI_TAG, "cilium", CILIUM_BINARY),
    ...programRelease(HUBBLE, HUBBLE_TAG, "hubble", HUBBLE_BINARY),
    CILIUM_STABLE,
  ])
}

/** What `releases/latest` of a repository leads to. */
export const LATEST: ReadonlyMap<string, string> = new Map([
  ["flannel-io/flannel", `v${VERSIONS.flannel}`],
  [CLI, CLI_TAG],
  [HUBBLE, HUBBLE_TAG],
])
