/** Scopes by name, as /etc/iproute2/rt_scopes has them. */
import { RouteScope } from "../../linux/fib/route.ts"
import { invalid } from "../iproute.ts"

const SCOPES: readonly (readonly [string, number])[] = [
  ["global", RouteScope.UNIVERSE],
  ["nowhere", RouteScope.NOWHERE],
  ["host", RouteScope.HOST],
  ["link", RouteScope.LINK],
  ["site", RouteScope.SITE],
]

export const scopeName = (scope: number): string => SCOPES.find(([, value]) => value === scope)?.[0] ?? String(scope)

export function readScope(word: string, message: string): number {
  const known = SCOPES.find(([name]) => name === word)?.[1]
  if (known !== undefined) return known
  return /^\d+$/.test(word) && Number(word) < 256 ? Number(word) : invalid(word, message)
}
