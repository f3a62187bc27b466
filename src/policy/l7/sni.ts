/** Server names of a TLS handshake against `serverNames`. Models the proxy's cilium/network_policy.cc SniPattern. */

/** `*` within a label is any run of its characters, a leading `**.` one label or more. */
export function sniMatches(pattern: string, name: string): boolean {
  if (name === "") return false
  const labels = pattern.toLowerCase().split(".")
  const deep = labels[0] === "**"
  const wanted = deep ? labels.slice(1) : labels
  const parts = name.toLowerCase().split(".")
  if (deep ? parts.length <= wanted.length : parts.length !== wanted.length) return false
  const tail = parts.slice(parts.length - wanted.length)
  return parts.every((part) => part !== "") && wanted.every((label, index) => labelMatches(label, tail[index] ?? ""))
}

function labelMatches(pattern: string, label: string): boolean {
  const [first = "", ...pieces] = pattern.split("*")
  if (pieces.length === 0) return pattern === label
  const last = pieces.pop() ?? ""
  if (label.length < first.length + last.length || !label.startsWith(first) || !label.endsWith(last)) return false
  let at = first.length
  for (const piece of pieces) {
    const found = label.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= label.length - last.length
}
