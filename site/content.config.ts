import { defineCollection } from "astro:content"
import { docsLoader } from "@astrojs/starlight/loaders"
import { docsSchema } from "@astrojs/starlight/schema"
import { z } from "astro/zod"
import { notebookLoader } from "./notebook/loader.ts"

const head = { title: z.string(), description: z.string() }

export const collections = {
  docs: defineCollection({ loader: docsLoader(), schema: docsSchema() }),
  notebooks: defineCollection({
    loader: notebookLoader("notebooks"),
    schema: z.object({
      ...head,
      text: z.string(),
      minutes: z.number(),
      /** By language; the prose by the cells' ids. */
      translations: z.record(z.string(), z.object({ ...head, prose: z.record(z.string(), z.string()) })),
    }),
  }),
}
