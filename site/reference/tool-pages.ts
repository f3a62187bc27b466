/** The reference's pages about programs. */
export interface ToolPage {
  /** The last part of the address; none for the first. */
  readonly slug: string | undefined
  readonly title: string
  /** The title in Japanese, for the sidebar: the pages are in English. */
  readonly ja: string
  readonly intro: string
}

export const TOOL_PAGES: readonly ToolPage[] = [
  {
    slug: undefined,
    title: "Programs of a machine",
    ja: "マシンのプログラム",
    intro: "What is on the PATH of a machine with the control plane and Cilium, and which options each program takes.",
  },
  {
    slug: "shell",
    title: "The shell's own",
    ja: "シェルの組み込み",
    intro:
      "What bash runs itself, on machines and in containers. In containers sh is a smaller shell, as busybox's is.",
  },
  {
    slug: "kubectl",
    title: "kubectl",
    ja: "kubectlコマンド",
    intro: "The commands of kubectl, and the flags of each.",
  },
  {
    slug: "cilium",
    title: "cilium and hubble",
    ja: "ciliumとhubble",
    intro: "The command line that installs Cilium, the agent's own, and hubble.",
  },
  {
    slug: "containers",
    title: "Programs of containers",
    ja: "コンテナのプログラム",
    intro:
      "What the images bring. Programs are written for podwire; there are no others, unless a cluster is given some.",
  },
]

export const toolPageAddress = ({ slug }: ToolPage): string =>
  slug === undefined ? "/reference/tools/" : `/reference/tools/${slug}/`
