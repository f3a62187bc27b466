/** Results by protocol version. Models containernetworking/cni/pkg/types/{020,040,100}. */
import { type Dict, isDict } from "../kube/api/json.ts"
import type { CniResult } from "../kube/cri/cni.ts"

/** Versions before 0.3.0 know one address of each family. */
const isOld = (version: string): boolean => version === "" || version === "0.1.0" || version === "0.2.0"

/** `0.4.0` is not older than `0.3.1`. */
export function versionAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number)) as [number[], number[]]
  for (let i = 0; i < 3; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0)
  return true
}

/** As a configuration of that version wants to read it, members in their order. */
export function resultFor(version: string, result: CniResult): Dict {
  const cniVersion = version === "" ? "0.1.0" : version
  const { interfaces = [], ips = [], routes = [], dns = {} } = result
  if (isOld(version)) return { cniVersion, ...oldAddress(result), dns }
  return {
    cniVersion,
    ...(interfaces.length === 0 ? {} : { interfaces }),
    ...(ips.length === 0 ? {} : { ips: ips.map((ip) => address(ip, versionAtLeast(version, "1.0.0"))) }),
    ...(routes.length === 0 ? {} : { routes }),
    dns,
  }
}

function address(ip: NonNullable<CniResult["ips"]>[number], withoutVersion: boolean): Dict {
  return {
    ...(withoutVersion ? {} : { version: ip.version ?? "4" }),
    ...(ip.interface === undefined ? {} : { interface: ip.interface }),
    address: ip.address,
    ...(ip.gateway === undefined ? {} : { gateway: ip.gateway }),
  }
}

function oldAddress({ ips = [], routes = [] }: CniResult): Dict {
  const [ip] = ips
  if (ip === undefined) return {}
  return {
    ip4: {
      ip: ip.address,
      ...(ip.gateway === undefined ? {} : { gateway: ip.gateway }),
      ...(routes.length === 0 ? {} : { routes }),
    },
  }
}

/** What a plugin of an old version printed, as plugins hand it to each other. */
export function readResult(result: CniResult): CniResult {
  const { ip4 } = result as { ip4?: unknown }
  if (!isDict(ip4)) return result
  const gateway = ip4["gateway"]
  return {
    cniVersion: result.cniVersion,
    ips: [{ version: "4", address: String(ip4["ip"]), ...(gateway === undefined ? {} : { gateway: String(gateway) }) }],
    ...(Array.isArray(ip4["routes"]) ? { routes: ip4["routes"] as NonNullable<CniResult["routes"]> } : {}),
    dns: result.dns ?? {},
  }
}
