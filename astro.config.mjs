import starlight from "@astrojs/starlight"
import { defineConfig } from "astro/config"

/** The site: static files under any base path; the build needs no network. */
export default defineConfig({
  srcDir: "./site",
  publicDir: "./site/public",
  outDir: "./build",
  site: process.env.PODWIRE_SITE ?? "http://localhost:4321",
  base: process.env.PODWIRE_BASE ?? "/",
  trailingSlash: "always",
  integrations: [
    starlight({
      title: "podwire",
      description:
        "A Kubernetes networking lab in pure TypeScript: every packet, every table, reproducible to the byte.",
      favicon: "/favicon.svg",
      logo: { src: "./site/assets/logo.svg", alt: "" },
      customCss: [
        "@fontsource-variable/inter/index.css",
        "@fontsource/jetbrains-mono/400.css",
        "@fontsource/jetbrains-mono/600.css",
        "./site/styles/site.css",
      ],
      sidebar: [
        {
          label: "Start",
          items: [
            { label: "What podwire is", slug: "guides/what-it-is" },
            { label: "At the terminal", slug: "guides/terminal" },
          ],
        },
        {
          label: "Tutorials",
          items: [{ label: "A packet between pods", link: "/tutorials/01-a-packet-between-pods/" }],
        },
        {
          label: "Internals",
          items: [
            { label: "Limits", slug: "internals/limits" },
            { label: "How it is kept true", slug: "internals/truth" },
          ],
        },
      ],
      lastUpdated: false,
      pagination: true,
      credits: false,
      expressiveCode: {
        themes: ["github-light", "github-dark"],
        styleOverrides: { borderRadius: "6px", codeFontFamily: "var(--pw-mono)" },
      },
    }),
  ],
})
