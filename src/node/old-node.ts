/** Says at once what otherwise shows as a missing function, or as a notebook whose cells never answer. */

/** The first release with all that podwire uses; package.json's `engines` says the same to npm. */
const OLDEST = [22, 12] as const

/** What to tell a user of this Node; undefined when it is young enough. */
export function oldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined
  return `needs Node.js ${OLDEST.join(".")} or later; this is ${version}`
}
