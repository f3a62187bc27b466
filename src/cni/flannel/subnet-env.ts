/** /run/flannel/subnet.env: what flanneld tells the CNI plugin. */
import type { Vfs } from "../../linux/task/vfs.ts"

export const SUBNET_FILE = "/run/flannel/subnet.env"

export interface SubnetEnv {
  /** `10.244.0.0/16`. */
  readonly network: string
  /** `10.244.1.1/24`: the first host, not the network. */
  readonly subnet: string
  readonly mtu: number
  readonly ipMasq: boolean
}

/** Written beside and renamed, so that nobody reads half of it. Models pkg/subnet/subnet.go WriteSubnetFile. */
export function writeSubnetEnv(fs: Vfs, env: SubnetEnv): void {
  fs.mkdir("/run/flannel", { recursive: true })
  const text = `FLANNEL_NETWORK=${env.network}\nFLANNEL_SUBNET=${env.subnet}\nFLANNEL_MTU=${env.mtu}\nFLANNEL_IPMASQ=${env.ipMasq}\n`
  fs.writeFile("/run/flannel/.subnet.env", text)
  fs.rename("/run/flannel/.subnet.env", SUBNET_FILE)
}

/** The file's content, or the plugin's error text. */
export function readSubnetEnv(fs: Vfs, path: string): SubnetEnv | string {
  const file = fs.readText(path)
  if (!("text" in file))
    return `failed to load flannel 'subnet.env' file: open ${path}: no such file or directory. Check the flannel pod log for this node.`
  const values = new Map(
    file.text
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
  const missing = ["FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU", "FLANNEL_IPMASQ"].filter(
    (name) => !values.has(name),
  )
  if (missing.length > 0) return `${path} is missing ${missing.join(", ")}`
  return {
    network: values.get("FLANNEL_NETWORK") as string,
    subnet: values.get("FLANNEL_SUBNET") as string,
    mtu: Number(values.get("FLANNEL_MTU")),
    ipMasq: values.get("FLANNEL_IPMASQ") === "true",
  }
}
