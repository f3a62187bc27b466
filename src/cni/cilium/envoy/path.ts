/** What the proxy does to a path before rules see it. Models Envoy's path_normalization with normalize_path, merge_slashes and UNESCAPE_AND_REDIRECT. */

export interface NormalPath {
  readonly path: string
  /** An escaped slash was undone: the client is sent to the result (307). */
  readonly redirect: boolean
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/** The path a rule matches, with its query; `undefined` for one that leaves the root or has a broken escape. */
export function normalizePath(target: string): NormalPath | undefined {
  const at = target.search(/[?#]/)
  const query = at < 0 ? "" : target.slice(at)
  const raw = at < 0 ? target : target.slice(0, at)
  // `OPTIONS *` and absolute forms are left alone.
  if (!raw.startsWith("/")) return { path: target, redirect: false }
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined
  const unescaped = raw.replace(/%(2f|5c)/gi, (_, digits: string) => (digits.toLowerCase() === "2f" ? "/" : "\\"))
  const decoded = unescaped.replace(/\\/g, "/").replace(/%([0-9A-Fa-f]{2})/g, (triplet: string, digits: string) => {
    const char = String.fromCharCode(Number.parseInt(digits, 16))
    return UNRESERVED.test(char) ? char : triplet
  })
  const path = removeDotSegments(decoded)
  if (path === undefined) return undefined
  return { path: path.replace(/\/{2,}/g, "/") + query, redirect: unescaped !== raw }
}

/** RFC 3986 section 5.2.4; `undefined` when `..` climbs above the root. */
function removeDotSegments(path: string): string | undefined {
  const out: string[] = []
  const segments = path.split("/").slice(1)
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === ".") {
      if (last) out.push("")
    } else if (segment === "..") {
      if (out.length === 0) return undefined
      out.pop()
      if (last) out.push("")
    } else out.push(segment)
  }
  return `/${out.join("/")}`
}
