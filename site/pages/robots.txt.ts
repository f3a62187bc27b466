import type { APIRoute } from "astro"

/** Everything may be read. It counts at the root of a host only; below a base path nobody asks for it. */
export const GET: APIRoute = ({ site }) => {
  const base = import.meta.env.BASE_URL.replace(/\/?$/, "/")
  return new Response(`User-agent: *\nAllow: /\n\nSitemap: ${new URL(`${base}sitemap-index.xml`, site).href}\n`, {
    headers: { "content-type": "text/plain; charset=utf-8" },
  })
}
