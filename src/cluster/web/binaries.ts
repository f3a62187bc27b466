/** The executables of releases, by architecture: what is in the archives, and by what a machine knows the program. */

export interface Binary {
  readonly amd64: string
  readonly arm64: string
}

const binary = (name: string): Binary => ({ amd64: `\x7fELF ${name}\n`, arm64: `\x7fELF ${name} for aarch64\n` })

export const CILIUM_BINARY: Binary = binary("cilium")
export const HUBBLE_BINARY: Binary = binary("hubble")
