/** Link types by their names in libpcap. */
const NAMES: Readonly<Record<number, readonly [name: string, description: string]>> = {
  0: ["NULL", "BSD loopback"],
  1: ["EN10MB", "Ethernet"],
  9: ["PPP", "PPP"],
  101: ["RAW", "Raw IP"],
  105: ["IEEE802_11", "802.11"],
  108: ["LOOP", "OpenBSD loopback"],
  113: ["LINUX_SLL", "Linux cooked v1"],
  127: ["IEEE802_11_RADIO", "802.11 plus radiotap header"],
  143: ["DOCSIS", "DOCSIS"],
  228: ["IPV4", "Raw IPv4"],
  229: ["IPV6", "Raw IPv6"],
  276: ["LINUX_SLL2", "Linux cooked v2"],
}

/** `EN10MB (Ethernet)`; the number of a type without a name. */
export function linkText(linkType: number): string {
  const known = NAMES[linkType]
  return known === undefined ? String(linkType) : `${known[0]} (${known[1]})`
}

/** The type of a name given with -y. */
export function linkByName(name: string): number | undefined {
  const found = Object.entries(NAMES).find(([, [known]]) => known === name.toUpperCase())
  return found === undefined ? undefined : Number(found[0])
}

/** Types left to users: the real one prints only a dump of them too. */
export const isUserType = (linkType: number): boolean => linkType >= 147 && linkType <= 162
