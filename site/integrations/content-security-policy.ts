/**
 * What a page may do, written into every built page: hosts of static files send no headers of ours. The scripts that Starlight writes into its
 * pages are allowed by their hashes, one page at a time; Astro's own `security.csp` leaves those out, and lists every file of the site on every page.
 */
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import type { AstroIntegration } from "astro"
import { parseHTML } from "linkedom"
import { KERNEL_PAGE } from "../kernel/policy.ts"
import { builtFiles } from "./built-files.ts"

const policy = (scripts: readonly string[]): string =>
  [
    "default-src 'none'",
    // Pagefind is WebAssembly. Cells are made into functions under the policy of the kernel's frame; the page itself makes none.
    `script-src 'self' 'wasm-unsafe-eval' ${scripts.join(" ")}`.trimEnd(),
    // Figures and the editor bring style sheets and style attributes that nobody knows when the page is built.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "frame-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ")

/** Throws where the page does not begin as Starlight's do: a page without a policy is not published. */
function withPolicy(html: string, path: string): string {
  const { document } = parseHTML(html)
  const hashes = [...document.querySelectorAll("script:not([src])")].map(
    (script) => `'sha256-${createHash("sha256").update(script.textContent).digest("base64")}'`,
  )
  const tag = `<meta http-equiv="Content-Security-Policy" content="${policy([...new Set(hashes)])}"/>`
  // It holds for what comes after it; the character set has to be among the first bytes.
  const whole = html.replace(/^<!DOCTYPE html><html[^>]*><head>(?:<link[^>]*>)*<meta charset="utf-8"\/>/, `$&${tag}`)
  if (whole === html) throw new Error(`${path}: its <head> does not begin with links and the character set`)
  return whole
}

export const contentSecurityPolicy = (): AstroIntegration => ({
  name: "podwire-content-security-policy",
  hooks: {
    "astro:build:done": ({ dir }) => {
      // That page has its own.
      for (const { path, file } of builtFiles(dir, ".html"))
        if (path !== `${KERNEL_PAGE}index.html`) writeFileSync(file, withPolicy(readFileSync(file, "utf8"), path))
    },
  },
})
