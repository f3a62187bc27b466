import { readdirSync, readFileSync } from "node:fs"
import starlight from "@astrojs/starlight"
import { defineConfig } from "astro/config"
import { contentSecurityPolicy } from "./site/integrations/content-security-policy.ts"
import { offline } from "./site/integrations/offline.ts"
import { sameAnchors } from "./site/integrations/same-anchors.ts"
import { SIDEBAR } from "./site/reference/groups.ts"
import { TOOL_PAGES, toolPageAddress } from "./site/reference/tool-pages.ts"

/** What a text opens with; a file that has none ends the build. */
function titleIn(file, text) {
  const title = /^# (.+)/m.exec(text)?.[1]
  if (title === undefined) throw new Error(`${file}: no title, "# …", in its first cell`)
  return title
}

/** The notebooks in the order of their numbers, each under the title it opens with, in each language. */
const tutorials = readdirSync("notebooks")
  .filter((file) => file.endsWith(".ipynb"))
  .sort()
  .map((file) => {
    const [first] = JSON.parse(readFileSync(`notebooks/${file}`, "utf8")).cells
    const id = file.replace(/\.ipynb$/, "")
    const ja = `notebooks/ja/${id}.md`
    return {
      label: titleIn(`notebooks/${file}`, [first.source].flat().join("")),
      translations: { ja: titleIn(ja, readFileSync(ja, "utf8")) },
      link: `/tutorials/${id}/`,
    }
  })

/**
 * What every first run needs of the SDK comes in one piece: in a hundred small ones, a thirtieth of the weight is their names for each other. The
 * door beside the figures, as the bundler would have it, is more than a run without figures needs.
 */
const codeSplitting = {
  groups: [
    { name: "figures", test: /[\\/]dist[\\/]view[\\/]/ },
    {
      name: "cluster",
      test: /[\\/]dist[\\/](?:cluster[\\/](?:door|cluster|create-cluster)|cni[\\/](?:cilium|flannel)[\\/](?:cilium|flannel)|images[\\/](?:nginx|coredns)|shell[\\/](?:tool|invocation)|kube[\\/]proxy[\\/]kube-proxy)\.js$/,
    },
    {
      name: "programs",
      test: /[\\/]dist[\\/](?:tools[\\/](?:kubectl[\\/](?:index|get|apply|manifest|targets)|coreutils[\\/](?:program|sleep))|images[\\/]nginx-server)\.js$/,
    },
    { name: "flannel", test: /[\\/]dist[\\/]cni[\\/](?:flannel|bridge|ipam|portmap|bundle)/ },
  ],
}

/** The site: static files under any base path; the build needs no network. */
export default defineConfig({
  srcDir: "./site",
  publicDir: "./site/public",
  outDir: "./build",
  site: process.env.PODWIRE_SITE ?? "http://localhost:4321",
  base: process.env.PODWIRE_BASE ?? "/",
  trailingSlash: "always",
  // Scripts stay files: one that is written into the page keeps Vite's marker for what it imports later, and fails when it does.
  // Workers are modules: their code comes in pieces, as it is needed.
  vite: { build: { assetsInlineLimit: 0 }, worker: { format: "es", rolldownOptions: { output: { codeSplitting } } } },
  integrations: [
    starlight({
      title: "podwire",
      description:
        "A Kubernetes networking lab in pure TypeScript: every packet, every table, reproducible to the byte.",
      defaultLocale: "root",
      locales: { root: { label: "English", lang: "en" }, ja: { label: "日本語", lang: "ja" } },
      favicon: "/favicon.svg",
      logo: { src: "./site/assets/logo.svg", alt: "" },
      customCss: [
        "@fontsource-variable/inter/index.css",
        "@fontsource/jetbrains-mono/400.css",
        "@fontsource/jetbrains-mono/600.css",
        "./site/styles/site.css",
        "./site/styles/packets.css",
        "./site/styles/print.css",
      ],
      sidebar: [
        {
          label: "Start",
          translations: { ja: "はじめに" },
          items: [
            { label: "What podwire is", translations: { ja: "podwireとは" }, slug: "guides/what-it-is" },
            { label: "At the terminal", translations: { ja: "ターミナルで使う" }, slug: "guides/terminal" },
            { label: "A cluster with Cilium", translations: { ja: "Ciliumのクラスタ" }, slug: "guides/cilium" },
            {
              label: "With a real kubectl",
              translations: { ja: "本物のkubectlで使う" },
              slug: "guides/real-kubectl",
            },
            {
              label: "Testing network policies",
              translations: { ja: "ネットワークポリシーのテスト" },
              slug: "guides/testing-policies",
            },
            { label: "Asking why", translations: { ja: "原因を調べる" }, slug: "guides/asking-why" },
            { label: "Notebooks", translations: { ja: "ノートブック" }, slug: "guides/notebooks" },
          ],
        },
        { label: "Tutorials", translations: { ja: "チュートリアル" }, items: tutorials },
        {
          label: "Reference",
          translations: { ja: "リファレンス" },
          items: [
            { label: "SDK", translations: { ja: "SDKリファレンス" }, link: "/reference/sdk/" },
            ...SIDEBAR.map(({ slug, title, ja }) => ({
              label: title,
              translations: { ja },
              link: `/reference/sdk/${slug}/`,
            })),
            ...TOOL_PAGES.map((page) => ({
              label: page.title,
              translations: { ja: page.ja },
              link: toolPageAddress(page),
            })),
          ],
        },
        {
          label: "Internals",
          translations: { ja: "内部の仕組み" },
          items: [
            {
              label: "Limits and differences",
              translations: { ja: "制限事項と違い" },
              slug: "internals/limits",
            },
            { label: "How it is kept true", translations: { ja: "正しさを保つ方法" }, slug: "internals/truth" },
            { label: "Decisions", translations: { ja: "設計上の決定" }, slug: "internals/decisions" },
          ],
        },
      ],
      components: {
        Hero: "./site/components/Hero.astro",
        Search: "./site/components/Search.astro",
        Head: "./site/components/Head.astro",
        LanguageSelect: "./site/components/LanguageSelect.astro",
      },
      lastUpdated: false,
      pagination: true,
      credits: false,
      expressiveCode: {
        themes: ["github-light", "github-dark"],
        // Code of a notebook is read on phones too; what was printed keeps its lines.
        defaultProps: { overridesByLang: { ts: { wrap: true } } },
        styleOverrides: {
          borderRadius: "8px",
          borderColor: "var(--pw-border)",
          codeFontFamily: "var(--pw-mono)",
          codeFontSize: "0.8125rem",
          codeLineHeight: "1.65",
          codeBackground: "var(--pw-input-bg)",
          codePaddingInline: "0.9rem",
          frames: {
            frameBoxShadowCssValue: "none",
            terminalBackground: "var(--pw-input-bg)",
            terminalTitlebarBackground: "var(--pw-input-bg)",
            terminalTitlebarBorderBottomColor: "var(--pw-border)",
            terminalTitlebarDotsOpacity: "0",
            terminalTitlebarForeground: "var(--sl-color-gray-3)",
          },
        },
      },
    }),
    sameAnchors(),
    contentSecurityPolicy(),
    // Last: it knows every file by its content.
    offline(),
  ],
})
