/** The hosts that answer beyond the gateway, and where they are. Real addresses of these names. */
import { ipv4 } from "../../wire/address.ts"

/** Where github.com sends those who want a release's file. */
export const ASSETS_HOST = "release-assets.githubusercontent.com"

export const WEB_HOSTS: ReadonlyMap<string, number> = new Map([
  ["github.com", ipv4("140.82.112.3")],
  ["raw.githubusercontent.com", ipv4("185.199.108.133")],
  [ASSETS_HOST, ipv4("185.199.109.133")],
])
