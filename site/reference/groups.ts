/** The reference's pages about the SDK: what a page is about, and which files of src/ declare it. */
export interface Group {
  readonly slug: string
  readonly title: string
  /** The title in Japanese, for the sidebar: the pages are in English. */
  readonly ja: string
  readonly intro: string
  /** Below src/: a folder with a slash at the end, or a file. */
  readonly sources: readonly string[]
}

/** An export belongs to the first group that names its file. */
export const GROUPS: readonly Group[] = [
  {
    slug: "capture",
    title: "Capture",
    ja: "キャプチャ",
    intro: "Frames as they pass, on every device at once: filtered, printed, saved, followed from hop to hop.",
    sources: ["cluster/capture.ts", "cluster/recording.ts", "cluster/tables.ts", "wire/dissect.ts"],
  },
  {
    slug: "policies",
    title: "Policies",
    ja: "ポリシー",
    intro:
      "What network policies say: one flow with the line that decides, all pairs of pods at once, and tests of policies.",
    sources: ["cluster/policy/", "cluster/verify.ts", "cluster/verify/"],
  },
  {
    slug: "cluster",
    title: "The cluster",
    ja: "クラスタ",
    intro: "A cluster, its machines and pods, what runs on them and what comes back.",
    sources: ["cluster/", "kube/cri/port-forward.ts", "shell/exec-result.ts", "versions.ts"],
  },
  {
    slug: "figures",
    title: "Figures",
    ja: "図",
    intro:
      "Plain data to SVG and HTML text, for notebooks and pages. Each figure has a name that screen readers read, and its data as rows of text.",
    sources: ["view/"],
  },
  {
    slug: "programs",
    title: "Programs and images",
    ja: "プログラムとイメージ",
    intro: "Programs of your own for machines and containers, and images that bring them.",
    sources: ["images/", "linux/task/", "shell/tool.ts"],
  },
  {
    slug: "cni",
    title: "CNI plugins",
    ja: "CNIプラグイン",
    intro: "What gives pods their network.",
    sources: ["cni/"],
  },
  {
    slug: "matchers",
    title: "Matchers",
    ja: "マッチャー",
    intro:
      "For vitest: importing podwire/vitest adds matchers to expect, and podwire/vitest-plugin makes test files of notebooks.",
    sources: ["vitest.ts", "node/vitest/"],
  },
  {
    slug: "runner",
    title: "Notebooks",
    ja: "ノートブック",
    intro:
      "What needs a file system, processes or sockets of the host: running notebooks, saving figures, serving pages.",
    sources: ["node/", "notebook/"],
  },
]

/** The order in which readers meet them. */
export const SIDEBAR: readonly Group[] = [
  "cluster",
  "capture",
  "policies",
  "figures",
  "programs",
  "cni",
  "matchers",
  "runner",
].map((slug) => GROUPS.find((group) => group.slug === slug) as Group)

/** Throws for a file that no group has: an export without a page. */
export function groupOf(source: string): Group {
  const group = GROUPS.find(({ sources }) =>
    sources.some((one) => (one.endsWith("/") ? source.startsWith(one) : source === one)),
  )
  if (group === undefined)
    throw new Error(`src/${source} exports something and is in no group of site/reference/groups.ts`)
  return group
}
