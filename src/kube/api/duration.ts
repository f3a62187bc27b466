/** Ages as kubectl prints them. Models k8s.io/apimachinery/pkg/util/duration HumanDuration. */

/** `23s`, `3m5s`, `47h`, `2d3h`, `5y12d`: seconds to the two units that matter. */
export function humanDuration(total: number): string {
  if (total < -1) return "<invalid>"
  if (total < 0) return "0s"
  if (total < 120) return `${total}s`
  const minutes = Math.floor(total / 60)
  if (minutes < 10) return two(minutes, "m", total % 60, "s")
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return two(hours, "h", minutes % 60, "m")
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return two(days, "d", hours % 24, "h")
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return hours < 24 * 365 * 8 ? two(years, "y", days % 365, "d") : `${years}y`
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}
