import { defineCollection } from "astro:content"
import { docsLoader } from "@astrojs/starlight/loaders"
import { docsSchema } from "@astrojs/starlight/schema"
import { z } from "astro/zod"
import { notebookLoader } from "./notebook/loader.ts"

export const collections = {
  docs: defineCollection({ loader: docsLoader(), schema: docsSchema() }),
  notebooks: defineCollection({
    loader: notebookLoader("notebooks"),
    schema: z.object({ title: z.string(), description: z.string(), text: z.string(), minutes: z.number() }),
  }),
}
