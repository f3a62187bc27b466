import type { APIRoute } from "astro"
import { KERNEL_POLICY } from "../../kernel/policy.ts"

/** What the kernel's frame shows: nothing. It is there for its policy. */
export const GET: APIRoute = () =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${KERNEL_POLICY}"><meta name="robots" content="noindex"><title>podwire kernel</title></html>\n`,
    { headers: { "content-type": "text/html; charset=utf-8" } },
  )
