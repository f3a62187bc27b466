import type { APIRoute } from "astro"
import { typesLibrary } from "../types/library.ts"

/** What the type checker of the tutorials reads; loaded when a reader writes in a cell, not before. */
export const GET: APIRoute = () =>
  new Response(JSON.stringify(typesLibrary(process.cwd())), { headers: { "content-type": "application/json" } })
