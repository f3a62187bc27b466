/** The executables of a release, by architecture: what is in the archives, and by what a machine knows the program. */
export const CILIUM_BINARIES: Readonly<Record<"amd64" | "arm64", string>> = {
  amd64: "\x7fELF cilium\n",
  arm64: "\x7fELF cilium for aarch64\n",
}
